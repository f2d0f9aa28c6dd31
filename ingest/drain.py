"""How far the history lags behind the journal: one standing note from its start to its end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from core.clock import SECOND, Clock, Instant
from core.errors import Unavailable
from core.journal import Journal
from ingest import metrics
from ingest.heartbeat import Note
from ingest.outage import Outage

CODE = "history unavailable"
TOLD_AFTER = 3.0
"""Seconds an outage lasts before it is told: what is over at once needs nobody."""

SURE_AFTER = 1.0
"""Seconds an outage lasts before it is told when what waits says that it began before our start."""

LATE_AFTER = 60.0
"""Seconds by which the history may lag, and for so long again, before that is told."""

DONE_WITHIN = 10 * SECOND
"""The oldest of what waits is younger than this when a lag is over."""

_SAMPLES = 12
_MEANWHILE = "What comes in waits in the journal, and alerts go on."
_APART = 1.0


class Drains(Protocol):
    """What is known of whoever drains the journal."""

    outage: Outage

    @property
    def position(self) -> int | None:
        """The journal entry up to which all is stored; None before that is known."""
        ...

    @property
    def pace(self) -> float | None:
        """Messages stored in a second of writing; None before that was measured."""
        ...


class Drain:
    """Looks at what waits, and says so while the store is away and until it has caught up."""

    def __init__(
        self,
        journal: Journal,
        writer: Drains,
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
        disk_full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._disk_full = disk_full
        self._journal = journal
        self._writer = writer
        self._clock = clock
        self._elapsed = elapsed
        self._late_since: float | None = None
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)
        self._last: Note | None = None
        self.told = False

    def note(self) -> Note | None:
        """Say what stands; None where nothing does. `told` lasts until it is over."""
        try:
            entries, messages, age = self._waiting()
        except Unavailable:
            return self._last  # the journal's own outage is told by itself
        metrics.HISTORY_LAG.set(entries)
        metrics.HISTORY_WAITING.set(messages)
        metrics.HISTORY_AGE.set(age / SECOND)
        self.told = self._stands(age)
        self._last = (CODE, self._words(entries, messages, age)) if self.told else None
        return self._last

    def _stands(self, age: int) -> bool:
        now = self._elapsed()
        if self._writer.outage.lasts:
            outage = self._writer.outage
            if not self.told and outage.of_the_disk and self._disk_full():
                return False  # a full disk is told by itself, and is one trouble
            began_before = age >= TOLD_AFTER * SECOND and outage.age >= SURE_AFTER
            return self.told or began_before or outage.age >= TOLD_AFTER
        if self.told:  # before us, where the store was not asked yet
            return not self._writer.outage.known or age >= DONE_WITHIN
        if age < LATE_AFTER * SECOND:
            self._late_since = None
            return False
        self._late_since = now if self._late_since is None else self._late_since
        return now - self._late_since >= LATE_AFTER

    def _waiting(self) -> tuple[int, int, int]:
        """Count entries and messages that are not stored, and how old the oldest is."""
        position = self._writer.position
        if position is None:
            position = self._journal.marks().get("history", 0)
        entries = max(0, self._journal.last_id() - position)
        oldest: list[Instant] = [entry.at for entry in self._journal.read(position, 1)]
        messages = sum(self._journal.booked(position).waiting.values()) if entries else 0
        return entries, messages, self._clock() - oldest[0] if oldest else 0

    def _words(self, entries: int, messages: int, age: int) -> str:
        waits = f"{_amount(entries, messages)} wait, the oldest for {span(age / SECOND)}"
        if not self._writer.outage.lasts:
            return f"catching up: {waits}{self._left(messages)}. {_MEANWHILE}"
        self._samples.clear()
        outage, pace = self._writer.outage, self._writer.pace
        said = f"for {span(outage.age)} nothing could be stored: {outage.words}. {_MEANWHILE}"
        if not entries:
            return said
        takes = f"takes about {span(messages / pace)}" if pace else "takes a time not known yet"
        return f"{said} {waits}; once it is back, storing them {takes}."

    def _left(self, messages: int) -> str:
        """Estimate how long it takes to catch up, by how much less waits than before."""
        now = self._elapsed()
        if not self._samples or now - self._samples[-1][0] >= _APART:
            self._samples.append((now, messages))
        began, before = self._samples[0]
        rate = (before - messages) / (now - began) if now > began else self._writer.pace or 0.0
        if rate > 0:
            return f"; that takes about {span(messages / rate)} more"
        return "; it is not getting less" if now > began else ""


def _amount(entries: int, messages: int) -> str:
    """Say how much waits; entries without messages are ticks and the like."""
    written = f"{entries:,} journal entr{'y' if entries == 1 else 'ies'}"
    if not messages:
        return written
    return f"{messages:,} reading{'' if messages == 1 else 's'} ({written})"


def span(seconds: float) -> str:
    """Write a length of time for a person, in one unit."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(1, round(seconds))} s"
