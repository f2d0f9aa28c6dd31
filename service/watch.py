"""Ticks in place of an ingest process that is not there, so that its absence is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from core.clock import SECOND, Clock, Span
from core.errors import Unavailable
from core.journal import SERVE, Journal, Tick, draft

NOTE = ("ingest silent", "no ingest process writes to the journal: nothing new can be judged")

_log = structlog.get_logger("watch")


class IngestWatch:
    """Looks whether the journal grows; where it stands for three ticks, ticks itself."""

    def __init__(
        self,
        journal: Journal,
        tick_every: Span,
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._patience = 3 * tick_every / SECOND
        self._clock = clock
        self._elapsed = elapsed
        self._seen = journal.last_id()
        self._since = elapsed()
        self._silent = False

    def look(self) -> bool:
        """Tick where ingest is silent; tells whether it did.

        A journal that cannot be written now explains the silence: patience begins anew then.
        """
        now = self._elapsed()
        try:
            return self._looked(now)
        except Unavailable:
            self._since = now
            raise

    def _looked(self, now: float) -> bool:
        last = self._journal.last_id()
        if last != self._seen:
            self._seen, self._since = last, now
            self._silent = False
        elif now - self._since >= self._patience:
            tick = Tick(connected=False, source=SERVE, notes=(NOTE,))
            self._seen, self._since = self._journal.append([draft(self._clock(), tick)]), now
            if not self._silent:
                _log.warning("ingest_went_silent")
            self._silent = True
            return True
        return False

    def run(self, stop: threading.Event) -> None:
        """Look once a second until told to stop."""
        while not stop.wait(1):
            try:
                self.look()
            except Unavailable:
                continue
