"""The history's side of the ledger, in its SQLite file: position, and messages by source."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from core.ledger import Kept
from core.readings import Readings


def read(connection: sqlite3.Connection) -> Kept:
    """Read what was stored and refused, and up to where."""
    name = connection.execute("SELECT name FROM identity").fetchone()[0]
    rows = connection.execute("SELECT source, stored, refused FROM messages").fetchall()
    stored = {source: count for source, count, _ in rows if count}
    refused = {source: count for source, _, count in rows if count}
    return Kept(name, position(connection), stored, refused)


def position(connection: sqlite3.Connection) -> int:
    """Read the journal position up to which all is stored."""
    value: int = connection.execute("SELECT value FROM position").fetchone()[0]
    return value


def write(
    connection: sqlite3.Connection,
    batches: Sequence[Readings],
    position: int,
    refused: Sequence[int],
) -> None:
    """Count batches of which so many rows were refused, and set the position they reach to."""
    kept = read(connection).after(batches, position, refused)
    connection.execute("UPDATE position SET value = ?", (kept.position,))
    connection.executemany(
        "INSERT OR REPLACE INTO messages VALUES(?, ?, ?)",
        [
            (source, kept.stored.get(source, 0), kept.refused.get(source, 0))
            for source in {*kept.stored, *kept.refused}
        ],
    )
