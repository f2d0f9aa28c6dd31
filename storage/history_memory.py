"""Telemetry history in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from uuid import uuid4

import numpy as np

from core.clock import HOUR, MINUTE, Instant, Span
from core.history import STEPS, Columns, Summary
from core.ledger import Kept
from core.readings import Readings
from storage.history_steps import check_step, chosen, combined, nothing, picked, summed

_NEVER = -(2**63)


class MemoryHistory:
    """Implements `core.history.TelemetryHistory` for one process; nothing lasts."""

    def __init__(self) -> None:
        self.beat: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._steps: dict[Span, dict[str, Summary]] = {step: {} for step in STEPS}
        self._whole = dict.fromkeys(STEPS, _NEVER)
        self._begin = dict.fromkeys(STEPS, _NEVER)
        self._samples: dict[str, dict[Instant, dict[str, tuple[float, int]]]] = {}
        self._kept = Kept(uuid4().hex)

    def write(self, batches: Sequence[Readings], position: int) -> None:
        """Store batches and the position they reach to."""
        with self._lock:
            for batch in batches:
                for reading in batch:
                    if reading.values:
                        row = self._samples.setdefault(reading.asset, {}).setdefault(reading.at, {})
                        for channel, value in reading.values.items():
                            row[channel] = (value, int(reading.quality.get(channel, 0)))
            self._kept = self._kept.after(batches, position)

    def position(self) -> int:
        """Return the journal position up to which all is stored."""
        with self._lock:
            return self._kept.position

    def account(self) -> Kept:
        """Read what was stored and up to where."""
        with self._lock:
            return self._kept

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        """Read the rows that hold any of the channels."""
        with self._lock:
            return self._read(asset, channels, start, stop, limit)

    def summary(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Read the steps that begin within a span, of minutes or hours."""
        check_step(step)
        with self._lock:
            found = self._summed(asset, step)
        found = chosen(found, (found.at >= start) & (found.at < stop))
        return combined(tuple(channels), (picked(found, channels),), step)

    def latest(self, asset: str) -> Instant | None:
        """Return when the asset's newest sample is from."""
        with self._lock:
            return max(self._samples.get(asset, ()), default=None)

    def count(self, asset: str | None = None) -> int:
        """Count stored readings."""
        with self._lock:
            if asset is not None:
                return len(self._samples.get(asset, ()))
            return sum(map(len, self._samples.values()))

    def trim(self, older_than: Instant) -> int:
        """Drop old samples; returns how many readings went."""
        dropped = 0
        with self._lock:
            self._keep(MINUTE, older_than)
            for rows in self._samples.values():
                for at in [at for at in rows if at < older_than]:
                    del rows[at]
                    dropped += 1
        return dropped

    def trim_summary(self, step: Span, older_than: Instant) -> int:
        """Drop old steps of one width; returns how many went."""
        check_step(step)
        with self._lock:
            if step == MINUTE:
                self._keep(HOUR, older_than)
            found = [self._summed(asset, step).at for asset in self._samples]
            self._begin[step] = max(self._begin[step], older_than)
        return sum(int((at < older_than).sum()) for at in found)

    def settle(self) -> bool:
        """Do nothing: steps are made when they are read."""
        return False

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _read(
        self,
        asset: str,
        channels: Sequence[str],
        start: float,
        stop: float,
        limit: int | None,
    ) -> Columns:
        absent = (np.nan, 0)
        rows = sorted(
            (at, [row.get(channel, absent) for channel in channels])
            for at, row in self._samples.get(asset, {}).items()
            if start <= at < stop and any(channel in row for channel in channels)
        )
        rows = rows[max(0, len(rows) - limit) :] if limit is not None else rows
        at = np.array([moment for moment, _ in rows], np.int64)
        shape = (len(rows), len(channels))
        values = np.array([[v for v, _ in row] for _, row in rows], float).reshape(shape)
        marks = np.array([[m for _, m in row] for _, row in rows], np.uint8).reshape(shape)
        return Columns(tuple(channels), at, values, marks if marks.any() else None)

    def _summed(self, asset: str, step: Span) -> Summary:
        """Make the steps of an asset; where their samples may be gone, those that were kept."""
        kept = self._steps[step].get(asset, nothing(()))
        if step == MINUTE:
            said = {channel for row in self._samples.get(asset, {}).values() for channel in row}
            fresh = summed(self._read(asset, sorted(said), -np.inf, np.inf, None), MINUTE)
        else:
            minutes = self._summed(asset, MINUTE)
            fresh = combined(minutes.channels, (minutes,), step)
        channels = tuple(sorted({*kept.channels, *fresh.channels}))
        new = (fresh.at >= self._whole[step]) | ~np.isin(fresh.at, kept.at)
        found = combined(
            channels, (picked(kept, channels), picked(chosen(fresh, new), channels)), step
        )
        return chosen(found, found.at >= self._begin[step])

    def _keep(self, step: Span, older_than: Instant) -> None:
        """Keep the steps whose samples or minutes are about to go."""
        whole = max(self._whole[step], older_than)
        for asset in self._samples:
            found = self._summed(asset, step)
            self._steps[step][asset] = chosen(found, found.at < whole)
        self._whole[step] = whole
