from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE
from models.trail import PLACES, Trail

ONE = np.array([0])


def filled(count: int, step: int = MINUTE, window: int = DAY) -> Trail:
    trail = Trail(1, window)
    for i in range(count):
        trail.add(ONE, np.array([i * step]), np.array([float(i)]))
    return trail


def test_four_values_make_the_first_mean() -> None:
    assert len(filled(3).points(0)[0]) == 0
    at, mean = filled(4).points(0)
    assert at.tolist() == [1.5 * MINUTE]
    assert mean.tolist() == [1.5]


@pytest.mark.parametrize("count", [100, 256, 1000, 10_000])
def test_the_means_of_a_straight_line_lie_on_it(count: int) -> None:
    at, mean = filled(count, window=30 * DAY).points(0)
    assert len(at) <= PLACES
    assert np.allclose(at / MINUTE, mean)
    assert (np.diff(at) > 0).all()


def test_places_never_run_out_and_the_window_is_kept() -> None:
    at, _ = filled(20_000, window=5 * HOUR).points(0)
    assert PLACES - 1 <= len(at) <= PLACES
    assert at[0] >= (20_000 - 2 * 5 * 60 - 40) * MINUTE
    assert at[-1] >= (20_000 - 40) * MINUTE


def test_assets_have_trails_of_their_own() -> None:
    trail = Trail(3, DAY)
    for i in range(8):
        trail.add(np.array([2, 0]), np.array([i, i + 1]) * HOUR, np.array([2.0, 0.5]))
    assert trail.points(0)[1].tolist() == [0.5, 0.5]
    assert trail.points(1)[1].tolist() == []
    assert trail.points(2)[1].tolist() == [2.0, 2.0]


def test_time_that_steps_back_begins_anew() -> None:
    trail = filled(100)
    trail.add(ONE, np.array([5 * MINUTE]), np.array([1.0]))
    assert len(trail.points(0)[0]) == 0
    for i in range(6, 10):
        trail.add(ONE, np.array([i * MINUTE]), np.array([1.0]))
    assert trail.points(0)[1].tolist() == [1.0]


def test_a_trail_forgotten_and_one_brought_back() -> None:
    trail = filled(300)
    other = Trail(1, DAY)
    other.restore(trail.state())
    trail.forget(0)
    assert len(trail.points(0)[0]) == 0
    assert np.array_equal(other.points(0)[1], filled(300).points(0)[1])
