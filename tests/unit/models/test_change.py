from __future__ import annotations

import numpy as np
import pytest

from models.baseline import smooth
from models.change import SLOWER, Habit, departure, habit

RATE = 0.2


def learned(residual: np.ndarray, wander: float = 0.0) -> Habit:
    smoothed = smooth(residual[:, None], RATE)
    slow = smooth(smoothed, SLOWER * RATE)
    return habit(residual[:, None], smoothed, slow, np.array([wander]), RATE)


def noise(count: int = 400, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, count)


def one(known: Habit, smoothed: float) -> float:
    parts = (known.slow, known.change, known.low, known.high)
    return departure(smoothed, *(float(part[0]) for part in parts))


def test_a_jump_out_of_the_range_is_a_departure_either_way() -> None:
    known = learned(noise())
    assert one(known, 2.5) > 1
    assert one(known, -2.5) > 1


def test_what_it_did_while_learning_is_none() -> None:
    residual = noise()
    known = learned(residual)
    for smoothed in smooth(residual[:, None], RATE)[10:, 0]:
        assert one(known, float(smoothed)) < 1


def test_a_jump_within_the_learned_range_is_none() -> None:
    """A machine that was learned on two levels may jump from one to the other."""
    residual = noise() * 0.1 + np.where(np.arange(400) < 200, 0.0, 3.0)
    known = learned(residual)
    assert known.slow[0] > 2
    assert one(known, 0.0) < 1


def test_a_slow_walk_out_of_the_range_is_none() -> None:
    known = learned(noise())
    followed = Habit(known.low, known.high, known.change, np.array([2.4]))
    assert one(followed, 2.5) < 1


def test_leaving_the_slow_mean_backwards_into_the_range_is_none() -> None:
    known = learned(noise())
    raised = Habit(known.low, known.high, known.change, np.array([9.0]))
    assert one(raised, 2.0) == 0


def test_a_channel_whose_neighbours_are_alike_has_more_room() -> None:
    shaken = noise()
    alike = np.zeros(400)
    for i in range(1, 400):
        alike[i] = 0.9 * alike[i - 1] + np.sqrt(1 - 0.81) * shaken[i]
    assert learned(alike).change[0] > 20 * learned(shaken).change[0]


def test_few_rows_leave_more_room() -> None:
    assert learned(noise(50)).change[0] > 4 * learned(noise(400)).change[0]


def test_a_channel_that_wanders_may_do_so_at_once_in_part() -> None:
    assert learned(noise(), wander=4.0).change[0] == pytest.approx(learned(noise()).change[0] + 1.0)


def test_a_channel_that_hardly_moved_has_the_room_of_white_noise() -> None:
    hardly = np.zeros(400)
    hardly[50] = 0.3
    assert learned(hardly).change[0] >= RATE / (2 - RATE)
