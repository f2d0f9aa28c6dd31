"""Ticks: time passing, told in the journal, with every standing fault of ingest in words."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from core.clock import SECOND, Clock, Span
from core.errors import Refused
from core.journal import Journal, Tick, Usage, draft
from ingest import metrics
from ingest.outage import Outage
from ingest.worker import rest

Note = tuple[str, str]
LEVELS = (100, 80, 50)
_SAMPLES = 60


class Heartbeat:
    """Appends a tick each `every`; `notes` lists what is wrong elsewhere."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        every: Span,
        *,
        connected: Callable[[], bool],
        trusted: Callable[[], bool],
        notes: Callable[[], Iterable[Note]],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._every = every / SECOND
        self._connected = connected
        self._trusted = trusted
        self._notes = notes
        self._untold: list[Note] = []
        self._filling = Filling()
        self.outage = Outage("journal_for_ticks")

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Tick until told to stop, the first time at once."""
        due = time.monotonic()
        while not stop.is_set():
            beat()
            self.tick()
            due = max(due + self._every, time.monotonic())
            rest(stop, beat, due - time.monotonic())

    def tick(self) -> bool:
        """Append one tick; false where the journal did not take it.

        `Refused` where it is damaged.
        """
        trusted = self._trusted()
        notes = [*self._filling.notes(self._usage(), time.monotonic()), *self._notes()]
        tick = Tick(self._connected(), "ingest", trusted, (*notes, *self._untold))
        try:
            self._journal.append([draft(self._clock(), tick)])
        except Refused:
            raise
        except Exception as error:  # whatever a store raises: the next tick tries again
            self.outage.failed(error)
            # Told with the first tick that is taken again, since none can be told now.
            self._untold = [("journal unavailable", f"the journal could not be written: {error}")]
            return False
        self.outage.worked()
        self._untold = []
        return True

    def _usage(self) -> Usage | None:
        try:
            usage = self._journal.usage()
        except Refused:
            raise
        except Exception as error:  # as above
            self.outage.failed(error)
            return None
        metrics.JOURNAL_BYTES.set(usage.bytes)
        metrics.JOURNAL_LIMIT.set(usage.limit)
        return usage


class Filling:
    """How full the journal is, and when it will be full at this rate."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    def notes(self, usage: Usage | None, now: float) -> list[Note]:
        """Say it from half full on; the code names the level that was passed."""
        if usage is None:
            return []
        self._samples.append((now, usage.needed))
        share = 100 * usage.share
        level = next((level for level in LEVELS if share >= level), None)
        if level is None and share < 99.5:
            return []
        if level == 100 or share >= 99.5:
            words = "the journal is full: nothing more is acknowledged to the broker"
            return [("journal 100 %", words)]
        return [(f"journal {level} %", f"the journal is {share:.0f} % full{self._left(usage)}")]

    def _left(self, usage: Usage) -> str:
        (began, before), (now, after) = self._samples[0], self._samples[-1]
        if now - began < 1 or after <= before:
            return ""
        seconds = (usage.limit - after) * (now - began) / (after - before)
        return f"; at this rate it is full in {_span(seconds)}"


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return "less than two minutes"
