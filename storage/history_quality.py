"""The marks of values that are not good, kept apart from the values since they are few."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.readings import Instants
from storage.history_block import Block
from storage.history_tables import Table

Cell: TypeAlias = tuple[int, Instant, int]
"""Asset number, time, channel number."""


def write_marks(
    connection: sqlite3.Connection, table: Table, block: Block, numbers: NDArray[np.int64]
) -> None:
    """Store the marks of a block, and take back older ones that it wrote good values over."""
    rows = _marked_rows(block) | _rows_over_marks(connection, block, numbers)
    if not rows.any():
        return
    cells = _last_marks(table, block, numbers, np.flatnonzero(rows))
    connection.executemany(
        "INSERT INTO quality VALUES(?, ?, ?, ?) "
        "ON CONFLICT(asset, at, channel) DO UPDATE SET mark = excluded.mark",
        [(*cell, mark) for cell, mark in cells.items() if mark],
    )
    connection.executemany(
        "DELETE FROM quality WHERE asset = ? AND at = ? AND channel = ?",
        [cell for cell, mark in cells.items() if not mark],
    )


def read_marks(
    connection: sqlite3.Connection, asset: int, columns: Sequence[int | None], at: Instants
) -> NDArray[np.uint8] | None:
    """Read the marks of rows at ascending times; None where all is good."""
    if not len(at):
        return None
    found = connection.execute(
        "SELECT at, channel, mark FROM quality WHERE asset = ? AND at BETWEEN ? AND ?",
        (asset, int(at[0]), int(at[-1])),
    ).fetchall()
    marks = np.zeros((len(at), len(columns)), np.uint8)
    row_of = {moment: row for row, moment in enumerate(at.tolist())} if found else {}
    for moment, channel, mark in found:
        for k, column in enumerate(columns):
            if column == channel and moment in row_of:
                marks[row_of[moment], k] = mark
    return marks if marks.any() else None


def _marked_rows(block: Block) -> NDArray[np.bool_]:
    """Find all rows with the keys of rows that carry a mark."""
    if block.quality is None:
        return np.zeros(len(block.at), bool)
    marked = (block.quality > 0).any(axis=1)
    fresh = np.ones(len(block.at), bool)
    fresh[1:] = (block.at[1:] != block.at[:-1]) | (block.asset[1:] != block.asset[:-1])
    key = np.cumsum(fresh) - 1
    found: NDArray[np.bool_] = np.bincount(key, marked)[key] > 0
    return found


def _rows_over_marks(
    connection: sqlite3.Connection, block: Block, numbers: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Find the rows at whose keys marks are stored."""
    found = np.zeros(len(block.at), bool)
    if connection.execute("SELECT 1 FROM quality LIMIT 1").fetchone() is None:
        return found
    bounds = np.flatnonzero(np.diff(block.asset)) + 1
    for rows in np.split(np.arange(len(block.at)), bounds):
        at = block.at[rows]
        stored = connection.execute(
            "SELECT DISTINCT at FROM quality WHERE asset = ? AND at BETWEEN ? AND ?",
            (int(numbers[block.asset[rows[0]]]), int(at[0]), int(at[-1])),
        ).fetchall()
        if stored:
            found[rows] = np.isin(at, np.array(stored, np.int64)[:, 0])
    return found


def _last_marks(
    table: Table, block: Block, numbers: NDArray[np.int64], rows: NDArray[np.intp]
) -> dict[Cell, int]:
    """Return for each cell of these rows the mark of its last value, 0 where that is good."""
    columns = [table.channels[channel] for channel in block.channels]
    cells: dict[Cell, int] = {}
    for row in rows.tolist():
        asset, at = int(numbers[block.asset[row]]), int(block.at[row])
        for k in np.flatnonzero(~np.isnan(block.values[row])).tolist():
            mark = 0 if block.quality is None else int(block.quality[row, k])
            cells[(asset, at, columns[k])] = mark
    return cells
