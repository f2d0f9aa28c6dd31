"""Reading times: exact to the nanosecond, alike in a batch and alone."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.clock import SECOND
from ingest.instants import (
    FURTHEST,
    SCALES,
    WallTime,
    epoch_instants,
    number_instant,
    text_instant,
    utc_instants,
)
from tests.messages import NOW

SAME = [
    "2026-11-23T08:00:00Z",
    "2026-11-23t08:00:00z",
    "2026-11-23 08:00:00Z",
    "2026-11-23T08:00:00.0Z",
    "2026-11-23T08:00:00,000Z",
    "2026-11-23T13:00:00+05:00",
    "2026-11-23T13:00:00+0500",
    "2026-11-23T13:00:00+05",
    "2026-11-23T03:30:00-04:30",
]


@pytest.mark.parametrize("text", SAME)
def test_one_moment_may_be_written_in_many_ways(text: str) -> None:
    assert text_instant(text) == NOW


def test_a_text_without_an_offset_is_a_wall_time() -> None:
    found = text_instant("2026-11-23T08:00:00.123456789")
    assert found == WallTime(datetime(2026, 11, 23, 8, 0, 0, 123456), 789)


def test_digits_below_a_nanosecond_are_dropped() -> None:
    assert text_instant("2026-11-23T08:00:00.1234567899Z") == NOW + 123_456_789


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T08:00Z",
        "2026-11-23T08:00:00Z ",
        "2026-11-23T08:00:00 Z",
        "٢٠٢٦-11-23T08:00:00Z",
        "2026-13-23T08:00:00Z",
        "2026-11-31T08:00:00Z",
        "0000-11-23T08:00:00Z",
        "2026-11-23T08:60:00Z",
        "2026-11-23T08:00:60Z",
        "2026-11-23T08:00:00+00:60",
        "2026-11-23T08:00:00.Z",
        "9999-12-31T23:59:59Z",
        "1600-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        text_instant(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0", 0),
        ("-0", 0),
        ("-1", -SECOND),
        ("1.5", 1_500_000_000),
        ("1.0000000019", 1_000_000_001),
        ("1e3", 1000 * SECOND),
        ("15e-1", 1_500_000_000),
        ("9223372036.854775807", FURTHEST),
        ("0." + "3" * 5000, 333_333_333),
        ("0e999999", 0),
        ("1e-400", 0),
    ],
)
def test_an_epoch_number_of_seconds_is_exact(text: str, at: int) -> None:
    assert number_instant(text, SECOND) == at


@pytest.mark.parametrize(
    "text",
    [
        *("9223372036.9", "9223372037", "-9223372037", "1e400", "-1e400"),
        *("1" * 5000, "1e" + "9" * 30, "1e-" + "9" * 30),
    ],
)
def test_an_epoch_number_beyond_what_can_be_kept_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too far|beyond"):
        number_instant(text, SECOND)


BATCH = [
    b'"2026-11-23T08:00:00Z"',
    b'"2026-11-23T08:00:00.1Z"',
    b'"2026-11-23T08:00:00.123456789Z"',
    b'"2026-11-23T08:00:59.125Z"',
    b'"2024-02-29T23:59:59Z"',
    b'"1680-01-01T00:00:00Z"',
]


@pytest.mark.parametrize("raws", [BATCH, BATCH[:1] * 3, BATCH[1:2], [BATCH[0], BATCH[4]]])
def test_a_batch_is_read_as_each_alone(raws: list[bytes]) -> None:
    at, known = utc_instants(raws)
    assert known.all()
    assert at.tolist() == [text_instant(raw.decode().strip('"')) for raw in raws]


@pytest.mark.parametrize(
    "odd",
    [
        b"12",
        b'"2026-11-23T08:00:00z"',
        b'"2026-11-23 08:00:00Z"',
        b'"2026-11-23T13:00:00+05:00"',
        b'"2026-11-23T08:00:00.1234567891Z"',
        b'"2026-11-23T08:00:00,123Z"',
        b'"2026-02-30T08:00:00Z"',
        b'"2026-11-23T24:00:00Z"',
        b'"2026-11-23T08:60:00Z"',
        b'"2026-11-23T08:00:60Z"',
        b'"2026-11-23T0a:00:00Z"',
        b'"1600-01-01T00:00:00Z"',
        b'"2300-01-01T00:00:00Z"',
    ],
)
def test_what_is_odd_in_a_batch_is_left_to_the_exact_reader(odd: bytes) -> None:
    for raws in ([odd], [BATCH[0], odd, BATCH[4]], [odd, odd]):
        _, known = utc_instants(raws)
        assert known.tolist() == [raw != odd for raw in raws]


def test_whole_epoch_numbers_are_read_at_once() -> None:
    raws = [b"1795420800", b"0", b"9223372036", b"9223372037", b"-1", b"1.5", b'"x"', b"1" * 20]
    at, known = epoch_instants(raws, SECOND)
    assert known.tolist() == [True, True, True, False, False, False, False, False]
    assert at[:3].tolist() == [NOW, 0, 9223372036 * SECOND]


@pytest.mark.parametrize("scale", SCALES.values())
def test_times_of_today_are_plain_in_every_unit(scale: int) -> None:
    at, known = epoch_instants([str(NOW // scale).encode()], scale)
    assert known.all() and at.tolist() == [NOW]
