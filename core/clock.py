"""Time in the core: whole nanoseconds since 1970 in UTC, and clocks that are handed in.

A single integer form keeps columns (NumPy int64) and scalars alike and loses no digit that a
device sent. Aware datetimes live at the edges only: configuration, HTTP, pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int
"""Nanoseconds since 1970-01-01T00:00:00Z."""

Span: TypeAlias = int
"""A length of time in nanoseconds."""

Clock: TypeAlias = Callable[[], Instant]
"""Tells the time when called; every part that needs the time is given one."""

SECOND: Span = 1_000_000_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> Instant:
    """Tell the time of this machine."""
    return time.time_ns()


class ManualClock:
    """A clock that stands until it is moved, for tests, replays and simulated months."""

    def __init__(self, now: Instant = 0) -> None:
        self.now = now

    def __call__(self) -> Instant:
        """Tell the time this clock was last set to."""
        return self.now

    def advance(self, span: Span) -> Instant:
        """Move the clock by `span` nanoseconds and tell the new time."""
        self.now += span
        return self.now


def to_datetime(at: Instant) -> datetime:
    """Turn an instant into an aware UTC datetime, dropping what is below a microsecond."""
    return _EPOCH + timedelta(microseconds=at // 1000)


def from_datetime(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant; a naive one raises ValueError."""
    if moment.tzinfo is None:
        msg = f"a time without a zone: {moment.isoformat()}"
        raise ValueError(msg)
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def iso(at: Instant) -> str:
    """Write an instant as ISO 8601 in UTC, with milliseconds only where there are any."""
    moment = to_datetime(at)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")
