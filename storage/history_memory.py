"""Telemetry history in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import uuid4

import numpy as np

from core.clock import Instant
from core.history import Columns
from core.ledger import Kept
from core.readings import Readings


class MemoryHistory:
    """Implements `core.history.TelemetryHistory` for one process; nothing lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
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
        absent = (np.nan, 0)
        with self._lock:
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
            for rows in self._samples.values():
                for at in [at for at in rows if at < older_than]:
                    del rows[at]
                    dropped += 1
        return dropped

    def close(self) -> None:
        """Do nothing: there is no file."""
