from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR
from models.duty import WEEK, Duty
from models.usage import Counted

MONDAY = 4 * DAY
"""1970-01-05, at midnight."""

HOURS = np.arange(WEEK)
WORKING = ((HOURS // 24 < 5) & (HOURS % 24 >= 6) & (HOURS % 24 < 22)).astype(np.float64)
"""Monday to Friday from 6 to 22: 80 hours a week."""


def learned(weeks: list[np.ndarray], known: np.ndarray | None = None) -> Duty:
    """Let an asset be used as told, hour by hour, from a Monday on."""
    use = np.concatenate(weeks)
    at = MONDAY + (np.arange(len(use)) + 1) * HOUR
    sure = np.ones(len(use), np.bool_) if known is None else known
    span = np.full(len(use), HOUR, np.int64)
    counted = Counted(np.cumsum(use), use, span, sure, np.ones(len(use), np.bool_))
    duty = Duty(1)
    duty.learn(np.zeros(len(use), np.intp), at, counted)
    return duty


def after(duty: Duty, begin: int, use: float) -> float:
    return float(duty.hours(0, begin, np.array([use]))[0])


FOUR_WEEKS = MONDAY + 4 * WEEK * HOUR


def test_what_is_left_is_used_up_when_the_machine_works() -> None:
    duty = learned([WORKING] * 5)
    assert duty.week(0) == pytest.approx(80)
    assert after(duty, FOUR_WEEKS, 1.0) == pytest.approx(7)
    assert after(duty, FOUR_WEEKS, 16.0) == pytest.approx(22)
    assert after(duty, FOUR_WEEKS, 17.0) == pytest.approx(31)


def test_a_weekend_puts_the_end_off() -> None:
    duty = learned([WORKING] * 5)
    friday = FOUR_WEEKS + 4 * DAY + 20 * HOUR
    assert after(duty, friday, 2.0) == pytest.approx(2)
    assert after(duty, friday, 3.0) == pytest.approx(4 + 48 + 6 + 1)


def test_many_weeks_are_whole_weeks_and_the_rest() -> None:
    duty = learned([WORKING] * 5)
    assert after(duty, FOUR_WEEKS, 801.0) == pytest.approx(10 * WEEK + 7)
    assert after(duty, FOUR_WEEKS, 80.0) <= WEEK


def test_use_and_hours_are_each_others_inverse() -> None:
    duty = learned([WORKING] * 5)
    use = np.array([0.5, 12.0, 33.3, 80.0, 500.0])
    hours = duty.hours(0, FOUR_WEEKS + 7 * HOUR, use)
    assert duty.use(0, FOUR_WEEKS + 7 * HOUR, hours) == pytest.approx(use)


def test_it_learns_only_from_what_has_been() -> None:
    three, four = learned([WORKING] * 3), learned([WORKING] * 3 + [0 * WORKING])
    assert three.week(0) > four.week(0) > 0


def test_a_machine_that_is_never_used_never_ends() -> None:
    assert after(learned([0 * WORKING] * 2), FOUR_WEEKS, 1.0) == np.inf


def test_weeks_that_differ_are_told_from_weeks_that_do_not() -> None:
    rng = np.random.default_rng(1)
    steady = learned([WORKING] * 9)
    wild = learned([WORKING * rng.uniform(0, 2) for _ in range(9)])
    assert wild.varies(0, WEEK) > 2 * steady.varies(0, WEEK)
    assert steady.varies(0, WEEK) > steady.varies(0, 10 * WEEK)


def test_hours_of_which_nothing_is_known_are_as_the_others() -> None:
    known = np.ones(2 * WEEK, np.bool_)
    known[[30, WEEK + 30]] = False
    duty = learned([np.ones(WEEK)] * 2, known)
    assert duty.seen(0) == WEEK - 1
    assert duty.week(0) == pytest.approx(WEEK)


def test_what_a_counter_made_up_for_after_a_silence_is_dealt_out_evenly() -> None:
    duty = Duty(1)
    one = np.ones(1, np.bool_)
    counted = Counted(np.array([84.0]), np.array([84.0]), np.array([WEEK * HOUR]), one, one)
    duty.learn(np.zeros(1, np.intp), np.array([MONDAY + WEEK * HOUR]), counted)
    assert duty.seen(0) == WEEK - 1
    assert duty.week(0) == pytest.approx(84)
