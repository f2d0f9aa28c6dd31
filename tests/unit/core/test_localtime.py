"""Local wall times: repeated hours, skipped hours, and the sources that tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import HOUR, MINUTE, from_datetime, to_datetime
from core.localtime import LocalTime

BERLIN = "Europe/Berlin"
AUTUMN = from_datetime(datetime(2026, 10, 25, 0, 0, tzinfo=UTC))  # 02:00 summer time


def wall(hour: int, minute: int = 0, day: int = 25) -> datetime:
    return datetime(2026, 10, day, hour, minute)


def test_an_ordinary_time_is_read_with_the_offset_of_its_season() -> None:
    zone = LocalTime(BERLIN)
    assert zone.resolve("p1", datetime(2026, 7, 1, 12)) == from_datetime(
        datetime(2026, 7, 1, 10, tzinfo=UTC)
    )
    assert zone.resolve("p1", datetime(2026, 1, 1, 12)) == from_datetime(
        datetime(2026, 1, 1, 11, tzinfo=UTC)
    )


def test_the_first_pass_through_a_repeated_hour_has_the_first_offset() -> None:
    zone = LocalTime(BERLIN)
    assert [zone.resolve("p1", wall(2, minute)) for minute in (0, 30, 59)] == [
        AUTUMN,
        AUTUMN + 30 * MINUTE,
        AUTUMN + 59 * MINUTE,
    ]


def test_once_time_goes_backwards_in_a_repeated_hour_it_is_the_second_pass() -> None:
    zone = LocalTime(BERLIN)
    told = [wall(1, 50), wall(2, 10), wall(2, 50), wall(2, 10), wall(2, 20), wall(3, 0)]
    spans = [-10, 10, 50, 70, 80, 120]
    assert [zone.resolve("p1", each) for each in told] == [
        AUTUMN + minutes * MINUTE for minutes in spans
    ]


def test_the_same_time_said_again_is_the_same_pass() -> None:
    zone = LocalTime(BERLIN)
    assert zone.resolve("p1", wall(2, 30)) == zone.resolve("p1", wall(2, 30))


def test_a_time_that_would_be_later_than_now_in_the_second_pass_was_said_again() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(2, 30))
    now = AUTUMN + 32 * MINUTE
    assert zone.resolve("p1", wall(2, 10), now) == AUTUMN + 10 * MINUTE
    assert zone.resolve("p1", wall(2, 31), now) == AUTUMN + 31 * MINUTE
    assert zone.resolve("p1", wall(2, 10), AUTUMN + 70 * MINUTE) == AUTUMN + 70 * MINUTE
    assert zone.resolve("p1", wall(2, 50), AUTUMN + 71 * MINUTE) == AUTUMN + 50 * MINUTE
    assert zone.resolve("p1", wall(2, 11), AUTUMN + 71 * MINUTE) == AUTUMN + 71 * MINUTE


def test_where_both_meanings_are_later_than_now_order_decides() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(2, 30))
    assert zone.resolve("p1", wall(2, 10), AUTUMN) == AUTUMN + 70 * MINUTE


def test_what_is_out_of_order_moves_no_source() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(2, 20))
    assert zone.resolve("p1", wall(2, 55), learn=False) == AUTUMN + 55 * MINUTE
    assert zone.resolve("p1", wall(2, 10), learn=False) == AUTUMN + 70 * MINUTE
    assert zone.resolve("p1", wall(2, 30)) == AUTUMN + 30 * MINUTE


def test_sources_go_through_a_repeated_hour_each_on_its_own() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(2, 50))
    assert zone.resolve("p1", wall(2, 10)) == AUTUMN + 70 * MINUTE
    assert zone.resolve("p2", wall(2, 10)) == AUTUMN + 10 * MINUTE


def test_a_backlog_of_the_repeated_hour_is_resolved_in_its_own_order() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(9, 0, day=26))
    told = [wall(2, 20), wall(2, 40), wall(2, 0)]
    assert [zone.resolve("p1", each) for each in told] == [
        AUTUMN + minutes * MINUTE for minutes in (20, 40, 60)
    ]


def test_another_year_begins_anew_with_the_first_pass() -> None:
    zone = LocalTime(BERLIN)
    zone.resolve("p1", wall(2, 50))
    zone.resolve("p1", wall(2, 10))
    at = zone.resolve("p1", datetime(2027, 10, 31, 2, 5))
    assert at == from_datetime(datetime(2027, 10, 31, 0, 5, tzinfo=UTC))


def test_a_skipped_time_has_no_instant() -> None:
    zone = LocalTime(BERLIN)
    assert zone.resolve("p1", datetime(2026, 3, 29, 2, 30)) is None
    assert zone.resolve("p1", datetime(2026, 3, 29, 1, 59, 59)) is not None
    assert zone.resolve("p1", datetime(2026, 3, 29, 3, 0)) is not None


def test_after_a_restart_a_remembered_source_stays_in_its_second_pass() -> None:
    zone = LocalTime(BERLIN)
    zone.remember("p1", AUTUMN + 70 * MINUTE)
    zone.remember("p2", AUTUMN - HOUR)
    assert zone.resolve("p1", wall(2, 20)) == AUTUMN + 80 * MINUTE
    assert zone.resolve("p2", wall(2, 20)) == AUTUMN + 20 * MINUTE


def test_half_hour_folds_and_the_ends_of_the_calendar_are_no_trouble() -> None:
    lord_howe = LocalTime("Australia/Lord_Howe")
    first = lord_howe.resolve("p1", datetime(2026, 4, 5, 1, 45))
    second = lord_howe.resolve("p1", datetime(2026, 4, 5, 1, 40))
    assert first is not None
    assert second == first + 25 * MINUTE
    assert lord_howe.resolve("p1", datetime(1, 1, 1)) is not None
    assert lord_howe.resolve("p1", datetime(9999, 12, 31, 23, 59)) is not None


@pytest.mark.parametrize("zone", ["Asia/Karachi", "Asia/Shanghai", "UTC"])
def test_a_zone_without_seasons_never_skips(zone: str) -> None:
    local = LocalTime(zone)
    start = datetime(2026, 1, 1)
    assert all(local.resolve("p1", start + timedelta(hours=h)) is not None for h in range(8760))


@given(
    st.lists(st.integers(min_value=1, max_value=55), min_size=1, max_size=60),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Karachi"]),
)
def test_readings_told_in_order_come_back_as_the_instants_they_were(
    steps: list[int], zone: str
) -> None:
    """Any source that speaks more often than hourly, through both folds of a year."""
    local = LocalTime(zone)
    for start in (AUTUMN - 4 * HOUR, from_datetime(datetime(2026, 4, 4, 11, tzinfo=UTC))):
        at = start
        for step in steps:
            at += min(step, 25 if "Howe" in zone else 55) * MINUTE
            told = to_datetime(at).astimezone(local.zone).replace(tzinfo=None)
            assert local.resolve("p1", told) == at
