from __future__ import annotations

import numpy as np

from core.clock import MINUTE
from models.lessons import Lessons


def taught(count: int) -> Lessons:
    lessons = Lessons(2, 3)
    for i in range(count):
        lessons.add(1, i * MINUTE, np.full(3, float(i)))
    return lessons


def test_rows_are_kept_in_their_order_beyond_any_first_size() -> None:
    rows = taught(200).rows(1)
    assert rows.shape == (200, 3)
    assert rows[:, 0].tolist() == list(range(200))


def test_they_know_how_long_they_stretch() -> None:
    lessons = taught(10)
    assert lessons.span(1) == 9 * MINUTE
    assert lessons.spans().tolist() == [0, 9 * MINUTE]


def test_what_is_dropped_is_gone_and_can_begin_anew() -> None:
    lessons = taught(10)
    lessons.drop(1)
    assert lessons.rows(1).shape == (0, 3)
    assert lessons.span(1) == 0
    lessons.add(1, 5 * MINUTE, np.ones(3))
    assert lessons.rows(1).tolist() == [[1, 1, 1]]


def test_a_state_brought_back_goes_on() -> None:
    lessons, other = taught(100), Lessons(2, 3)
    other.restore(lessons.state())
    other.add(1, 100 * MINUTE, np.full(3, 100.0))
    assert np.array_equal(other.rows(1)[:100], lessons.rows(1))
    assert other.rows(1)[100, 0] == 100
    assert other.rows(0).shape == (0, 3)
