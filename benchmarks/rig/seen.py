"""Looks at the files of a service from outside: what is stored, raised and missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig.fleet import Fleet
from core.alert import AlertQuery, AlertState, Change
from core.clock import SECOND
from core.journal import Kind, Link, LinkChanged, decode
from core.plant import SERVICE_ASSET
from service.finding import SESSION
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

_NOT_TELLING = frozenset({Change.RETURNED, Change.ENDED, Change.ACKNOWLEDGED})
"""Steps of a case that say nothing new of the trouble."""


_FEW = 100
"""Of the entries that are not yet judged and stored so many are looked at: all must be ticks."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a service's files say.

    `scored` is whether nothing but ticks waits to be judged or stored.
    `machine` counts machine cases with all their steps; `told` is when, in seconds since 1970,
    the case about the session at the broker told something new.
    """

    stored: int
    scored: bool
    repeated: int
    machine: Counter[tuple[object, ...]] = field(default_factory=Counter)
    service: tuple[str, ...] = ()
    told: tuple[float, ...] = ()


class Stored(Protocol):
    """A history, as far as it matters here."""

    def count(self) -> int:
        """Count what is stored."""
        ...

    def position(self) -> int:
        """Return the journal position up to which all is."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def look(data: Path, stored: Stored | None = None) -> Seen:
    """Read the history, that of the data folder unless another is named, cases and journal."""
    history = SqliteHistory(data / "history.db") if stored is None else stored
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
        told = [
            step.at / SECOND
            for alert in others
            if alert.asset == SERVICE_ASSET and alert.group == SESSION
            for step in cases.transitions(alert.id)
            if step.change not in _NOT_TELLING
        ]
        counts = [status.counts for status in cases.statuses()]
        passed = min(cases.load().position, history.position())
        return Seen(
            history.count(),
            all(entry.kind is Kind.TICK for entry in journal.read(passed, _FEW)),
            sum(count.get("duplicate", 0) + count.get("late", 0) for count in counts),
            machine,
            tuple(f"{alert.asset.rsplit('/', 1)[-1]}:{alert.group}" for alert in others),
            tuple(told),
        )
    finally:
        history.close()
        cases.close()
        journal.close()


def links(data: Path, link: Link) -> list[float]:
    """When a thing happened on ingest's connection to the broker, in seconds since 1970."""
    return [at for at, each in _links(data) if each is link]


def connected(data: Path) -> bool:
    """Whether the newest that the journal says of the connection is that it stands."""
    last = [link for _, link in _links(data) if link is not Link.SESSION_LOST][-1:]
    return last == [Link.CONNECTED]


def started(data: Path) -> bool:
    """Whether ingest has come to be connected once, so that what is published reaches it."""
    return (data / "cases.db").exists() and bool(links(data, Link.CONNECTED))


def _links(data: Path) -> list[tuple[float, Link]]:
    journal = SqliteJournal(data / "journal.db", JournalSettings())
    found: list[tuple[float, Link]] = []
    position = 0
    try:
        while entries := journal.read(position, 1000):
            position = entries[-1].id
            for entry in entries:
                if entry.kind is Kind.LINK:
                    body = decode(entry)
                    if isinstance(body, LinkChanged):
                        found.append((entry.at / SECOND, body.link))
    finally:
        journal.close()
    return found


def missing(data: Path, fleet: Fleet) -> NDArray[np.bool_]:
    """Tell of each reading of a fleet, in order of publishing, whether the history lacks it."""
    history = SqliteHistory(data / "history.db")
    values = fleet.values()
    absent = np.ones((fleet.rows, fleet.assets), bool)
    try:
        for i, name in enumerate(fleet.names):
            kept = history.read(f"bench/hall/{name}", fleet.channel_names, 0, 2**62)
            found = dict(zip(kept.at.tolist(), kept.values, strict=True))
            for row in range(fleet.rows):
                got = found.get(fleet.at(row) // 10**6 * 10**6)
                absent[row, i] = got is None or not np.array_equal(got, values[row, i])
    finally:
        history.close()
    return absent.ravel()
