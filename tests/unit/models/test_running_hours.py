"""Means over hours of running are kept before and after some work, and the first of all."""

from __future__ import annotations

import numpy as np

from core.clock import HOUR, MINUTE
from models.running_hours import FIRST, NEWEST, RunningHours


def told(hours: RunningHours, values: list[float], begin: int = 0, step: int = 20) -> None:
    at = begin * HOUR + np.arange(len(values), dtype=np.int64) * step * MINUTE
    hours.add(np.zeros(len(values), np.intp), at, np.array(values))


def test_an_hour_is_closed_by_the_first_value_of_another() -> None:
    hours = RunningHours(1)
    told(hours, [1, 2, 3, 10, 10])
    assert hours.since(0, 0).tolist() == [2]
    told(hours, [0], begin=5)
    assert hours.since(0, 0).tolist() == [2, 10]


def test_an_hour_that_had_ended_before_the_work_is_closed_by_it_and_another_is_not() -> None:
    hours = RunningHours(1)
    told(hours, [1, 2, 3])
    hours.close(0, HOUR - MINUTE)
    assert hours.before(0, HOUR, 9).tolist() == []
    hours.close(0, HOUR)
    assert hours.before(0, HOUR, 9).tolist() == [2]


def test_the_hour_of_the_work_itself_counts_neither_as_before_nor_as_after() -> None:
    hours = RunningHours(1)
    told(hours, [1] * 3 + [5] * 3 + [9] * 3 + [0])
    work = HOUR + 30 * MINUTE
    assert hours.before(0, work, 9).tolist() == [1]
    assert hours.since(0, work).tolist() == [9]


def test_frozen_first_hours_leave_out_those_just_before_the_work_and_all_after() -> None:
    hours = RunningHours(1)
    told(hours, [float(n) for n in range(10) for _ in range(3)])
    hours.freeze(0, 8 * HOUR, 2)
    told(hours, [99.0] * 9, begin=10)
    assert hours.first(0).tolist() == [0, 1, 2, 3, 4, 5]
    hours.thaw(0)
    told(hours, [7.0] * 3, begin=20)
    assert len(hours.first(0)) == 7
    hours.begin(0, 20 * HOUR)
    told(hours, [7.0], begin=30)
    assert hours.first(0).tolist() == [7]


def test_no_more_is_kept_than_there_is_room_for_and_a_state_goes_on_alike() -> None:
    hours, other = RunningHours(1), RunningHours(1)
    told(hours, [float(n) for n in range(100)], step=60)
    other.restore(hours.state())
    for one in (hours, other):
        told(one, [1.0], begin=200)
        assert len(one.since(0, 0)) == NEWEST
        assert one.first(0).tolist() == list(range(FIRST))
