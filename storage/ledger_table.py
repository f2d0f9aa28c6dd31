"""The journal's side of the ledger: its tables, written within the transactions of others."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

from core.ledger import GIVEN_UP, Account, Booked, Fate, Kept, differences
from core.rejection import Rejection

HISTORY = "history"
"""The consumer that stores readings; until it has left a mark, nothing counts as stored."""

SCHEMA = """
CREATE TABLE ledger(
    source TEXT NOT NULL, fate TEXT NOT NULL, reason TEXT NOT NULL, messages INTEGER NOT NULL,
    PRIMARY KEY(source, fate, reason)) WITHOUT ROWID;
CREATE TABLE books(history TEXT NOT NULL, claim INTEGER NOT NULL);
INSERT INTO books VALUES('', 0);
CREATE INDEX entries_waiting ON entries(id, source, messages) WHERE messages > 0;
"""
FROM_1 = (
    """
ALTER TABLE entries ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE letters ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE letters ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
"""
    + SCHEMA
)
"""What a journal of form 1 lacks. What it holds already takes no part in the sum."""

NEW_HISTORY = "a new history"


def of_rejections(rejections: Iterable[Rejection], account: Account) -> Account:
    """Add what was refused to an account; a rejection without a source is no message's."""
    counts = Counter(account)
    for one in rejections:
        if one.source:
            counts[one.source, Fate.REJECTED, str(one.reason)] += one.messages
            counts[one.source, Fate.IN_PART, str(one.reason)] += not one.messages
    return counts


def book(connection: sqlite3.Connection, account: Account) -> None:
    """Add counts."""
    connection.executemany(
        "INSERT INTO ledger VALUES(?, ?, ?, ?) ON CONFLICT(source, fate, reason) "
        "DO UPDATE SET messages = messages + excluded.messages",
        [(source, str(fate), why, n) for (source, fate, why), n in account.items() if n],
    )


def drop(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Count the messages of entries that are about to make room unstored."""
    found = connection.execute(
        "SELECT source, sum(messages) FROM entries INDEXED BY entries_waiting "
        "WHERE id BETWEEN ? AND ? AND messages > 0 GROUP BY source",
        (first, last),
    ).fetchall()
    book(connection, {(source, Fate.DROPPED, GIVEN_UP): count for source, count in found})


def booked(connection: sqlite3.Connection, position: int) -> Booked:
    """Read the counts and what waits beyond a position."""
    counts = {
        (source, Fate(fate), reason): messages
        for source, fate, reason, messages in connection.execute("SELECT * FROM ledger")
    }
    waiting = connection.execute(
        "SELECT source, sum(messages) FROM entries INDEXED BY entries_waiting "
        "WHERE id > ? AND messages > 0 GROUP BY source",
        (position,),
    )
    history = connection.execute("SELECT history FROM books").fetchone()[0]
    return Booked(counts, dict(waiting.fetchall()), history)


def pair(connection: sqlite3.Connection, kept: Kept) -> None:
    """Go on with a history, settling what it does not have in common with the one before."""
    found = booked(connection, kept.position)
    if found.history != kept.history:
        book(connection, differences(kept, found, NEW_HISTORY))
        connection.execute("UPDATE books SET history = ?, claim = 0", (kept.history,))
        # what the history before had stored, this one may not have: it must not be trimmed
        connection.execute(
            "UPDATE marks SET position = min(position, ?) WHERE consumer = ?",
            (kept.position, HISTORY),
        )
    claim(connection, kept.position)


def claim(connection: sqlite3.Connection, position: int) -> None:
    """Let nothing up to `position` make room unstored."""
    connection.execute("UPDATE books SET claim = max(claim, ?)", (position,))


def claimed(connection: sqlite3.Connection) -> int:
    """Return up to where history has claimed entries."""
    position: int = connection.execute("SELECT claim FROM books").fetchone()[0]
    return position
