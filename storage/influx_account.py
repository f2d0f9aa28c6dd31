"""What InfluxDB does not keep of ours: position, the ledger's counts, and what to sum up yet.

They lie in a small file beside the journal, one for each place, so that pointing at another
database begins at 0 there and skips nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.clock import HOUR, Instant, Span
from core.ledger import Kept
from core.readings import Readings
from storage import history_account
from storage.history_tables import ACCOUNT
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

SAMPLES = 0
_BUSY = 100_000_000
"""Added to the number of an hour while it is summed up; no time that can be held comes near."""

_NEVER = -(2**63)
_OURS = """
CREATE TABLE position(value INTEGER NOT NULL);
INSERT INTO position VALUES(0);
CREATE TABLE touched(hour INTEGER PRIMARY KEY);
CREATE TABLE trimmed(step INTEGER PRIMARY KEY, before INTEGER NOT NULL);
"""
FORM = Form("history position", 0x4D574950, 1, ACCOUNT + _OURS)


class InfluxAccount:
    """The position stored at one place, what was stored and refused, and the hours touched."""

    def __init__(self, folder: Path, place: str) -> None:
        digest = hashlib.blake2b(place.encode(), digest_size=4).hexdigest()
        self._file = SqliteFile(folder / f"history-position-{digest}.db", FORM)

    def kept(self) -> Kept:
        """Read the counts and the position, as of one moment."""
        with self._file.reading() as connection:
            return history_account.read(connection)

    def position(self) -> int:
        """Return the journal position up to which all is stored there."""
        with self._file.reading() as connection:
            return history_account.position(connection)

    def write(self, batches: Sequence[Readings], position: int, refused: Sequence[int]) -> None:
        """Count batches of which so many rows were refused; on the disk when this returns."""
        hours = {hour for b in batches for hour in np.unique(b.at // HOUR).tolist()}
        with self._file.writing() as connection:
            history_account.write(connection, batches, position, refused)
            connection.executemany(
                "INSERT OR IGNORE INTO touched VALUES(?)", [(hour,) for hour in hours]
            )

    def touched(self) -> list[int]:
        """Return the hours, counted from 1970, that were written to since they were summed up."""
        with self._file.reading() as connection:
            rows = connection.execute("SELECT hour FROM touched").fetchall()
        return sorted({hour - _BUSY * (hour > _BUSY // 2) for (hour,) in rows})

    def settling(self, hours: Iterable[int]) -> None:
        """Note that hours are about to be summed up: what is written from here on may be missed."""
        rows = [(hour,) for hour in hours]
        with self._file.writing() as connection:
            busy = [(hour + _BUSY,) for (hour,) in rows]
            connection.executemany("INSERT OR IGNORE INTO touched VALUES(?)", busy)
            connection.executemany("DELETE FROM touched WHERE hour = ?", rows)

    def settled(self, hours: Iterable[int]) -> None:
        """Note that hours are summed up, as they were when that began."""
        busy = [(hour + _BUSY,) for hour in hours]
        with self._file.writing(durable=False) as connection:
            connection.executemany("DELETE FROM touched WHERE hour = ?", busy)

    def trimmed(self, step: Span) -> Instant:
        """Return before which moment steps (or `SAMPLES`) may be gone."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT before FROM trimmed WHERE step = ?", (step,)
            ).fetchone()
        return _NEVER if row is None else int(row[0])

    def mark_trimmed(self, step: Span, before: Instant) -> None:
        """Note, before they go, that steps (or `SAMPLES`) may be gone."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO trimmed VALUES(?, ?) ON CONFLICT(step) "
                "DO UPDATE SET before = max(before, excluded.before)",
                (step, before),
            )

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
