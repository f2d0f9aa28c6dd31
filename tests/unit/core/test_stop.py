from __future__ import annotations

from datetime import datetime

import pytest

from core.clock import DAY, HOUR, Instant, from_datetime, iso
from core.stop import Stop, coming, next_stop

ZONE = "Europe/Berlin"


def instant(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text))


def stop(start: str, every: int = 0, name: str = "cleaning") -> Stop:
    return Stop(name, datetime.fromisoformat(start), ZONE, every)


def test_a_stop_that_comes_once_is_over_once_it_has_begun() -> None:
    once = stop("2026-12-03T06:00")
    assert once.after(instant("2026-12-03T04:59:59+00:00")) == instant("2026-12-03T05:00:00+00:00")
    assert once.after(instant("2026-12-03T05:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-01T00:00:00+00:00", "2026-01-01T05:00:00Z"),
        ("2026-01-01T05:00:00+00:00", "2026-01-08T05:00:00Z"),
        ("2026-03-27T00:00:00+00:00", "2026-04-02T04:00:00Z"),
        ("2026-10-24T00:00:00+00:00", "2026-10-29T05:00:00Z"),
        ("2029-07-05T03:59:59+00:00", "2029-07-05T04:00:00Z"),
    ],
)
def test_a_weekly_stop_keeps_its_wall_time_in_winter_and_summer(now: str, expected: str) -> None:
    found = stop("2026-01-01T06:00", 7 * DAY).after(instant(now))
    assert found is not None
    assert iso(found) == expected


def test_one_that_comes_by_the_hour_takes_no_notice_of_the_season() -> None:
    found = stop("2026-01-01T06:00", 36 * HOUR).after(instant("2026-07-01T00:00:00+00:00"))
    assert found is not None
    assert (found - instant("2026-01-01T05:00:00+00:00")) % (36 * HOUR) == 0


def test_the_first_of_several_stops_is_the_next() -> None:
    now = instant("2026-01-02T00:00:00+00:00")
    stops = [stop("2026-01-20T06:00"), stop("2026-01-01T06:00", 7 * DAY, "weekly")]
    found = next_stop(stops, now)
    assert found is not None
    assert found[0].name == "weekly"
    assert next_stop([stop("2025-01-01T06:00")], now) is None


def test_the_next_stop_is_listed_however_far_and_others_up_to_a_time() -> None:
    stops = (stop("2026-01-01T06:00", 7 * DAY), stop("2026-01-10T06:00", name="overhaul"))
    now = instant("2026-01-02T00:00:00+00:00")
    listed = [iso(begins) for _, begins in coming(stops, now, now + 14 * DAY, 9)]
    assert listed == ["2026-01-08T05:00:00Z", "2026-01-10T05:00:00Z", "2026-01-15T05:00:00Z"]
    assert len(coming(stops, now, now, 9)) == 1
    assert len(coming(stops, now, now + 99 * DAY, 4)) == 4
    assert coming((), now, now + DAY, 9) == ()
