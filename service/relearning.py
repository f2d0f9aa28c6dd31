"""Relearning: has machines learned anew when it is time, in a process of its own.

Here it is only found out whose turn it is; all learning is the other process's, so that scoring is
on time whatever that takes. What it makes comes by the journal, as from a person.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

import structlog

from core.alert import AlertQuery, AlertState
from core.casefile import CaseFile
from core.clock import DAY, Clock, Instant, Span
from core.model_version import Cause, ModelStore, ModelVersion
from core.plant import Plant
from service.finding import of_machine
from service.model_book import Book, book_of
from service.turns import Running, seen_out, take_turns

FIRST, EVERY = 30.0, 600.0
"""Seconds until it is looked for the first time, and from then on."""

AGAIN: Span = DAY
"""So long after it was tried in vain, what was lost is tried again: there is more history then."""

_OPEN = frozenset(state for state in AlertState if state.is_open)
_log = structlog.get_logger("relearning")


def due(
    plant: Plant,
    book: Book,
    versions: Iterable[ModelVersion],
    ill: Iterable[str],
    relearn: Span | None,
    now: Instant,
    noted: Mapping[str, Instant],
) -> dict[str, Cause]:
    """Find whose models are to be learned anew, and why.

    What was lost, at once and then daily; all others each `relearn`, where that is set, and after
    an attempt that made nothing (`noted`) not before the next day. On a machine with a case (`ill`)
    nothing could be promoted.
    """
    closed, found = set(ill), {}
    made = [one for one in versions if one.cause is not Cause.SERVED]
    pause = AGAIN if relearn is None else min(AGAIN, relearn)
    for asset in sorted(plant.assets):
        if asset in closed or not plant.judges(asset):
            continue
        ours, name = [one for one in made if one.asset == asset], plant.assets[asset].asset_class
        if asset in book.lost.get(name, ()):
            since = book.lost_at.get(name, 0)
            tried = [one.made for one in ours if one.cause is Cause.LOST]
            tried = [at for at in (*tried, noted.get(asset, 0)) if at >= since]
            if now - max(tried, default=0) >= AGAIN:
                found[asset] = Cause.LOST
        elif relearn is not None:
            last = max((one.made for one in ours), default=0)
            if now - last >= relearn and now - noted.get(asset, 0) >= pause:
                found[asset] = Cause.SCHEDULE
    return found


def look(
    plant: Plant, casefile: CaseFile, store: ModelStore, relearn: Span | None, now: Instant
) -> dict[str, Cause]:
    """Find whose turn it is by what is committed."""
    book = book_of(casefile.load().checkpoint)
    if relearn is None and not book.lost:
        return {}
    alerts = casefile.alerts(AlertQuery(states=_OPEN, limit=500)).alerts
    ill = {one.asset for one in alerts if of_machine(one.group)}
    return due(plant, book, store.versions(), ill, relearn, now, store.noted())


class Relearning:
    """Starts the process that learns whenever it is somebody's turn, one at a time."""

    def __init__(
        self,
        plant: Plant,
        casefile: CaseFile,
        store: ModelStore,
        relearn: Span | None,
        clock: Clock,
        start: Callable[[], Running],
    ) -> None:
        self._plant = plant
        self._casefile = casefile
        self._store = store
        self._relearn = relearn
        self._clock = clock
        self._start = start

    def run(self, stop: threading.Event, first: float = FIRST, every: float = EVERY) -> None:
        """Look now and then until told to stop; a process that learns then is ended."""
        take_turns(self.turn, stop, first, every, "relearning")

    def turn(self, stop: threading.Event) -> bool:
        """Let those learn whose turn it is; tells whether there were any."""
        found = look(self._plant, self._casefile, self._store, self._relearn, self._clock())
        if not found:
            return False
        _log.info("relearning", assets=len(found))
        began, process = time.monotonic(), self._start()
        if not seen_out(process, stop, "relearning"):
            return True
        seconds = round(time.monotonic() - began)
        _log.info("relearned", assets=len(found), ended=process.poll(), seconds=seconds)
        return True
