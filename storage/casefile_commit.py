"""Writing an advance of scoring into the tables of cases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from core.alert import Notice, Transition
from core.casefile import LIFE, Advance, Condition
from core.clock import DAY, Span
from core.errors import Refused
from core.work import WorkEvent
from storage import casefile_body, cursor

SCHEMA = """
CREATE TABLE position(value INTEGER NOT NULL);
CREATE TABLE alerts(
    id TEXT PRIMARY KEY, asset TEXT NOT NULL, site TEXT NOT NULL, trouble TEXT NOT NULL,
    severity TEXT NOT NULL, state TEXT NOT NULL, closed INTEGER NOT NULL,
    mildness INTEGER NOT NULL, age INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX alerts_in_order ON alerts(closed, mildness, age, id);
CREATE INDEX alerts_of_asset ON alerts(asset, closed, mildness, age, id);
CREATE TABLE transitions(
    id INTEGER PRIMARY KEY, alert TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX transitions_of_alert ON transitions(alert, version);
CREATE TABLE notices(
    id INTEGER PRIMARY KEY AUTOINCREMENT, notifier TEXT NOT NULL, dedup_key TEXT NOT NULL,
    event INTEGER NOT NULL, sent INTEGER NOT NULL, body BLOB, UNIQUE(notifier, dedup_key));
CREATE INDEX notices_pending ON notices(notifier, id) WHERE sent = 0;
CREATE TABLE outcomes(command TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE work(
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, asset TEXT NOT NULL, at INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX work_of_asset ON work(asset, at);
CREATE INDEX work_at ON work(at);
CREATE TABLE statuses(asset TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE series(
    id INTEGER PRIMARY KEY, asset TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(asset, name));
CREATE TABLE conditions(
    series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL,
    PRIMARY KEY(series, at)) WITHOUT ROWID;
CREATE TABLE checkpoint(name TEXT PRIMARY KEY, body BLOB NOT NULL);
"""
_TRIM_AT_ONCE = 500

KEEP_LIVES: Span = 2 * 365 * DAY
"""Estimates of remaining life are few, and are wanted once that life has ended."""


def commit(connection: sqlite3.Connection, advance: Advance) -> None:
    """Write everything that an advance changed, and its position.

    An advance at the position that is stored already came before, in whole or but for what is
    newer in its statuses: only what has a key of its own is written, so nothing is doubled. One
    from before the stored position comes from a second writer.
    """
    row = connection.execute("SELECT value FROM position").fetchone()
    if row is None:
        connection.execute("INSERT INTO position VALUES(?)", (advance.position,))
    elif advance.position < row[0]:
        raise behind(advance.position, row[0])
    else:
        connection.execute("UPDATE position SET value = ?", (advance.position,))
    if row is None or advance.position > row[0]:
        _put_cases(connection, advance)
        _put_work(connection, advance.work)
        _put_conditions(connection, advance.conditions)
    _put_keyed(connection, advance)


def behind(position: int, stored: int) -> Refused:
    """Make the error for an advance that the file has gone beyond."""
    return Refused(
        f"cases stand at journal entry {stored} and cannot go back to {position}; "
        f"is another scoring at work on them?"
    )


def trim_conditions(connection: sqlite3.Connection, keep: Span) -> None:
    """Drop some thinned scores that are older than `keep` before the newest of their series.

    Estimates of remaining life stay for `KEEP_LIVES` at least.
    """
    for number, name, newest in connection.execute(
        "SELECT id, name, (SELECT max(at) FROM conditions WHERE series = id) FROM series"
    ).fetchall():
        if newest is not None:
            kept = max(keep, KEEP_LIVES) if name.startswith(LIFE) else keep
            connection.execute(
                "DELETE FROM conditions WHERE series = ?1 AND at <= (SELECT max(at) FROM ("
                "SELECT at FROM conditions WHERE series = ?1 AND at < ?2 ORDER BY at LIMIT ?3))",
                (number, newest - kept, _TRIM_AT_ONCE),
            )


def _put_cases(connection: sqlite3.Connection, advance: Advance) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO alerts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                alert.id,
                alert.asset,
                cursor.site_of(alert.asset),
                alert.group,
                alert.severity.value,
                alert.state.value,
                *cursor.place(alert)[:3],
                casefile_body.encode(alert),
            )
            for alert in advance.alerts
        ),
    )
    if advance.transitions:
        _put_transitions(connection, advance.transitions)
    for notice in advance.notices:
        _put_notice(connection, notice)


def _put_transitions(connection: sqlite3.Connection, steps: Sequence[Transition]) -> None:
    last = connection.execute("SELECT coalesce(max(id), 0) FROM transitions").fetchone()[0]
    connection.executemany(
        "INSERT INTO transitions VALUES(?, ?, ?, ?)",
        (
            (number, step.alert, step.version, casefile_body.encode(step))
            for number, step in enumerate(steps, last + 1)
        ),
    )


def _put_notice(connection: sqlite3.Connection, notice: Notice) -> None:
    step = notice.transition
    row = connection.execute(
        "SELECT max(id) FROM transitions WHERE alert = ? AND version = ?",
        (step.alert, step.version),
    ).fetchone()
    connection.execute(
        "INSERT OR IGNORE INTO notices(notifier, dedup_key, event, sent, body) "
        "VALUES(?, ?, ?, 0, ?)",
        (notice.notifier, notice.dedup_key, row[0] or step.id, casefile_body.encode(notice)),
    )


def _put_work(connection: sqlite3.Connection, events: Iterable[WorkEvent]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO work(id, asset, at, body) VALUES(?, ?, ?, ?)",
        (
            (event.id or None, event.asset, event.at, casefile_body.encode(event))
            for event in events
        ),
    )


def _put_conditions(connection: sqlite3.Connection, conditions: Sequence[Condition]) -> None:
    if not conditions:
        return
    keys = {(condition.asset, condition.name) for condition in conditions}
    connection.executemany("INSERT OR IGNORE INTO series(asset, name) VALUES(?, ?)", keys)
    numbers = {
        key: connection.execute(
            "SELECT id FROM series WHERE asset = ? AND name = ?", key
        ).fetchone()[0]
        for key in keys
    }
    connection.executemany(
        "INSERT OR REPLACE INTO conditions VALUES(?, ?, ?)",
        ((numbers[(one.asset, one.name)], one.at, one.value) for one in conditions),
    )


def _put_keyed(connection: sqlite3.Connection, advance: Advance) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO outcomes VALUES(?, ?)",
        ((one.command, casefile_body.encode(one)) for one in advance.outcomes),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO statuses VALUES(?, ?)",
        ((one.asset, casefile_body.encode(one)) for one in advance.statuses),
    )
    connection.executemany(
        "INSERT INTO checkpoint VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET body = excluded.body",
        ((name, body) for name, body in advance.checkpoint.items() if body),
    )
    connection.executemany(
        "DELETE FROM checkpoint WHERE name = ?",
        ((name,) for name, body in advance.checkpoint.items() if not body),
    )
