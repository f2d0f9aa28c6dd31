"""Making room in a full journal: what may go first, and what is told when more had to go."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from core.clock import Instant
from core.errors import Unavailable
from core.journal import Draft, Kind
from core.readings import Readings
from storage import ledger_table
from storage.ledger_table import HISTORY
from storage.settings import JournalSettings

SCORING = "scoring"
"""The consumer that judges readings."""

PATIENT = frozenset({"forward", "commands"})
"""Consumers that wait for a link. Age waits for them; a full journal does not, or a link that is
away would stop the plant's own judgement. What they miss they tell themselves."""

OVERHEAD = 64
_AT_ONCE = 64
_AHEAD = 3


def cost(drafts: Sequence[Draft]) -> int:
    """Count the bytes that entries take."""
    return sum(len(draft.body) for draft in drafts) + OVERHEAD * len(drafts)


def bound(settings: JournalSettings, drafts: Sequence[Draft]) -> int:
    """Return how large the journal may be with these entries in it.

    Readings stop at the bound. What people and the service say about it may take a little more,
    so that a full journal can be told of, and cases can still be acknowledged.
    """
    if any(draft.kind is Kind.READINGS for draft in drafts):
        return settings.max_size
    return settings.max_size + settings.max_size // 50


def full(used: int, settings: JournalSettings) -> Unavailable:
    """Make the error for a journal that cannot take more."""
    return Unavailable(
        f"journal is full: {used} of {settings.max_size} bytes hold what is not yet consumed"
    )


def floor(marks: Mapping[str, int]) -> int:
    """Return the last id that age may trim: passed by every marked consumer and by history."""
    return min([marks.get(HISTORY, 0), *marks.values()])


def disposable(marks: Mapping[str, int]) -> int:
    """Return the last id that may make room: nobody here needs it, not even who never came."""
    here = {name: position for name, position in marks.items() if name not in PATIENT}
    return min(floor(here), here.get(SCORING, 0))


@dataclass(frozen=True, slots=True)
class Held:
    """An entry as far as making room goes."""

    id: int
    at: Instant
    kind: int
    size: int


def readings_in(kind: int, body: bytes) -> int:
    """Count the readings of an entry; one that cannot be read must not keep room from others."""
    if kind != Kind.READINGS:
        return 0
    try:
        return len(Readings.decode(body))
    except (ValueError, msgspec.MsgspecError):
        return 0


def make_room(
    connection: sqlite3.Connection,
    marks: Mapping[str, int],
    needed: int,
    new: int,
    settings: JournalSettings,
) -> int:
    """Drop the oldest entries until `needed` bytes are free; returns how many bytes went.

    First goes what every consumer here has passed, and somewhat more of it than needed, so that the
    next append need not ask again. Then, where so set, what only scoring has passed and history
    has not claimed, with the gap noted. Returns less than `needed` where there is no more to drop.
    """
    freed = _drop(connection, (0, disposable(marks)), needed + _AHEAD * new, gap=False)
    if freed < needed and settings.when_full == "drop_unstored":
        span = ledger_table.claimed(connection), marks.get(SCORING, 0)
        freed += _drop(connection, span, needed - freed, gap=True)
    return freed


def _drop(connection: sqlite3.Connection, span: tuple[int, int], wanted: int, *, gap: bool) -> int:
    """Drop the oldest entries of a span of ids, its first not included."""
    freed = 0
    while freed < wanted:
        found = connection.execute(
            "SELECT id, at, kind, length(body) FROM entries WHERE id > ? AND id <= ? "
            "ORDER BY id LIMIT ?",
            (*span, _AT_ONCE),
        ).fetchall()
        chosen = []
        for row in found:
            if freed >= wanted:
                break
            chosen.append(Held(*row))
            freed += row[3] + OVERHEAD
        if not chosen:
            break
        if gap:
            _note(connection, chosen)
        gone = (chosen[0].id, chosen[-1].id)
        connection.execute("DELETE FROM entries WHERE id BETWEEN ? AND ?", gone)
    connection.execute("UPDATE usage SET bytes = bytes - ?", (freed,))
    return freed


def _note(connection: sqlite3.Connection, entries: Sequence[Held]) -> None:
    """Note in the ledger that entries went unstored, as one gap with those just before them."""
    readings = 0
    for entry in entries:
        if entry.kind == Kind.READINGS:
            body = connection.execute(
                "SELECT body FROM entries WHERE id = ?", (entry.id,)
            ).fetchone()[0]
            readings += readings_in(entry.kind, body)
    first, last = entries[0], entries[-1]
    ledger_table.drop(connection, first.id, last.id)
    grown = connection.execute(
        "UPDATE gaps SET last = ?, entries = entries + ?, readings = readings + ?, stop = ? "
        "WHERE last = ?",
        (last.id, len(entries), readings, last.at, first.id - 1),
    ).rowcount
    if not grown:
        connection.execute(
            "INSERT INTO gaps VALUES(?, ?, ?, ?, ?, ?)",
            (first.id, last.id, len(entries), readings, first.at, last.at),
        )
