"""The table of kept rejections, bounded in all and by source. Part of the journal's file."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from core.rejection import DeadLetter, Reason, Rejection
from storage.pace import Pace

KEPT_OF_PAYLOAD = 16_000
KEPT_OF_DETAIL = 1_000
KEPT_OF_TOPIC = 1_000
OVERHEAD = 64
_AT_ONCE = 500

BURST = 10_000
A_SECOND = 500
"""So many letters are kept at once, and then each second. Each new topic has a place of its own in
two indexes, so a flood of them would write eight kilobytes for each and hold up everybody else."""

SCHEMA = """
CREATE TABLE letters(
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, reason TEXT NOT NULL,
    payload BLOB NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, detail TEXT NOT NULL,
    cost INTEGER NOT NULL, retained INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT '', messages INTEGER NOT NULL DEFAULT 0);
CREATE INDEX letters_of_topic ON letters(topic, id, cost);
CREATE INDEX letters_by_reason ON letters(reason, id);
CREATE TABLE letter_sources(topic TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE letter_reasons(reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE letter_totals(bytes INTEGER NOT NULL, dropped INTEGER NOT NULL);
INSERT INTO letter_totals VALUES(0, 0);
"""
_COLUMNS = "id, topic, reason, payload, size, at, detail, retained, source, messages"


def cut(rejection: Rejection) -> Rejection:
    """Return what is kept of a rejection: the beginnings, in text that can be stored."""
    return Rejection(
        _storable(rejection.topic[:KEPT_OF_TOPIC]),
        rejection.reason,
        rejection.payload[:KEPT_OF_PAYLOAD],
        rejection.at,
        _storable(rejection.detail[:KEPT_OF_DETAIL]),
        rejection.retained,
        rejection.source,
        min(1, rejection.messages),
    )


def cost(kept: Rejection) -> int:
    """Count the bytes that a kept rejection takes."""
    return len(kept.payload) + len(kept.topic) + len(kept.detail) + OVERHEAD


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def lacks_columns(connection: sqlite3.Connection) -> bool:
    """Tell whether the table was made before letters knew what was retained."""
    return "retained" not in {row[1] for row in connection.execute("PRAGMA table_info(letters)")}


def add_columns(connection: sqlite3.Connection) -> None:
    """Give an older table the columns that it lacks; its letters count as not retained."""
    if lacks_columns(connection):
        connection.execute("ALTER TABLE letters ADD COLUMN retained INTEGER NOT NULL DEFAULT 0")


def chosen(rejections: Sequence[Rejection], pace: Pace) -> Sequence[Rejection]:
    """Return all, or where they are too many an even part of them."""
    step = pace.step(len(rejections), rejections[-1].at) if rejections else 0
    return rejections[::step] if step else ()


def told(rejections: Sequence[Rejection]) -> Counter[Reason]:
    """Count messages by reason; a rejection may stand for several like it."""
    counts: Counter[Reason] = Counter()
    for one in rejections:
        counts[one.reason] += max(1, one.messages)
    return counts


class DeadLetterTable:
    """Adds, bounds and lists kept rejections within the transactions of others."""

    def __init__(self, max_size: int, per_source: int) -> None:
        self._max_size = max_size
        self._per_source = per_source
        self._pace = Pace(BURST, A_SECOND)

    def add(self, connection: sqlite3.Connection, rejections: Sequence[Rejection]) -> None:
        """Keep rejections and let the oldest go where a bound is passed."""
        sources: Counter[str] = Counter()
        rows = []
        keep = chosen(rejections, self._pace)
        self._dropped(connection, told(rejections).total() - len(keep))
        for whole in keep:
            kept = cut(whole)
            size = cost(kept)
            sources[kept.topic] += size
            rows.append(
                (
                    kept.topic,
                    kept.reason.value,
                    kept.payload,
                    len(whole.payload),
                    kept.at,
                    kept.detail,
                    size,
                    kept.retained,
                    kept.source,
                    kept.messages,
                )
            )
        connection.executemany(
            "INSERT INTO letters(topic, reason, payload, size, at, detail, cost, retained, source, "
            "messages) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        self._count(connection, rejections)
        connection.executemany(
            "INSERT INTO letter_sources VALUES(?, ?) "
            "ON CONFLICT(topic) DO UPDATE SET bytes = bytes + excluded.bytes",
            sources.items(),
        )
        connection.execute("UPDATE letter_totals SET bytes = bytes + ?", (sources.total(),))
        self._bound_sources(connection, list(sources))
        self._bound_all(connection)

    def listed(
        self, connection: sqlite3.Connection, limit: int, reason: Reason | None
    ) -> list[DeadLetter]:
        """List the newest kept rejections, newest first."""
        where, values = ("", ()) if reason is None else ("WHERE reason = ?", (reason.value,))
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM letters {where} ORDER BY id DESC LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [_letter(row) for row in rows]

    def found(self, connection: sqlite3.Connection, letter_id: int) -> DeadLetter | None:
        """Find one by its id."""
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM letters WHERE id = ?",  # noqa: S608
            (letter_id,),
        ).fetchone()
        return None if row is None else _letter(row)

    def remove(self, connection: sqlite3.Connection, letter_ids: Sequence[int]) -> int:
        """Take some out; returns how many were there."""
        return sum(self._taken_out(connection, letter_id) for letter_id in set(letter_ids))

    def counts(self, connection: sqlite3.Connection) -> dict[Reason, int]:
        """Count all rejections ever, by reason."""
        rows = connection.execute("SELECT reason, count FROM letter_reasons")
        return {Reason(reason): count for reason, count in rows}

    def dropped(self, connection: sqlite3.Connection) -> int:
        """Count those that made room for newer ones, or were too many at once."""
        count: int = connection.execute("SELECT dropped FROM letter_totals").fetchone()[0]
        return count

    def _count(self, connection: sqlite3.Connection, rejections: Sequence[Rejection]) -> None:
        reasons = {str(reason): count for reason, count in told(rejections).items()}
        connection.executemany(
            "INSERT INTO letter_reasons VALUES(?, ?) "
            "ON CONFLICT(reason) DO UPDATE SET count = count + excluded.count",
            reasons.items(),
        )

    def _bound_sources(self, connection: sqlite3.Connection, topics: Sequence[str]) -> None:
        """Let the oldest letters of each topic go that has more bytes than a source may."""
        for start in range(0, len(topics), _AT_ONCE):
            some = topics[start : start + _AT_ONCE]
            places = ",".join("?" * len(some))
            full = connection.execute(
                f"SELECT topic, bytes FROM letter_sources "  # noqa: S608
                f"WHERE topic IN ({places}) AND bytes > ?",
                (*some, self._per_source),
            ).fetchall()
            for topic, used in full:
                oldest = connection.execute(
                    "SELECT id, cost FROM letters WHERE topic = ? ORDER BY id", (topic,)
                )
                for letter_id in _first(oldest, used - self._per_source):
                    self._taken_out(connection, letter_id)
                    self._dropped(connection, 1)

    def _bound_all(self, connection: sqlite3.Connection) -> None:
        """Let the oldest letters of all go, in one sweep: a flood brings thousands in a second."""
        used = connection.execute("SELECT bytes FROM letter_totals").fetchone()[0]
        if used <= self._max_size:
            return
        oldest = connection.execute("SELECT id, cost FROM letters ORDER BY id")
        last = _first(oldest, used - self._max_size)[-1]
        gone = connection.execute(
            "SELECT topic, sum(cost), count(*) FROM letters WHERE id <= ? GROUP BY topic", (last,)
        ).fetchall()
        connection.execute("DELETE FROM letters WHERE id <= ?", (last,))
        connection.executemany(
            "UPDATE letter_sources SET bytes = bytes - ? WHERE topic = ?",
            [(size, topic) for topic, size, _ in gone],
        )
        connection.executemany(
            "DELETE FROM letter_sources WHERE topic = ? AND bytes <= 0", [row[:1] for row in gone]
        )
        freed = sum(size for _, size, _ in gone)
        connection.execute("UPDATE letter_totals SET bytes = bytes - ?", (freed,))
        self._dropped(connection, sum(count for _, _, count in gone))

    def _dropped(self, connection: sqlite3.Connection, count: int) -> None:
        connection.execute("UPDATE letter_totals SET dropped = dropped + ?", (count,))

    def _taken_out(self, connection: sqlite3.Connection, letter_id: int) -> bool:
        row = connection.execute(
            "SELECT topic, cost FROM letters WHERE id = ?", (letter_id,)
        ).fetchone()
        if row is None:
            return False
        topic, size = row
        connection.execute("DELETE FROM letters WHERE id = ?", (letter_id,))
        connection.execute("UPDATE letter_totals SET bytes = bytes - ?", (size,))
        connection.execute(
            "UPDATE letter_sources SET bytes = bytes - ? WHERE topic = ?", (size, topic)
        )
        connection.execute("DELETE FROM letter_sources WHERE topic = ? AND bytes <= 0", (topic,))
        return True


def _first(letters: sqlite3.Cursor, excess: int) -> list[int]:
    """Take the ids of the first letters that together have at least `excess` bytes."""
    chosen = []
    while excess > 0 and (row := letters.fetchone()) is not None:
        chosen.append(row[0])
        excess -= row[1]
    letters.close()
    return chosen


def _letter(row: tuple[int, str, str, bytes, int, int, str, int, str, int]) -> DeadLetter:
    letter_id, topic, reason, payload, size, at, detail, retained, source, messages = row
    said = letter_id, topic, Reason(reason), payload, size, at, detail
    return DeadLetter(*said, bool(retained), source, messages)
