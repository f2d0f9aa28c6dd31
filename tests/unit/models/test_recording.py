from __future__ import annotations

import numpy as np
import pytest

from core.clock import SECOND
from core.plant import Mode
from models.mewma import LearnSettings, MewmaSettings
from models.recording import (
    AT_LEAST,
    AT_MOST,
    FEWEST,
    LONE,
    Judged,
    Recording,
    Standing,
    score,
    sized,
    warmup,
)
from models.single import SingleSettings

ROWS, LEARNED = 300, 120
NAMES = ("a", "b")


def recording(seed: int = 1, rows: int = ROWS) -> np.ndarray:
    values = np.random.default_rng(seed).normal((10, 5), (1, 0.5), (rows, 2))
    values[250:, 0] += 8
    return values


def times(rows: int = ROWS) -> np.ndarray:
    return np.arange(rows, dtype=np.int64) * SECOND


def test_what_is_learned_from_is_not_judged_and_the_fault_is_found() -> None:
    found = Recording(NAMES, LEARNED).feed(times(), recording())
    assert (found.state[:LEARNED] == Standing.LEARNING).all()
    assert (found.state[LEARNED:] == Standing.OK).all()
    assert np.isnan(found.value[:LEARNED]).all()
    assert not found.alarm[:250].any()
    assert found.alarm[260:].all()
    assert (found.blame[260:].argmax(axis=1) == 0).all()
    assert (found.mode[LEARNED:] == Mode.RUNNING).all()
    assert (found.mode[:LEARNED] == Mode.UNKNOWN).all()


@pytest.mark.parametrize("size", [1, 7, 119, 120, 121])
def test_what_is_fed_in_pieces_gives_what_it_gives_at_once(size: int) -> None:
    whole = Recording(NAMES, LEARNED).feed(times(), recording())
    cut = Recording(NAMES, LEARNED)
    parts = [
        cut.feed(times()[k : k + size], recording()[k : k + size]) for k in range(0, ROWS, size)
    ]
    for name in Judged.__slots__:
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined, getattr(whole, name), equal_nan=name != "alarm"), name


def test_scoring_arrays_is_what_a_recording_does() -> None:
    values = recording()
    whole = Recording(NAMES, LEARNED).feed(times(), values)
    rows = score(values[:LEARNED], values[LEARNED:], NAMES, at=times())
    assert np.array_equal(rows.value, whole.value[LEARNED:])


@pytest.mark.parametrize(
    ("rows", "learned"),
    [(0, 0), (1, 1), (30, 30), (60, 40), (100, 50), (500, AT_LEAST), (2000, 300)],
)
def test_a_warm_up_is_a_share_but_neither_too_short_nor_all(rows: int, learned: int) -> None:
    assert warmup(rows) == learned
    assert warmup(10**7) == AT_MOST


def test_too_few_rows_are_told_and_judge_nothing() -> None:
    short = Recording(NAMES, 10)
    found = short.feed(times(20), recording(rows=300)[:20])
    assert (found.state[10:] == Standing.CANNOT_JUDGE).all()
    assert short.trouble == f"only 10 rows to learn from; at least {FEWEST} are needed"


def test_a_recording_that_ends_while_learning_says_so() -> None:
    short = Recording(NAMES, 1000)
    assert (short.feed(times(), recording()).state == Standing.LEARNING).all()
    short.finish()
    assert short.trouble == "it ended while learning"
    assert [one.name for one in short.grades] == ["a", "b"]


def test_constant_channels_cannot_be_judged() -> None:
    still = Recording(NAMES, LEARNED)
    found = still.feed(times(), np.ones((ROWS, 2)))
    assert (found.state[LEARNED:] == Standing.CANNOT_JUDGE).all()
    assert still.trouble == "no channel can be judged (a: always 1; b: always 1)"


def test_rows_that_say_nothing_cannot_be_judged() -> None:
    values = recording()
    values[200:210] = np.nan
    found = Recording(NAMES, LEARNED).feed(times(), values)
    assert (found.state[200:210] == Standing.CANNOT_JUDGE).all()
    assert not found.alarm[200:210].any()


def machine(rows: int = 900) -> np.ndarray:
    """A machine that rests for 20 of every 100 rows, and warms up after each rest."""
    rng = np.random.default_rng(3)
    since = np.arange(rows) % 100
    runs = since < 80
    return np.stack(
        [
            np.where(runs, 50 + rng.normal(0, 2, rows), rng.normal(0, 0.01, rows)),
            np.where(runs, 1500 + rng.normal(0, 20, rows), 0.0),
            np.where(runs, 60 - 40 * np.exp(-since / 4), 20) + rng.normal(0, 0.5, rows),
        ],
        axis=1,
    )


def test_a_machine_that_rests_is_judged_only_while_it_runs() -> None:
    watched = Recording(("current", "speed", "temperature"), 300)
    values = machine()
    values[850:880, 2] += 30
    found = watched.feed(times(900), values)
    assert watched.rests is not None
    assert watched.rests.tells.tolist() == [0, 1]
    off = np.arange(300, 900) % 100 >= 80
    assert ((found.mode[300:] == Mode.OFF) == off).all()
    assert (found.state[300:][off] == Standing.CANNOT_JUDGE).all()
    assert not found.alarm[:850].any()
    assert found.alarm[860:880].all()
    assert found.blame[870].argmax() == 2


def test_a_start_is_no_running_yet() -> None:
    watched = Recording(("current", "speed", "temperature"), 300)
    found = watched.feed(times(900), machine())
    assert (found.mode[400:404] == Mode.STARTING).all()
    assert (found.mode[430:480] == Mode.RUNNING).all()


def test_settings_learn_from_as_many_rows_as_are_given_within_their_bounds() -> None:
    settings = MewmaSettings(learn=LearnSettings(rows=400))
    for rows, expected in ((77, 77), (90_000, 5000)):
        made = sized(settings, rows)
        assert isinstance(made, MewmaSettings)
        assert (made.learn.rows, made.learn.min_rows) == (expected, expected)


def test_a_channel_alone_is_held_against_all_that_was_seen_of_it() -> None:
    alone = Recording(("a",), LEARNED)
    found = alone.feed(times(), recording()[:, :1])
    assert alone.kind == "single"
    assert not found.alarm[:250].any()
    assert found.alarm[250:270].any()


def test_a_channel_alone_needs_few_rows_before_it_is_judged() -> None:
    assert warmup(22_695, channels=1) == LONE
    assert warmup(22_695, channels=2) > LONE


def test_it_waits_until_a_detector_has_seen_enough() -> None:
    alone = Recording(("a",), LEARNED, SingleSettings(warmup=200))
    found = alone.feed(times(), recording()[:, :1])
    assert (found.state[:200] == Standing.LEARNING).all()
    assert (found.state[200:] == Standing.OK).all()
    assert alone.trouble == ""
