from __future__ import annotations

import numpy as np

from models.alarmline import HIGHEST, alarm_line, held

RATE = 0.2


def line(values: np.ndarray) -> float:
    none = np.zeros((len(values), 0))
    return alarm_line(values, none, np.ones(values.shape[1], np.bool_), RATE)


def healthy(seed: int = 1, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, 4))


def test_steady_running_leaves_the_line_where_it_is() -> None:
    assert line(healthy()) == 1


def test_healthy_time_that_goes_beyond_raises_it() -> None:
    values = healthy()
    values[300:] += 1.2
    assert 1 < line(values) < HIGHEST


def test_it_is_raised_only_so_far() -> None:
    values = healthy()
    values[300:] += 900
    assert line(values) == HIGHEST


def test_nothing_to_judge_leaves_it_where_it_is() -> None:
    assert line(np.ones((100, 2))) == 1


def test_a_score_counts_only_when_it_lasts() -> None:
    assert held(np.array([0.0, 5, 5, 0, 5, 5, 5, 0]), 3).tolist() == [0, 0, 0, 0, 5, 0]
    assert len(held(np.array([1.0, 2.0]), 3)) == 0
