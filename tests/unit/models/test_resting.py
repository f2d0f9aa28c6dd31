from __future__ import annotations

import numpy as np

from core.plant import Mode
from models.resting import RestWatch, resting

ROWS = 600
RUNS = np.arange(ROWS) % 100 < 80


def running(level: float, seed: int) -> np.ndarray:
    return level * (1 + 0.05 * np.random.default_rng(seed).normal(size=ROWS))


def test_a_rest_is_believed_where_two_channels_agree() -> None:
    values = np.stack([np.where(RUNS, running(50, 1), 0), np.where(RUNS, running(9, 2), 0.01)], 1)
    rule = resting(values)
    assert rule is not None
    mode = RestWatch(rule).update(values)
    assert ((mode == Mode.OFF) == ~RUNS).all()


def test_one_channel_alone_is_not_believed() -> None:
    values = np.stack([np.where(RUNS, running(50, 1), 0), running(9, 2)], 1)
    assert resting(values) is None


def test_channels_that_disagree_are_not_believed() -> None:
    other = np.roll(RUNS, 50)
    values = np.stack([np.where(RUNS, running(50, 1), 0), np.where(other, running(9, 2), 0)], 1)
    assert resting(values) is None


def test_a_machine_that_always_ran_has_no_rest() -> None:
    values = np.stack([running(50, 1), running(9, 2)], 1)
    assert resting(values) is None
    assert (RestWatch(None).update(values) == Mode.RUNNING).all()


def test_a_sensor_that_falls_to_nothing_is_no_rest() -> None:
    levels = (50, 9, 1500)
    values = np.stack([np.where(RUNS, running(one, n), 0) for n, one in enumerate(levels)], 1)
    watch = RestWatch(resting(values))
    values[10:20, 0] = 0
    assert (watch.update(values)[10:20] != Mode.OFF).all()


def test_modes_do_not_depend_on_how_rows_are_cut() -> None:
    values = np.stack([np.where(RUNS, running(50, 1), 0), np.where(RUNS, running(9, 2), 0)], 1)
    rule = resting(values)
    whole = RestWatch(rule).update(values)
    for size in (1, 7):
        watch = RestWatch(rule)
        parts = [watch.update(values[k : k + size]) for k in range(0, ROWS, size)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_nothing_said_is_no_rest() -> None:
    values = np.stack([np.where(RUNS, running(50, 1), 0), np.where(RUNS, running(9, 2), 0)], 1)
    rule = resting(values)
    mode = RestWatch(rule).update(np.full((5, 2), np.nan))
    assert (mode == Mode.RUNNING).all()
    assert resting(np.full((100, 2), np.nan)) is None
