"""Looks at the files of a service from outside: what is stored, raised and missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig.fleet import Fleet
from core.alert import AlertQuery, AlertState
from core.clock import SECOND
from core.journal import Kind, Link, LinkChanged, decode
from core.plant import SERVICE_ASSET
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings


@dataclass(frozen=True, slots=True)
class Seen:
    """What a service's files say. `machine` counts machine cases with all their steps."""

    stored: int
    scored: bool
    repeated: int
    machine: Counter[tuple[object, ...]] = field(default_factory=Counter)
    service: tuple[str, ...] = ()
    sessions_lost: int = 0


def look(data: Path) -> Seen:
    """Read the history, the cases and the journal of a data folder."""
    history = SqliteHistory(data / "history.db")
    cases = SqliteCaseFile(data / "cases.db")
    journal = SqliteJournal(data / "journal.db", JournalSettings())
    try:
        alerts = cases.alerts(AlertQuery(states=frozenset(AlertState), limit=100_000)).alerts
        machine: Counter[tuple[object, ...]] = Counter()
        for alert in alerts:
            if alert.group == "machine":
                steps = cases.transitions(alert.id)
                machine[(alert.id, *((s.at, s.change, s.severity) for s in steps))] += 1
        others = [alert for alert in alerts if alert.group != "machine"]
        sessions = [
            step
            for alert in others
            if alert.asset == SERVICE_ASSET and alert.group == "session"
            for step in cases.transitions(alert.id)
        ]
        counts = [status.counts for status in cases.statuses()]
        position, last = cases.load().position, journal.last_id()
        return Seen(
            history.count(),
            last - position < 50 and history.position() > last - 50,
            sum(count.get("duplicate", 0) + count.get("late", 0) for count in counts),
            machine,
            tuple(f"{alert.asset.rsplit('/', 1)[-1]}:{alert.group}" for alert in others),
            len(sessions),
        )
    finally:
        history.close()
        cases.close()
        journal.close()


def connections(data: Path) -> list[float]:
    """When ingest came to be connected, in seconds since 1970."""
    journal = SqliteJournal(data / "journal.db", JournalSettings())
    found: list[float] = []
    position = 0
    try:
        while entries := journal.read(position, 1000):
            position = entries[-1].id
            for entry in entries:
                if entry.kind is Kind.LINK:
                    body = decode(entry)
                    if isinstance(body, LinkChanged) and body.link is Link.CONNECTED:
                        found.append(entry.at / SECOND)
    finally:
        journal.close()
    return found


def missing(data: Path, fleet: Fleet, acked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return when the broker acknowledged each reading that is not whole in the history."""
    history = SqliteHistory(data / "history.db")
    values = fleet.values()
    published = acked.reshape(fleet.rows, fleet.assets)
    absent: list[float] = []
    try:
        for i, name in enumerate(fleet.names):
            kept = history.read(f"bench/hall/{name}", fleet.channel_names, 0, 2**62)
            found = dict(zip(kept.at.tolist(), kept.values, strict=True))
            for row in range(fleet.rows):
                got = found.get(fleet.at(row) // 10**6 * 10**6)
                right = got is not None and np.array_equal(got, values[row, i])
                if published[row, i] and not right:
                    absent.append(float(published[row, i]))
    finally:
        history.close()
    return np.array(absent)
