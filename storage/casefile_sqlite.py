"""Cases, events, notices and checkpoints in one SQLite file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.alert import Alert, AlertPage, AlertQuery, Notice, Transition
from core.casefile import Advance, Condition, Outcome, Saved, Status
from core.clock import DAY, Instant, Span
from core.history import Columns
from core.work import WorkEvent
from storage import casefile_body, casefile_commit, cursor
from storage.casefile_columns import columns_of
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

FORM = Form("file of cases", 0x4D574331, 1, casefile_commit.SCHEMA)
_TRIM_EVERY = 1000
_EVER = -(2**63)


class SqliteCaseFile:
    """Implements `core.casefile.CaseFile`.

    Thinned scores are kept for `keep_conditions` of event time before the newest of their kind,
    estimates of remaining life for longer.
    """

    def __init__(self, path: Path, keep_conditions: Span = 90 * DAY) -> None:
        self._file = SqliteFile(path, FORM)
        self._keep = keep_conditions
        self._commits = 0

    def commit(self, advance: Advance) -> None:
        """Store an advance in one transaction.

        At the position that is stored already, only statuses, outcomes and checkpoint are taken;
        before it, the advance is `Refused`.
        """
        with self._file.writing() as connection:
            casefile_commit.commit(connection, advance)
            self._commits += 1
            if self._commits % _TRIM_EVERY == 0:
                casefile_commit.trim_conditions(connection, self._keep)

    def load(self) -> Saved:
        """Return position, open cases and checkpoint."""
        with self._file.reading() as connection:
            row = connection.execute("SELECT value FROM position").fetchone()
            bodies = connection.execute(
                "SELECT body FROM alerts WHERE closed = 0 ORDER BY mildness, age, id"
            ).fetchall()
            checkpoint = dict(connection.execute("SELECT name, body FROM checkpoint").fetchall())
        alerts = tuple(casefile_body.alert(body) for (body,) in bodies)
        return Saved(0 if row is None else row[0], alerts, checkpoint)

    def alerts(self, query: AlertQuery) -> AlertPage:
        """List cases in the order of the feed; `Refused` where the cursor is none of ours."""
        where, values = _conditions_of(query)
        limit = max(1, query.limit)
        with self._file.reading() as connection:
            rows = connection.execute(
                f"SELECT closed, mildness, age, id, body FROM alerts {where} "  # noqa: S608
                f"ORDER BY closed, mildness, age, id LIMIT ?",
                (*values, limit + 1),
            ).fetchall()
        alerts = tuple(casefile_body.alert(row[4]) for row in rows[:limit])
        more = len(rows) > limit
        return AlertPage(alerts, cursor.write(rows[limit - 1][:4]) if more else None)

    def alert(self, alert_id: str) -> Alert | None:
        """Find one case."""
        with self._file.reading() as connection:
            row = connection.execute("SELECT body FROM alerts WHERE id = ?", (alert_id,)).fetchone()
        return None if row is None else casefile_body.alert(row[0])

    def transitions(self, alert_id: str) -> tuple[Transition, ...]:
        """Return the history of a case, oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT body, id FROM transitions WHERE alert = ? ORDER BY id", (alert_id,)
            ).fetchall()
        return tuple(casefile_body.transition(*row) for row in rows)

    def events(self, after: int, limit: int = 500) -> tuple[tuple[Transition, Alert], ...]:
        """Return transitions above an id, each with its case as it now stands."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT t.body, t.id, a.body FROM transitions t JOIN alerts a ON a.id = t.alert "
                "WHERE t.id > ? ORDER BY t.id LIMIT ?",
                (after, limit),
            ).fetchall()
        return tuple(
            (casefile_body.transition(body, number), casefile_body.alert(case))
            for body, number, case in rows
        )

    def last_event(self) -> int:
        """Return the id of the newest transition."""
        with self._file.reading() as connection:
            last: int = connection.execute(
                "SELECT coalesce(max(id), 0) FROM transitions"
            ).fetchone()[0]
        return last

    def outcome(self, command_id: str) -> Outcome | None:
        """Tell what became of a command."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT body FROM outcomes WHERE command = ?", (command_id,)
            ).fetchone()
        return None if row is None else casefile_body.outcome(row[0])

    def work(self, asset: str | None = None, limit: int = 100) -> tuple[WorkEvent, ...]:
        """List recorded work, newest first."""
        where, values = ("", ()) if asset is None else ("WHERE asset = ?", (asset,))
        with self._file.reading() as connection:
            rows = connection.execute(
                f"SELECT body FROM work {where} ORDER BY at DESC, number DESC LIMIT ?",  # noqa: S608
                (*values, limit),
            ).fetchall()
        return tuple(casefile_body.work(body) for (body,) in rows)

    def statuses(self) -> tuple[Status, ...]:
        """Return how every asset stands, by id."""
        with self._file.reading() as connection:
            rows = connection.execute("SELECT body FROM statuses ORDER BY asset").fetchall()
        return tuple(casefile_body.status(body) for (body,) in rows)

    def conditions(
        self, asset: str, names: Sequence[str], start: Instant, stop: Instant
    ) -> Columns:
        """Read thinned scores as columns."""
        found: list[Condition] = []
        with self._file.reading() as connection:
            for name in names:
                rows = connection.execute(
                    "SELECT at, value FROM conditions WHERE at >= ? AND at < ? AND series = "
                    "(SELECT id FROM series WHERE asset = ? AND name = ?)",
                    (start, stop, asset, name),
                )
                found += [
                    Condition(asset, at, name, np.nan if value is None else value)
                    for at, value in rows
                ]
        return columns_of(names, found)

    def conditions_beyond(
        self, marks: Mapping[str, Mapping[str, Instant]], limit: int
    ) -> tuple[Condition, ...]:
        """Return thinned scores newer than the marks, oldest first of each kind."""
        found: list[Condition] = []
        with self._file.reading() as connection:
            for number, asset, name in connection.execute(
                "SELECT id, asset, name FROM series ORDER BY asset, name"
            ).fetchall():
                rows = connection.execute(
                    "SELECT at, value FROM conditions WHERE series = ? AND at > ? "
                    "ORDER BY at LIMIT ?",
                    (number, marks.get(asset, {}).get(name, _EVER), limit - len(found)),
                )
                found += [
                    Condition(asset, at, name, np.nan if value is None else value)
                    for at, value in rows
                ]
                if len(found) >= limit:
                    break
        return tuple(found)

    def pending(self, notifier: str, limit: int = 100) -> tuple[Notice, ...]:
        """Return notices not yet sent, oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT body, id, event FROM notices WHERE notifier = ? AND sent = 0 "
                "ORDER BY id LIMIT ?",
                (notifier, limit),
            ).fetchall()
        return tuple(casefile_body.notice(*row) for row in rows)

    def sent(self, notice_ids: Sequence[int]) -> None:
        """Note that notices have gone out; a power cut may have them sent once more."""
        with self._file.writing(durable=False) as connection:
            connection.executemany(
                "UPDATE notices SET sent = 1, body = NULL WHERE id = ?",
                [(notice_id,) for notice_id in notice_ids],
            )

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _conditions_of(query: AlertQuery) -> tuple[str, list[object]]:
    """Turn a query into SQL; no state means every state."""
    parts: list[str] = []
    values: list[object] = []
    columns = {
        "asset": query.asset,
        "site": query.site,
        "trouble": query.group,
        "severity": None if query.severity is None else query.severity.value,
    }
    for column, value in columns.items():
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if query.states:
        parts.append(f"state IN ({', '.join('?' * len(query.states))})")
        values += sorted(state.value for state in query.states)
    after = cursor.read(query)
    if after is not None:
        parts.append("(closed, mildness, age, id) > (?, ?, ?, ?)")
        values += after
    return ("WHERE " + " AND ".join(parts) if parts else ""), values
