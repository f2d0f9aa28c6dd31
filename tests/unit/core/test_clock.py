from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SECOND, ManualClock, from_datetime, iso, system_clock, to_datetime

MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)


@given(MOMENTS)
def test_a_datetime_survives_the_way_there_and_back(moment: datetime) -> None:
    assert to_datetime(from_datetime(moment)) == moment


def test_zones_are_converted_and_not_dropped() -> None:
    lahore = datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=5)))

    assert iso(from_datetime(lahore)) == "2026-11-23T08:00:00Z"


def test_milliseconds_are_written_only_where_there_are_any() -> None:
    assert iso(1_500_000_000) == "1970-01-01T00:00:01.500Z"
    assert iso(SECOND) == "1970-01-01T00:00:01Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        from_datetime(datetime(2026, 1, 1))


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(5)

    assert (clock(), clock.advance(3), clock()) == (5, 8, 8)


def test_the_system_clock_tells_a_time_after_this_was_written() -> None:
    assert system_clock() > from_datetime(datetime(2025, 1, 1, tzinfo=UTC))
