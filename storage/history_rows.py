"""Reads samples of one asset from the table of its class."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from core.clock import Instant
from core.history import Columns
from storage.history_quality import read_marks
from storage.history_tables import Table

_FIRST, _LAST = -(2**63), 2**63 - 1


def read_rows(
    connection: sqlite3.Connection,
    table: Table,
    asset: int,
    channels: Sequence[str],
    span: tuple[Instant, Instant],
    limit: int | None,
) -> Columns:
    """Read the rows that hold any of the channels; with `limit` the newest so many."""
    columns = table.columns(channels)
    present = " OR ".join(f"{c} IS NOT NULL" for c in columns if c != "NULL") or "0"
    rows = connection.execute(
        f"SELECT at, {', '.join(columns) or '0'} FROM {table.name} "  # noqa: S608
        f"WHERE asset = ? AND at >= ? AND at < ? AND ({present}) ORDER BY at DESC LIMIT ?",
        (asset, *(min(max(at, _FIRST), _LAST) for at in span), -1 if limit is None else limit),
    ).fetchall()
    rows.reverse()
    at = np.array([row[0] for row in rows], np.int64)
    values = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), len(channels))
    numbers = [table.channels.get(channel) for channel in channels]
    return Columns(tuple(channels), at, values, read_marks(connection, asset, numbers, at))
