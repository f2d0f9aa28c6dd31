from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE, from_datetime, to_datetime
from core.plant import Site
from simulators.schedule import Loads, Schedule, Shifts
from simulators.weather import hall_temperature, local

MONDAY = from_datetime(datetime(2026, 11, 23, tzinfo=UTC))
FORTNIGHT = MONDAY + np.arange(14 * 288, dtype=np.int64) * 5 * MINUTE


def test_a_day_shift_runs_on_working_days_by_the_sites_own_clock() -> None:
    running, _ = Schedule(Shifts.DAY_SHIFT, "Asia/Karachi", 5).running(FORTNIGHT)
    for at, on in zip(FORTNIGHT.tolist(), running.tolist(), strict=True):
        civil = to_datetime(at).astimezone(ZoneInfo("Asia/Karachi"))
        surely = civil.weekday() < 5 and (civil.hour, civil.minute) >= (7, 10) and civil.hour < 16
        never = civil.weekday() >= 5 or civil.hour < 7 or civil.hour >= 17
        if surely or never:
            assert on == surely, civil


def test_two_shifts_rest_on_sundays_only() -> None:
    running, _ = Schedule(Shifts.TWO_SHIFTS, "Europe/Berlin", 5).running(FORTNIGHT)
    days = (local(FORTNIGHT, "Europe/Berlin") // DAY + 3) % 7
    assert not running[days == 6].any()
    assert all(running[days == day].mean() > 0.6 for day in range(6))


def test_a_machine_comes_up_within_minutes_of_its_start() -> None:
    every_minute = MONDAY + np.arange(1440, dtype=np.int64) * MINUTE
    running, rise = Schedule(Shifts.TWO_SHIFTS, "UTC", 5).running(every_minute)
    first = int(np.argmax(running))
    assert rise[first] < 0.5
    assert rise[first + 5] == 1.0
    assert not rise[running == 0].any()


@pytest.mark.parametrize("shifts", list(Shifts))
def test_demand_stays_within_what_the_machine_can_give(shifts: Shifts) -> None:
    load = Schedule(shifts, "UTC", 9).load(FORTNIGHT)
    assert 0.5 < load.min() < 0.75
    assert 0.85 < load.max() < 1.1


def test_civil_time_follows_the_summer_clock() -> None:
    change = from_datetime(datetime(2026, 3, 29, 1, tzinfo=UTC))
    at = np.array([change - HOUR, change], np.int64)
    assert (local(at, "Europe/Berlin") - at).tolist() == [HOUR, 2 * HOUR]


def test_afternoons_are_warmer_than_nights_and_summers_than_winters() -> None:
    site = Site("lahore", "Asia/Karachi")
    year = MONDAY + np.arange(365 * 24, dtype=np.int64) * HOUR
    air = hall_temperature(site, 1, year)
    hour = local(year, site.timezone) % DAY // HOUR
    assert air[hour == 15].mean() > air[hour == 3].mean() + 4
    july, january = (year - MONDAY) // (30 * DAY) == 8, (year - MONDAY) // (30 * DAY) == 2
    assert air[july].mean() > air[january].mean() + 4
    assert 8 < air.min() < air.max() < 38


def test_loads_are_taken_in_turn_until_another_one_comes() -> None:
    asked = Loads((0.5, 0.8), turn=8 * HOUR, then=1.2, since=2 * DAY)
    schedule = Schedule(Shifts.CONTINUOUS, "UTC", 7, asked)
    at = np.arange(0, 3 * DAY, HOUR, dtype=np.int64)
    found = schedule.load(at)
    assert np.allclose(found[:8], 0.5, atol=0.06)
    assert np.allclose(found[8:16], 0.8, atol=0.06)
    assert np.allclose(found[48:], 1.2, atol=0.06)
