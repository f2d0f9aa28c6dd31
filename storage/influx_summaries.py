"""What InfluxDB history tells of minutes and hours, and when those are made.

A write only notes which hours it touched. `settle` sums those up later; until then whoever reads
sums them up for itself. Where samples may be trimmed away already, the minute that is known stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import structlog

from core.clock import HOUR, MINUTE, Instant, Span
from core.errors import Unavailable
from core.history import Columns, Summary
from storage.history_steps import (
    check_step,
    chosen,
    combined,
    nothing,
    picked,
    replaced,
    summed,
    up,
)
from storage.influx_account import SAMPLES, InfluxAccount
from storage.influx_server import InfluxServer
from storage.influx_steps import InfluxSteps
from storage.line_block import TAGS, tags_of
from storage.line_protocol import EARLIEST, LATEST

_FIRST_PIECE, _LARGEST_PIECE = 6, 48
"""How many hours are summed up in one piece: fewer where they take long, for readings wait."""

_QUICK, _LONG = 1.0, 5.0
_PIECES = 20
_log = structlog.get_logger("storage")


class InfluxSummaries:
    """The steps of one bucket of telemetry; `samples` reads what they are made of."""

    def __init__(
        self,
        server: InfluxServer,
        bucket: str,
        account: InfluxAccount,
        samples: Callable[[str, Sequence[str], Instant, Instant], Columns],
    ) -> None:
        self._steps = InfluxSteps(server, bucket)
        self._account = account
        self._samples = samples
        self._put_off = False
        self._piece = _FIRST_PIECE

    def read(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Read steps; what is not summed up yet is summed up here, from samples."""
        check_step(step)
        begin, end = (up(at, step) for at in span_of(start, stop).values())
        if begin >= end or not channels:
            return nothing(tuple(channels))
        found = self._stored(asset, channels, begin, end, step)
        for first, last in _runs(self._account.touched()):
            piece = (max(first, begin), min(last, end))
            if piece[0] < piece[1]:
                fresh = self._made(asset, channels, *piece, step)
                found = self._renewed(found, fresh, *piece, step)
        return found

    def trim(self, step: Span, older_than: Instant) -> int:
        """Drop old steps of one width; returns how many went."""
        check_step(step)
        span = span_of(EARLIEST, older_than)
        if span["start"] >= span["stop"]:
            return 0
        if not self.ready_to_trim(older_than):
            return 0
        self._account.mark_trimmed(step, older_than)
        return self._steps.drop(step, span["start"], span["stop"])

    def settle(self) -> bool:
        """Sum up a few of the hours that were written to, but not the newest: more is to come."""
        touched = self._account.touched()[:-1]
        if not touched:
            return False
        try:
            settled = self._settle(touched)
        except Unavailable as error:  # it can wait, and readings must not wait for it
            if not self._put_off:
                _log.warning("history_is_not_summed_up", why=str(error))
            self._put_off = True
            return False
        if self._put_off:
            _log.info("history_is_summed_up_again")
        self._put_off = False
        return len(touched) > settled

    def ready_to_trim(self, older_than: Instant) -> bool:
        """Sum up what is about to go, or a good piece of it; tells whether all of it is."""
        for _ in range(_PIECES):
            touched = [hour for hour in self._account.touched() if hour * HOUR < older_than]
            if not touched:
                return True
            self._settle(touched)
        return False

    def _settle(self, touched: Sequence[int]) -> int:
        """Sum up the first few of these hours; returns how many."""
        hours, began = touched[: self._piece], time.monotonic()
        self._account.settling(hours)
        for first, last in _runs(hours):
            minutes = max(first, up(self._account.trimmed(SAMPLES), MINUTE))
            if minutes < last:
                self._steps.make_minutes(minutes, last)
            begin = max(first, up(self._account.trimmed(MINUTE), HOUR))
            if begin < last:
                self._steps.make_hours(begin, last)
        self._account.settled(hours)
        took = time.monotonic() - began
        if took < _QUICK:
            self._piece = min(2 * self._piece, _LARGEST_PIECE)
        elif took > _LONG:
            self._piece = max(self._piece // 2, 1)
        return len(hours)

    def _stored(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        where, tags = of_asset(asset)
        named = {f"field{k}": name for k, name in enumerate(dict.fromkeys(channels))}
        any_of = " or ".join(f"r._field == {name}" for name in named)
        flux = f"  |> filter(fn: (r) => {where})\n  |> filter(fn: (r) => {any_of})"
        parts = self._steps.read(flux, step, start=start, stop=stop, **tags, **named)
        return combined(tuple(channels), [picked(part, channels) for part in parts], step)

    def _made(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Make steps from what they are made of: hours from minutes, minutes from samples."""
        if step == MINUTE:
            return summed(self._samples(asset, channels, start, stop), MINUTE)
        minutes = self.read(asset, channels, start, stop, MINUTE)
        return combined(tuple(channels), (minutes,), step)

    def _renewed(
        self, found: Summary, fresh: Summary, start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Put fresh steps over those found, but not where what they are made of may be gone."""
        whole = self._account.trimmed(SAMPLES if step == MINUTE else MINUTE)
        fresh = chosen(fresh, (fresh.at >= whole) | ~np.isin(fresh.at, found.at))
        return replaced(found, fresh, max(start, whole), stop, step)


def of_asset(asset: str) -> tuple[str, dict[str, str]]:
    """Write the test for an asset's rows, and the parameters that it names."""
    tags = dict(tags_of(asset))
    tests = (f"r.{tag} == {tag}" if tag in tags else f"not exists r.{tag}" for tag in TAGS)
    return " and ".join(tests), tags


def _runs(hours: Sequence[int]) -> list[tuple[Instant, Instant]]:
    """Join hours that follow each other to spans."""
    if not hours:
        return []
    numbers = np.array(hours, np.int64)
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [(int(part[0]) * HOUR, (int(part[-1]) + 1) * HOUR) for part in parts]


def span_of(start: Instant, stop: Instant) -> dict[str, int]:
    """Cut a span to what InfluxDB can hold, as parameters."""
    return {"start": max(start, EARLIEST), "stop": min(stop, LATEST)}
