"""Planned stops: when machines stand still anyway, so that they can be worked on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.clock import DAY, Instant, Span, from_datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that begins at `start`, a wall time in `timezone`, and again after each `every`.

    One that comes again after whole days does so at the same wall time, whatever the season; with
    `every` 0 it comes once.
    """

    name: str
    start: datetime
    timezone: str
    every: Span = 0

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its wall time."""
        return ZoneInfo(self.timezone)

    def after(self, at: Instant) -> Instant | None:
        """Tell when it next begins after a moment; None where it never does again."""
        first = self._at(0)
        if first > at or not self.every:
            return first if first > at else None
        turn = max(0, (at - first) // self.every - 1)
        while self._at(turn) <= at:
            turn += 1
        return self._at(turn)

    def _at(self, turn: int) -> Instant:
        if self.every % DAY:
            return from_datetime(self._local(self.start)) + turn * self.every
        days = turn * self.every // DAY
        return from_datetime(self._local(self.start + timedelta(days=days)))

    def _local(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self.zone)


def next_stop(stops: Iterable[Stop], at: Instant) -> tuple[Stop, Instant] | None:
    """Find the stop that begins first after a moment, and when; None where none does."""
    coming = [(begins, stop) for stop in stops if (begins := stop.after(at)) is not None]
    if not coming:
        return None
    begins, stop = min(coming, key=lambda one: one[0])
    return stop, begins


def coming(
    stops: Iterable[Stop], at: Instant, until: Instant, most: int
) -> tuple[tuple[Stop, Instant], ...]:
    """List the stops that begin after a moment, each time anew: the next, and those to `until`.

    Of two that begin together one is listed; `most` are at most.
    """
    known, found = tuple(stops), list[tuple[Stop, Instant]]()
    while len(found) < most and (one := next_stop(known, found[-1][1] if found else at)):
        if found and one[1] > until:
            break
        found.append(one)
    return tuple(found)
