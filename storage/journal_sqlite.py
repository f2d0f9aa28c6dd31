"""The journal in one SQLite file: entries, kept rejections, marks and the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from core.clock import Instant
from core.journal import Draft, Entry, Gap, Kind, Usage
from core.ledger import NOTHING, Account, Booked, Kept, differences
from core.rejection import DeadLetter, Reason, Rejection
from storage import dead_letters, ledger_table
from storage.dead_letters import DeadLetterTable
from storage.journal_room import OVERHEAD, bound, cost, disposable, floor, full, make_room
from storage.settings import JournalSettings
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

_READ_AT_MOST = 8_000_000
_TRIM_AT_ONCE = 16
_SCHEMA = """
CREATE TABLE entries(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind INTEGER NOT NULL,
    source TEXT NOT NULL DEFAULT '', messages INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX entries_at ON entries(at);
CREATE TABLE usage(bytes INTEGER NOT NULL);
INSERT INTO usage VALUES(0);
CREATE TABLE marks(consumer TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE gaps(
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, entries INTEGER NOT NULL,
    readings INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL);
"""
_REACHED = """
CREATE TABLE reached(sender TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""
FORM = Form(
    "journal",
    0x4D574A31,
    3,
    _SCHEMA + dead_letters.SCHEMA + ledger_table.SCHEMA + _REACHED,
    {1: ledger_table.FROM_1, 2: _REACHED},
)
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'entries'"


class SqliteJournal:
    """Implements `core.journal.Journal`, `DeadLetters` and `Ledger` on one file.

    Bytes are counted as bodies plus a little for each entry; the file itself is somewhat larger,
    and what trimming frees is used again rather than given back.
    """

    def __init__(self, path: Path, settings: JournalSettings) -> None:
        self._settings = settings
        self._file = SqliteFile(path, FORM)
        self._letters = DeadLetterTable(settings.rejected_max_size, settings.rejected_per_source)
        try:
            self._bring_up_to_date()
        except BaseException:
            self._file.close()
            raise

    def append(
        self,
        drafts: Sequence[Draft],
        rejections: Sequence[Rejection] = (),
        account: Account = NOTHING,
        reached: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """Commit entries, dead letters and counts together; `Unavailable` leaves nothing behind."""
        if not (drafts or rejections or account or reached):
            return self.last_id()
        with self._file.writing() as connection:
            if drafts:
                self._take(connection, drafts)
            if rejections:
                self._letters.add(connection, rejections)
            if rejections or account:
                ledger_table.book(connection, ledger_table.of_rejections(rejections, account))
            connection.executemany(
                "INSERT INTO reached VALUES(?, ?) "
                "ON CONFLICT(sender) DO UPDATE SET position = excluded.position",
                list(reached.items()),
            )
            return _last_id(connection)

    def reached(self) -> dict[str, int]:
        """Return how far each sender has come that numbers what it sends."""
        with self._file.reading() as connection:
            return dict(connection.execute("SELECT sender, position FROM reached").fetchall())

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        """Return the entries that follow; fewer than `limit` where they are large."""
        entries: list[Entry] = []
        size = 0
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT id, at, kind, body, source, messages FROM entries WHERE id > ? "
                "ORDER BY id LIMIT ?",
                (after, limit),
            )
            for entry_id, at, kind, body, source, messages in rows:
                entries.append(Entry(entry_id, at, Kind(kind), body, source, messages))
                size += len(body)
                if size >= _READ_AT_MOST:
                    break
            rows.close()
        return entries

    def last_id(self) -> int:
        """Return the id of the newest entry ever appended."""
        with self._file.reading() as connection:
            return _last_id(connection)

    def skip_to(self, position: int) -> None:
        """Give no more ids up to `position`: consumers that stand there would never see them.

        Needed where a journal was moved aside and a new one began while its consumers went on.
        """
        if self.last_id() >= position:
            return
        with self._file.writing() as connection:
            if _last_id(connection) < position:  # another process may have been quicker
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'entries'")
                connection.execute("INSERT INTO sqlite_sequence VALUES('entries', ?)", (position,))

    def mark(self, consumer: str, position: int) -> None:
        """Note how far a consumer has come; a power cut may set it back a little."""
        with self._file.writing(durable=False) as connection:
            connection.execute(
                "INSERT INTO marks VALUES(?, ?) "
                "ON CONFLICT(consumer) DO UPDATE SET position = excluded.position",
                (consumer, position),
            )

    def forget(self, consumer: str) -> None:
        """Wait no longer for a consumer that is no more."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM marks WHERE consumer = ?", (consumer,))

    def marks(self) -> dict[str, int]:
        """Return the consumers' marks."""
        with self._file.reading() as connection:
            return _marks(connection)

    def trim(self, older_than: Instant) -> int:
        """Drop old entries that every marked consumer and history have passed.

        A consumer that never left a mark is not waited for, except for history.
        """
        dropped = 0
        while count := self._trim_some(older_than):
            dropped += count
        return dropped

    def usage(self) -> Usage:
        """Tell how full the journal is; `first_id` is 0 where it is empty."""
        with self._file.reading() as connection:
            used = connection.execute("SELECT bytes FROM usage").fetchone()[0]
            first = connection.execute("SELECT id, at FROM entries ORDER BY id LIMIT 1").fetchone()
            first_id, oldest = first or (0, None)
            passed = disposable(_marks(connection))
            last_id = _last_id(connection)
            return Usage(used, self._settings.max_size, first_id, last_id, oldest, passed)

    def gaps(self) -> list[Gap]:
        """List what made room before history had stored it."""
        with self._file.reading() as connection:
            return [Gap(*row) for row in connection.execute("SELECT * FROM gaps ORDER BY first")]

    def booked(self, position: int) -> Booked:
        """Read the ledger's counts and what waits beyond a position."""
        with self._file.reading() as connection:
            return ledger_table.booked(connection, position)

    def pair(self, kept: Kept) -> None:
        """Go on with a history; with another one than before the sum begins anew."""
        with self._file.writing() as connection:
            ledger_table.pair(connection, kept)

    def settle(self, kept: Kept, reason: str) -> None:
        """Book what is missing as settled."""
        with self._file.writing() as connection:
            found = ledger_table.booked(connection, kept.position)
            ledger_table.book(connection, differences(kept, found, reason))

    def claim(self, after: int, last: int) -> bool:
        """Let no entry up to `last` make room; tells whether one after `after` had."""
        if self._settings.when_full == "stop":
            return False
        with self._file.writing(durable=False) as connection:
            ledger_table.claim(connection, last)
            gaps = connection.execute(
                "SELECT count(*) FROM gaps WHERE first <= ? AND last > ?", (last, after)
            )
            return bool(gaps.fetchone()[0])

    def rejected(self, limit: int = 100, reason: Reason | None = None) -> list[DeadLetter]:
        """List the newest kept rejections, newest first."""
        with self._file.reading() as connection:
            return self._letters.listed(connection, limit, reason)

    def letter(self, letter_id: int) -> DeadLetter | None:
        """Find one kept rejection."""
        with self._file.reading() as connection:
            return self._letters.found(connection, letter_id)

    def discard(self, letter_ids: Sequence[int]) -> int:
        """Remove kept rejections; returns how many were there."""
        with self._file.writing() as connection:
            return self._letters.remove(connection, letter_ids)

    def take_back(
        self, letter_ids: Sequence[int], drafts: Sequence[Draft], account: Account
    ) -> bool:
        """Put entries in place of rejections; false, and nothing done, where one is gone."""
        with self._file.writing() as connection:
            if any(self._letters.found(connection, one) is None for one in letter_ids):
                return False
            self._letters.remove(connection, letter_ids)
            self._take(connection, drafts)
            ledger_table.book(connection, account)
            return True

    def rejected_counts(self) -> dict[Reason, int]:
        """Count all rejections ever, by reason."""
        with self._file.reading() as connection:
            return self._letters.counts(connection)

    def dropped(self) -> int:
        """Count the kept rejections that made room."""
        with self._file.reading() as connection:
            return self._letters.dropped(connection)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _bring_up_to_date(self) -> None:
        with self._file.reading() as connection:
            older = dead_letters.lacks_columns(connection)
        if older:
            with self._file.writing() as connection:
                dead_letters.add_columns(connection)

    def _take(self, connection: sqlite3.Connection, drafts: Sequence[Draft]) -> None:
        new = cost(drafts)
        used = connection.execute("SELECT bytes FROM usage").fetchone()[0]
        over = used + new - bound(self._settings, drafts)
        if over > 0:
            freed = make_room(connection, _marks(connection), over, new, self._settings)
            if freed < over:
                raise full(used, self._settings)
        for draft in drafts:
            connection.execute(
                "INSERT INTO entries(at, kind, source, messages, body) VALUES(?, ?, ?, ?, ?)",
                (draft.at, int(draft.kind), draft.source, draft.messages, draft.body),
            )
        connection.execute("UPDATE usage SET bytes = bytes + ?", (new,))

    def _trim_some(self, older_than: Instant) -> int:
        with self._file.writing(durable=False) as connection:
            found = connection.execute(
                "SELECT id, length(body) FROM entries INDEXED BY entries_at "
                "WHERE at < ? AND id <= ? ORDER BY at LIMIT ?",
                (older_than, floor(_marks(connection)), _TRIM_AT_ONCE),
            ).fetchall()
            freed = sum(size + OVERHEAD for _, size in found)
            connection.executemany("DELETE FROM entries WHERE id = ?", [row[:1] for row in found])
            connection.execute("UPDATE usage SET bytes = bytes - ?", (freed,))
        return len(found)


def _last_id(connection: sqlite3.Connection) -> int:
    last: int = connection.execute(_LAST_ID).fetchone()[0]
    return last


def _marks(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT consumer, position FROM marks").fetchall())
