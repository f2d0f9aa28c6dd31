"""How history lies in SQLite: one wide table per asset class, a column per channel.

Names from outside never become SQL: classes, channels and assets are rows with numbers, and the
numbers name tables and columns. A row is keyed by asset and time, so that what is read together
lies together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import Refused

_MOST_CHANNELS = 1900
ACCOUNT = """
CREATE TABLE identity(name TEXT NOT NULL);
INSERT INTO identity VALUES(lower(hex(randomblob(8))));
CREATE TABLE messages(
    source TEXT PRIMARY KEY, stored INTEGER NOT NULL, refused INTEGER NOT NULL) WITHOUT ROWID;
"""
"""The history's side of the ledger."""

SCHEMA = (
    ACCOUNT
    + """
CREATE TABLE position(value INTEGER NOT NULL);
INSERT INTO position VALUES(0);
CREATE TABLE classes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE channels(
    class INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY(class, number), UNIQUE(class, name)) WITHOUT ROWID;
CREATE TABLE assets(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, class INTEGER NOT NULL, UNIQUE(name, class));
CREATE TABLE quality(
    asset INTEGER NOT NULL, at INTEGER NOT NULL, channel INTEGER NOT NULL, mark INTEGER NOT NULL,
    PRIMARY KEY(asset, at, channel)) WITHOUT ROWID;
"""
)


@dataclass(slots=True)
class Table:
    """The table of one class: its number, and the column number of each channel."""

    id: int
    channels: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in SQL."""
        return f"telemetry_{self.id}"

    def columns(self, channels: Sequence[str]) -> list[str]:
        """Name the columns of channels in SQL; a channel that was never stored is NULL."""
        found = (self.channels.get(channel) for channel in channels)
        return ["NULL" if number is None else f"c{number}" for number in found]

    def upsert(self, channels: Sequence[str]) -> str:
        """Write the statement that merges a row in: what is present wins over what is there."""
        columns = self.columns(channels)
        places = ", ".join("?" * (len(columns) + 2))
        merged = ", ".join(f"{c} = coalesce(excluded.{c}, {c})" for c in columns)
        return (
            f"INSERT INTO {self.name}(asset, at, {', '.join(columns)}) VALUES({places}) "
            f"ON CONFLICT(asset, at) DO UPDATE SET {merged}"
        )


def table_for(connection: sqlite3.Connection, name: str, channels: Sequence[str]) -> Table:
    """Find or make the table of a class, with columns for at least these channels.

    `Refused`, with nothing changed, where that would be more columns than a table can have.
    """
    row = connection.execute("SELECT id FROM classes WHERE name = ?", (name,)).fetchone()
    known = {} if row is None else _channels(connection, row[0])
    if len(known.keys() | set(channels)) > _MOST_CHANNELS:
        msg = f"{name}: SQLite history keeps no more than {_MOST_CHANNELS} channels of one class"
        raise Refused(msg)
    if row is None:
        cursor = connection.execute("INSERT INTO classes(name) VALUES(?)", (name,))
        row = (cursor.lastrowid,)
        connection.execute(
            f"CREATE TABLE telemetry_{row[0]}(asset INTEGER NOT NULL, at INTEGER NOT NULL, "
            f"PRIMARY KEY(asset, at)) WITHOUT ROWID"
        )
    table = Table(row[0], known)
    for channel in channels:
        if channel not in table.channels:
            _add(connection, table, channel)
    return table


def assets_for(
    connection: sqlite3.Connection, table: Table, names: Sequence[str]
) -> dict[str, int]:
    """Find or make the numbers of assets of a class."""
    connection.executemany(
        "INSERT OR IGNORE INTO assets(name, class) VALUES(?, ?)",
        [(name, table.id) for name in names],
    )
    return dict(
        connection.execute("SELECT name, id FROM assets WHERE class = ?", (table.id,)).fetchall()
    )


def tables_of(connection: sqlite3.Connection, asset: str) -> list[tuple[Table, int]]:
    """Return where an asset's rows are: mostly one table, more where its class was changed."""
    rows = connection.execute(
        "SELECT class, id FROM assets WHERE name = ? ORDER BY id", (asset,)
    ).fetchall()
    return [(Table(number, _channels(connection, number)), asset_id) for number, asset_id in rows]


def class_table(connection: sqlite3.Connection, number: int) -> Table:
    """Return the table of a class by its number."""
    return Table(number, _channels(connection, number))


def all_tables(connection: sqlite3.Connection) -> list[tuple[Table, list[int]]]:
    """Return every table with the numbers of its assets."""
    found = []
    for (number,) in connection.execute("SELECT id FROM classes ORDER BY id").fetchall():
        assets = connection.execute("SELECT id FROM assets WHERE class = ?", (number,)).fetchall()
        found.append((Table(number), [row[0] for row in assets]))
    return found


def _channels(connection: sqlite3.Connection, number: int) -> dict[str, int]:
    return dict(
        connection.execute(
            "SELECT name, number FROM channels WHERE class = ?", (number,)
        ).fetchall()
    )


def _add(connection: sqlite3.Connection, table: Table, channel: str) -> None:
    number = len(table.channels)
    connection.execute(f"ALTER TABLE {table.name} ADD COLUMN c{number} REAL")
    connection.execute("INSERT INTO channels VALUES(?, ?, ?)", (table.id, number, channel))
    table.channels[channel] = number
