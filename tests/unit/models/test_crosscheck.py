"""A sensor that lies departs alone; a machine that ails takes other channels along."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE
from core.deviation import Movement
from core.plant import (
    Asset,
    AssetClass,
    Channel,
    FailureMode,
    Mode,
    NamedDetector,
    Role,
    Sign,
)
from core.readings import Floats
from models.crosscheck import LIES, Checked, Crosscheck, learning
from models.detector import Round, State
from models.limits import Limit, LimitsSettings
from models.lone import believed
from models.mewma import LearnSettings, MewmaSettings
from models.threshold import ThresholdSettings

NAMES = ("load", "pressure", "warmth", "oil", "shaking")
LINES = {
    "warmth": Limit(warning=90.0),
    "oil": Limit(warning=80.0, low_warning=20.0),
    "shaking": Limit(warning=4.0),
}
CLASS = AssetClass(
    "press",
    tuple(Channel(n, role=Role.OPERATING if n == "load" else Role.CONDITION) for n in NAMES),
    detectors=(
        NamedDetector("lines", LimitsSettings(channels=LINES)),
        NamedDetector("usual", MewmaSettings()),
    ),
    failure_modes=(
        FailureMode("wear", "Wear", ("shaking", "oil")),
        FailureMode("heat", "Heat", ("warmth", "load")),
        FailureMode("loss", "Loss", ("oil", "pressure")),
    ),
    health=ThresholdSettings(channel="shaking", end=6.0, source="test"),
    stuck_after=6 * HOUR,
)
ASSETS = tuple(Asset("site", "area", f"a{k}", "press") for k in range(2))
LEARN = LearnSettings(rows=400, span=30 * DAY)
TAUGHT = 400
Spoil = Callable[[Floats], None]


def healthy(count: int, seed: int = 1) -> Floats:
    """Make rows of a machine whose channels follow its load, each with noise of its own."""
    rng = np.random.default_rng(seed)
    load = 10 + np.sin(np.arange(count) / 40) + 0.1 * rng.normal(size=count)
    gain = np.array([0.5, 2.0, 1.0, 0.1])
    noise = rng.normal(size=(count, 4)) * np.array([0.05, 0.3, 0.2, 0.05])
    return np.column_stack([load, np.array([5.0, 60.0, 45.0, 2.0]) + gain * load[:, None] + noise])


def rounds(rows: Floats, asset: int = 0) -> Round:
    at = np.arange(len(rows), dtype=np.int64) * 10 * MINUTE
    mode = np.full(len(rows), Mode.RUNNING, np.int8)
    return Round(np.full(len(rows), asset, np.intp), at, rows, mode)


def checked(cross: Crosscheck, row: Round) -> Checked:
    passed = np.full(len(row.at), 10 * MINUTE, np.int64)
    return cross.check(row, passed, ~np.isnan(row.values))


def taught() -> Crosscheck:
    cross = Crosscheck(LEARN, CLASS, ASSETS)
    cross.restore({name: kept.copy() for name, kept in lessons().items()})
    assert (cross.readiness() == 1).all()
    return cross


@cache
def lessons() -> State:
    return learned().state()


def learned() -> Crosscheck:
    cross = Crosscheck(LEARN, CLASS, ASSETS)
    for asset in range(2):
        row = rounds(healthy(TAUGHT), asset)
        for i in range(TAUGHT):
            cross.learn(row.take(slice(i, i + 1)), np.ones(1, np.bool_))
    return cross


def spoiled(spoil: Spoil, count: int = 1000, begin: int = 500) -> Floats:
    rows = healthy(count, 2)
    spoil(rows[begin:])
    return rows


def drifting(rows: Floats) -> None:
    rows[:, 1] += 0.004 * np.arange(len(rows))


def stepped(rows: Floats) -> None:
    rows[:, 3] -= 6.0


def noisy(rows: Floats) -> None:
    rows[:, 1] += np.random.default_rng(3).normal(size=len(rows)) * 0.3


def spiking(rows: Floats) -> None:
    rows[::9, 2] += 40.0


def lossy(rows: Floats) -> None:
    rows[np.random.default_rng(4).uniform(size=len(rows)) < 0.5, 1] = np.nan


def swapped(rows: Floats) -> None:
    rows[:, [2, 3]] = rows[:, [3, 2]]


LYING: dict[str, tuple[Spoil, int]] = {
    "drift": (drifting, 1),
    "bias": (stepped, 3),
    "noise": (noisy, 1),
    "spikes": (spiking, 2),
    "gaps": (lossy, 1),
    "swapped": (swapped, 2),
}


@pytest.mark.parametrize("kind", LIES)
def test_each_kind_of_lie_is_told_by_its_name(kind: str) -> None:
    spoil, channel = LYING[kind]
    found = checked(taught(), rounds(spoiled(spoil)))
    assert [(k, LIES[lie], on) for _, k, lie, on, _ in found.lapses] == [(channel, kind, True)]
    row = found.lapses[0][0]
    assert row > 500
    assert np.isnan(found.values[row:, channel]).all(), "it has left the model"
    assert np.isfinite(found.values[row:, 4]).all(), "the others have not"
    assert found.doubted[row:].all()


def test_exchanged_channels_are_told_once_with_each_others_names() -> None:
    found = checked(taught(), rounds(spoiled(swapped)))
    assert [lapse[4] for lapse in found.lapses] == [3]
    assert np.isnan(found.values[-1, [2, 3]]).all()


def test_a_sensor_that_is_sound_again_is_believed_again() -> None:
    def spoil(rows: Floats) -> None:
        stepped(rows[:200])

    found = checked(taught(), rounds(spoiled(spoil, 1200)))
    assert [(k, on) for _, k, _, on, _ in found.lapses] == [(3, True), (3, False)]
    assert np.isfinite(found.values[-1]).all()


def test_a_healthy_machine_has_no_liars() -> None:
    found = checked(taught(), rounds(healthy(20_000, 5)))
    assert found.lapses == []


def test_what_moves_two_channels_is_no_sensor() -> None:
    def ailing(rows: Floats) -> None:
        rows[:, 1] -= 0.004 * np.arange(len(rows))
        rows[:, 3] += 0.02 * np.arange(len(rows))

    found = checked(taught(), rounds(spoiled(ailing)))
    assert found.lapses == []
    assert found.several[-200:].all()
    assert not found.sensor[-200:].any()


@pytest.mark.parametrize(
    ("channel", "step", "sensor"),
    [
        (4, 1.0, False),  # the sign of wear grows first
        (4, -1.0, True),  # no fault makes a machine run smoother
        (2, 5.0, False),  # a mode that shows in no other condition channel
        (2, -5.0, True),
        (3, 0.5, False),  # the strongest sign of a mode whose others may be too weak yet
        (3, 5.0, True),  # and must have shown by now
        (1, 1.0, True),  # no mode knows it
    ],
)
def test_one_channel_alone_is_believed_only_where_a_machine_can_do_that(
    channel: int, step: float, *, sensor: bool
) -> None:
    def spoil(rows: Floats) -> None:
        rows[:, channel] += step

    found = checked(taught(), rounds(spoiled(spoil, 525)))
    assert found.lone[-10:].tolist() == [channel] * 10
    assert found.sensor[-10:].tolist() == [sensor] * 10


def test_where_nothing_is_known_of_a_class_every_lone_channel_is_believed() -> None:
    plain = AssetClass("plain", CLASS.channels, detectors=CLASS.detectors[1:])
    assert np.isinf(believed(plain).up).all()
    assert np.isinf(believed(plain).down).all()


def test_a_failure_mode_that_says_which_way_a_channel_goes_is_taken_at_its_word() -> None:
    rising = FailureMode("heat", "Heat", signs=(Sign("pressure", Movement.RISES),))
    steady = FailureMode(
        "wear",
        "Wear",
        signs=(Sign("oil", Movement.FALLS), Sign("warmth", Movement.STEADY)),
    )
    told = believed(AssetClass("press", CLASS.channels, failure_modes=(rising, steady)))
    assert (told.up[1], told.down[1]) == (np.inf, 0)
    assert (told.up[3], told.down[3]) == (0, np.inf), "what stays steady is no sign"


def test_batches_of_any_size_agree_bit_for_bit() -> None:
    row = rounds(spoiled(drifting, 800))
    whole = checked(taught(), row)
    for size in (1, 7):
        cross = taught()
        parts = [checked(cross, row.take(slice(i, i + size))) for i in range(0, 800, size)]
        for name in ("values", "doubted", "lone", "mate", "sensor", "several", "barred"):
            joined = np.concatenate([getattr(part, name) for part in parts])
            assert np.array_equal(
                joined, getattr(whole, name), equal_nan=joined.dtype == np.float64
            )
        assert np.array_equal(cross.state()["level"], _after(row)["level"])


def _after(row: Round) -> dict[str, Floats]:
    cross = taught()
    checked(cross, row)
    return cross.state()


def test_a_restart_goes_on_where_it_was_also_while_learning() -> None:
    row = rounds(spoiled(drifting, 900))
    first, second = learned(), Crosscheck(LEARN, CLASS, ASSETS)
    checked(first, row.take(slice(0, 700)))
    kept = first.state()
    assert not kept.pop("proved").any(), "the release before did not keep it"
    second.restore(kept)
    rest = row.take(slice(700, 900))
    assert np.array_equal(checked(first, rest).values, checked(second, rest).values, equal_nan=True)


def test_a_sensor_that_was_worked_on_is_sound_unless_it_goes_on_lying() -> None:
    for after, lapses in ((lambda _: None, 0), (stepped, 1)):
        cross = taught()
        checked(cross, rounds(spoiled(stepped, 700)))
        assert cross.faults[0, 3].any()
        cross.reset(0, 3)
        assert not cross.faults[0].any()
        later = spoiled(after, 700)[500:]
        found = checked(cross, rounds(later))
        assert len(found.lapses) == lapses


def test_a_class_in_which_nothing_learns_or_only_one_channel_is_judged_has_no_crosscheck() -> None:
    assert learning(AssetClass("lines", CLASS.channels, detectors=CLASS.detectors[:1])) is None
    assert learning(AssetClass("one", CLASS.channels[:2], detectors=CLASS.detectors)) is None
    assert learning(CLASS) is not None
