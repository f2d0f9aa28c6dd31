"""Downsampled history in SQLite: a row of packed numbers for each asset and step.

A write only notes which moments of which asset it touched. `settle` sums those up later, an hour
at a time; until then whoever reads sums them up for itself, so that it makes no difference to what
is read.
Hours are made from minutes. Minutes are made from samples, but where samples may be trimmed away
already the minute that is known stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR, MINUTE, Instant, Span
from core.history import Columns, Summary
from storage import history_steps as steps
from storage.history_block import Block
from storage.history_rows import read_rows
from storage.history_tables import Table, class_table

SCHEMA = """
CREATE TABLE touched(
    asset INTEGER NOT NULL, hour INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY(asset, hour)) WITHOUT ROWID;
CREATE TABLE summaries(
    step INTEGER NOT NULL, asset INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(step, asset, at)) WITHOUT ROWID;
CREATE TABLE trimmed(step INTEGER PRIMARY KEY, before INTEGER NOT NULL);
"""
_ALL = "INSERT INTO touched SELECT id, 0, -9000000000000000000, 9000000000000000000 FROM assets;"
UPGRADE = SCHEMA + _ALL
"""For a file without summaries: all that is in it is still to be summed up."""

SAMPLES = 0
_NEVER = -(2**63)
_BEGIN = (-1, _NEVER)
_AT_ONCE, _SAMPLES_AT_ONCE = 200, 20_000
_FIRST, _LAST = -(9 * 10**18), 9 * 10**18
_TOUCH = (
    "INSERT INTO touched VALUES(?, ?, ?, ?) ON CONFLICT(asset, hour) "
    "DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)"
)


def touch(connection: sqlite3.Connection, block: Block, numbers: NDArray[np.int64]) -> None:
    """Note which moments a block wrote to."""
    hours = block.at // HOUR * HOUR
    fresh = (np.diff(block.asset) != 0) | (np.diff(hours) != 0)
    starts = np.flatnonzero(np.concatenate(([True], fresh)))
    ends = np.append(starts[1:], len(hours)) - 1
    parts = (numbers[block.asset[starts]], hours[starts], block.at[starts], block.at[ends])
    connection.executemany(_TOUCH, zip(*(part.tolist() for part in parts), strict=True))


def mark_trimmed(connection: sqlite3.Connection, step: Span, before: Instant) -> None:
    """Note that steps (or `SAMPLES`) may be gone."""
    connection.execute(
        "INSERT INTO trimmed VALUES(?, ?) ON CONFLICT(step) "
        "DO UPDATE SET before = max(before, excluded.before)",
        (step, before),
    )


@dataclass(frozen=True, slots=True)
class Series:
    """The downsampled history of one asset in the table of its class, of all its channels."""

    connection: sqlite3.Connection
    table: Table
    asset: int

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels in the order of their columns."""
        return tuple(sorted(self.table.channels, key=self.table.channels.__getitem__))

    def read(self, step: Span, start: Instant, stop: Instant) -> Summary:
        """Read the steps that begin within a span, as if everything were settled."""
        start, stop = steps.up(max(start, _FIRST), step), steps.up(min(stop, _LAST), step)
        found = self._stored(step, start, stop)
        for first, last in self.connection.execute(
            "SELECT first, last FROM touched WHERE asset = ? AND first < ? AND last >= ?",
            (self.asset, stop, start),
        ).fetchall():
            begin, end = max(first // step * step, start), min(steps.up(last + 1, step), stop)
            for piece in self._pieces(begin, end):
                found = self._renewed(found, self._made(step, *piece), step, *piece)
        return found

    def settle(self, hour: int, first: Instant, last: Instant) -> tuple[int, bool]:
        """Sum up the newest hour of what was touched.

        Returns how many samples that took, and whether more of it is left.
        """
        newest = self.connection.execute(
            f"SELECT max(at) FROM {self.table.name} WHERE asset = ? AND at BETWEEN ? AND ?",  # noqa: S608
            (self.asset, first, last),
        ).fetchone()[0]
        begin = _NEVER if newest is None else newest // HOUR * HOUR
        left = self._shorten(hour, first, begin - 1)
        if newest is None:
            return 0, False
        span = (max(first // MINUTE * MINUTE, begin), min(steps.up(last + 1, MINUTE), begin + HOUR))
        samples = self._samples(*span)
        minutes, hours = self._stored(MINUTE, *span), self._stored(HOUR, begin, begin + HOUR)
        fresh = steps.summed(samples, MINUTE)
        self._put(MINUTE, self._renewed(minutes, fresh, MINUTE, *span), *span)
        whole = (begin, begin + HOUR)
        self._put(HOUR, self._renewed(hours, self._made(HOUR, *whole), HOUR, *whole), *whole)
        return len(samples), left

    def _shorten(self, hour: int, first: Instant, last: Instant) -> bool:
        key = (self.asset, hour)
        if last < first:
            self.connection.execute("DELETE FROM touched WHERE asset = ? AND hour = ?", key)
            return False
        self.connection.execute(
            "UPDATE touched SET last = ? WHERE asset = ? AND hour = ?", (last, *key)
        )
        return True

    def _made(self, step: Span, start: Instant, stop: Instant) -> Summary:
        """Make steps from what they are made of: hours from minutes, minutes from samples."""
        if step == MINUTE:
            return steps.summed(self._samples(start, stop), MINUTE)
        return steps.combined(self.channels, (self.read(MINUTE, start, stop),), step)

    def _renewed(
        self, found: Summary, fresh: Summary, step: Span, start: Instant, stop: Instant
    ) -> Summary:
        """Put fresh steps over those found, but not where what they are made of may be gone."""
        below = SAMPLES if step == MINUTE else MINUTE
        row = self.connection.execute(
            "SELECT before FROM trimmed WHERE step = ?", (below,)
        ).fetchone()
        whole = _NEVER if row is None else row[0]
        fresh = steps.chosen(fresh, (fresh.at >= whole) | ~np.isin(fresh.at, found.at))
        return steps.replaced(found, fresh, max(start, whole), stop, step)

    def _pieces(self, start: Instant, stop: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Cut a span into days, and leave out those without samples."""
        query = f"SELECT min(at) FROM {self.table.name} WHERE asset = ? AND at >= ? AND at < ?"  # noqa: S608
        while start < stop:
            at = self.connection.execute(query, (self.asset, start, stop)).fetchone()[0]
            if at is None:
                return
            start = max(start, at // HOUR * HOUR)
            end = min(stop, start // DAY * DAY + DAY)
            yield start, end
            start = end

    def _samples(self, start: Instant, stop: Instant) -> Columns:
        return read_rows(
            self.connection, self.table, self.asset, self.channels, (start, stop), None
        )

    def _stored(self, step: Span, start: Instant, stop: Instant) -> Summary:
        rows = self.connection.execute(
            "SELECT at, body FROM summaries WHERE step = ? AND asset = ? AND at >= ? AND at < ? "
            "ORDER BY at",
            (step, self.asset, start, stop),
        ).fetchall()
        return _unpacked(self.channels, rows)

    def _put(self, step: Span, summary: Summary, start: Instant, stop: Instant) -> None:
        key = (step, self.asset)
        self.connection.execute(
            "DELETE FROM summaries WHERE step = ? AND asset = ? AND at >= ? AND at < ?",
            (*key, start, stop),
        )
        self.connection.executemany(
            "INSERT INTO summaries VALUES(?, ?, ?, ?)",
            ((*key, at, body) for at, body in _packed(summary)),
        )


class Settling:
    """Goes round what was touched, a bounded piece at a time, so that every asset has its turn."""

    def __init__(self) -> None:
        self._done = _BEGIN
        self._left = False

    def step(self, connection: sqlite3.Connection, older_than: Instant | None) -> bool:
        """Sum up some; tells whether more waits. With `older_than`, only what begins before it."""
        samples = 0
        for _ in range(_AT_ONCE):
            row = connection.execute(
                "SELECT t.asset, hour, first, last, a.class FROM touched t "
                "JOIN assets a ON a.id = t.asset "
                "WHERE (t.asset, hour) > (?, ?) AND first < ? ORDER BY t.asset, hour LIMIT 1",
                (*self._done, _LAST if older_than is None else older_than),
            ).fetchone()
            if row is None:
                left, self._left, self._done = self._left, False, _BEGIN
                return left
            asset, hour, first, last, number = row
            series = Series(connection, class_table(connection, number), asset)
            count, left = series.settle(hour, first, last)
            self._left |= left
            self._done = (asset, hour)
            samples += count
            if samples >= _SAMPLES_AT_ONCE:
                break
        return True


def _packed(summary: Summary) -> Iterator[tuple[Instant, bytes]]:
    parts = (summary.mean, summary.low, summary.high, summary.count.astype(np.float64))
    bodies = np.stack(parts, axis=1)  # (steps, 4, channels)
    return zip(summary.at.tolist(), map(np.ndarray.tobytes, bodies), strict=True)


def _unpacked(channels: tuple[str, ...], rows: Sequence[tuple[Instant, bytes]]) -> Summary:
    """Read packed steps; those from before a channel was known are shorter."""
    cells = np.full((len(rows), 4, len(channels)), np.nan)
    cells[:, 3] = 0
    done = 0
    for size, same in groupby(len(body) for _, body in rows):
        count, width = len(list(same)), size // 32
        body = b"".join(body for _, body in rows[done : done + count])
        cells[done : done + count, :, :width] = np.frombuffer(body).reshape(count, 4, width)
        done += count
    at = np.array([at for at, _ in rows], np.int64)
    return Summary(
        channels, at, cells[:, 0], cells[:, 1], cells[:, 2], cells[:, 3].astype(np.int64)
    )
