from __future__ import annotations

import numpy as np
import pytest

from core.clock import HOUR
from core.life import CannotSay, Outlook, Remaining
from service.telling import HOLDS, STANDS, Telling, news

AT = 1_000_000 * HOUR
TOLD = Remaining(50.0, 100.0, 200.0)
NOISE = CannotSay("too_wide", "health falls too unevenly")
FIRM = CannotSay("channel_missing", "vibration is missing")


class Teller:
    """Says and notes, hour by hour."""

    def __init__(self) -> None:
        self.telling = Telling(1)

    def hears(self, hours: float, found: Outlook, stop: float | None = None) -> Outlook:
        at = AT + round(hours * HOUR)
        begins = None if stop is None else AT + round(stop * HOUR)
        said = self.telling.said(0, at, found, begins)
        self.telling.note(0, at, found, said)
        return said


@pytest.fixture
def teller() -> Teller:
    made = Teller()
    assert made.hears(0, TOLD) == TOLD
    return made


def test_a_small_change_is_not_told_and_the_clock_goes_on(teller: Teller) -> None:
    assert teller.hears(10, Remaining(45.0, 80.0, 180.0)) == Remaining(40.0, 90.0, 190.0)


@pytest.mark.parametrize("middle", [60.0, 160.0])
def test_a_change_beyond_its_own_uncertainty_is_told_at_once(teller: Teller, middle: float) -> None:
    found = Remaining(middle - 20, middle, middle + 90)
    assert teller.hears(1, found) == found


@pytest.mark.parametrize("half", [30.0, 250.0])
def test_an_interval_that_is_much_narrower_or_wider_is_news(teller: Teller, half: float) -> None:
    found = Remaining(max(100 - half, 0.0), 100.0, 100 + half)
    assert teller.hears(1, found) == found


def test_what_makes_it_more_likely_to_fail_before_the_next_stop_is_news(teller: Teller) -> None:
    found = Remaining(49.0, 80.0, 198.0)
    assert teller.hears(1, found, stop=None) != found
    assert teller.hears(1, found, stop=90.0) == found


def test_what_was_told_stands_no_longer_than_a_day(teller: Teller) -> None:
    hours = STANDS / HOUR
    found = Remaining(50.0 - hours, 101.0 - hours, 200.0 - hours)
    assert teller.hears(hours - 1, Remaining(27.0, 78.0, 177.0)).p50 == 100 - hours + 1
    assert teller.hears(hours, found) == found


def test_that_nothing_can_be_said_is_told_once_it_has_lasted(teller: Teller) -> None:
    assert teller.hears(1, NOISE) == Remaining(49.0, 99.0, 199.0)
    assert teller.hears(2, Remaining(48.0, 98.0, 198.0)) == Remaining(48.0, 98.0, 198.0)
    assert isinstance(teller.hears(3, NOISE), Remaining)
    assert teller.hears(3 + HOLDS / HOUR, NOISE) == NOISE
    assert teller.hears(10, TOLD) == TOLD


def test_a_sensor_that_is_gone_is_told_at_once(teller: Teller) -> None:
    assert teller.hears(1, FIRM) == FIRM


def test_to_ask_changes_nothing(teller: Teller) -> None:
    far = Remaining(500.0, 600.0, 700.0)
    for _ in range(3):
        assert teller.telling.said(0, AT + HOUR, far, None) == far
    assert teller.hears(1, TOLD) == Remaining(49.0, 99.0, 199.0)


def test_it_goes_on_where_it_stopped_with_all_that_was_told(teller: Teller) -> None:
    course = tuple(np.linspace(10.0, 90.0, 9).tolist())
    full = Remaining(course[1], course[4], course[7], mean=51.0, course=course)
    teller.hears(1, full)
    other = Teller()
    other.telling.restore(teller.telling.state())
    aged = other.hears(2, full)
    assert isinstance(aged, Remaining)
    assert aged.mean == 50.0
    assert aged.course == tuple(point - 1 for point in course)


def test_a_mended_machine_is_told_anew(teller: Teller) -> None:
    teller.telling.forget(0)
    near = Remaining(48.0, 98.0, 198.0)
    assert teller.hears(1, near) == near


def test_an_end_that_has_passed_is_news_if_it_has_not_come() -> None:
    assert news(Remaining(0.0, 0.0, 0.0), Remaining(1.0, 2.0, 3.0), None)


def test_near_the_end_it_is_told_anew_before_the_clock_has_used_it_up() -> None:
    teller = Teller()
    teller.hears(0, Remaining(2.0, 4.0, 12.0))
    assert teller.hears(0.5, Remaining(2.0, 3.6, 11.0)) == Remaining(1.5, 3.5, 11.5)
    found = Remaining(2.0, 3.4, 10.0)
    assert teller.hears(1.0, found) == found
