"""Regimes of a recorded machine, told by its settings."""

from __future__ import annotations

import numpy as np

from core.clock import MINUTE
from core.plant import Mode
from models.recording import Judged, Recording, Standing, score

NAMES = ("setting", "vibration", "temperature")
LEARN = 600


def machine(settings: np.ndarray, seed: int = 1) -> np.ndarray:
    """Make a machine that shakes and warms as it is set."""
    noise = np.random.default_rng(seed).normal(size=(len(settings), 2)) * [0.1, 0.4]
    felt = np.stack([2 + settings**2 / 2000, 20 + settings / 2], axis=1)
    return np.concatenate([settings[:, None], felt + noise], axis=1)


def recorded(third: float) -> np.ndarray:
    learned = np.tile(np.repeat([40.0, 70.0], 60), LEARN // 120)
    later = np.concatenate([np.repeat([40.0, 70.0], 60), np.full(100, third)])
    return machine(np.concatenate([learned, later]))


def judged(values: np.ndarray) -> Judged:
    at = np.arange(len(values), dtype=np.int64) * MINUTE
    return score(values[:LEARN], values[LEARN:], NAMES, at=at)


def test_rows_tell_in_which_regime_the_machine_runs() -> None:
    said = judged(recorded(40.0))
    assert len({int(n) for n in said.regime[[30, 100]]}) == 2
    assert (said.regime[[30, 100]] >= 0).all()
    assert Mode.TRANSITION in said.mode[60:66]
    assert not said.alarm.any()


def test_a_setting_never_seen_cannot_be_judged_and_is_no_alarm() -> None:
    said = judged(recorded(110.0))
    assert (said.mode[-90:] == Mode.NEW_REGIME).all()
    assert (said.state[-90:] == Standing.CANNOT_JUDGE).all()
    assert not said.alarm[-90:].any()
    assert (said.state[10:58] == Standing.OK).all()


def test_a_fault_in_a_known_regime_is_found() -> None:
    values = recorded(40.0)
    values[-60:, 1:] += [2.0, 8.0]
    assert judged(values).alarm[-40:].all()


def test_without_a_setting_all_is_as_it_was() -> None:
    values = machine(55 + np.random.default_rng(2).normal(size=800) * 5)
    at = np.arange(800, dtype=np.int64) * MINUTE
    recording = Recording(NAMES, LEARN)
    recording.feed(at[:LEARN], values[:LEARN])
    said = recording.feed(at[LEARN:], values[LEARN:])
    assert recording.regimes.found is None
    assert (said.mode == Mode.RUNNING).all()
    assert (said.regime < 0).all()


def test_pieces_give_what_the_whole_gives() -> None:
    values = recorded(110.0)
    at = np.arange(len(values), dtype=np.int64) * MINUTE
    whole = Recording(NAMES, LEARN).feed(at, values)
    cut, parts = Recording(NAMES, LEARN), []
    for first in range(0, len(values), 7):
        part = slice(first, first + 7)
        parts.append(cut.feed(at[part], values[part]))
    for name in Judged.__slots__:
        joined = np.concatenate([getattr(each, name) for each in parts])
        assert np.array_equal(joined, getattr(whole, name), equal_nan=joined.dtype.kind == "f")
