"""Drilling: has every machine drilled anew when it is time, in a process of its own.

Here it is only found out whose turn it is; the trials are the other process's, so that scoring is
on time whatever they take, and the page shows what they have left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

import structlog

from core.alert import AlertQuery, AlertState
from core.casefile import CaseFile
from core.clock import DAY, Clock, Instant, Span
from core.drilled import Drills
from core.plant import Plant
from service.finding import of_machine
from service.turns import Running, seen_out, take_turns

FIRST, EVERY = 900.0, 1800.0
"""Seconds until it is looked for the first time, and from then on."""

AGAIN: Span = DAY
"""So long after nothing could be tried of a machine it is tried again."""

_OPEN = frozenset(state for state in AlertState if state.is_open)
_log = structlog.get_logger("drilling")


def due(
    plant: Plant, drills: Drills, ill: Collection[str], every: Span, now: Instant
) -> tuple[str, ...]:
    """Find who is to be drilled: longest ago first; on a case nothing healthy is to be had."""
    waits = []
    for asset in sorted(plant.assets):
        if asset in ill or not plant.judges(asset):
            continue
        last = drills.latest(asset)
        if last is None or now - last.at >= (AGAIN if last.why else every):
            waits.append((0 if last is None else last.at, asset))
    return tuple(asset for _, asset in sorted(waits))


def look(
    plant: Plant, casefile: CaseFile, drills: Drills, every: Span, now: Instant
) -> tuple[str, ...]:
    """Find who is to be drilled by what is committed; those never heard are not."""
    alerts = casefile.alerts(AlertQuery(states=_OPEN, limit=500)).alerts
    ill = {one.asset for one in alerts if of_machine(one.group)}
    heard = {one.asset for one in casefile.statuses() if one.at is not None}
    return due(plant, drills, ill | (plant.assets.keys() - heard), every, now)


class Drilling:
    """Starts the process that drills whenever it is somebody's turn, one at a time."""

    def __init__(
        self,
        plant: Plant,
        casefile: CaseFile,
        drills: Drills,
        every: Span,
        clock: Clock,
        start: Callable[[], Running],
    ) -> None:
        self._plant = plant
        self._casefile = casefile
        self._drills = drills
        self._every = every
        self._clock = clock
        self._start = start

    def run(self, stop: threading.Event, first: float = FIRST, every: float = EVERY) -> None:
        """Look now and then until told to stop; a process that drills then is ended."""
        take_turns(self.turn, stop, first, every, "drilling")

    def turn(self, stop: threading.Event) -> bool:
        """Drill those whose turn it is; tells whether there were any."""
        found = look(self._plant, self._casefile, self._drills, self._every, self._clock())
        if not found:
            return False
        process = self._start()
        if seen_out(process, stop, "drilling"):
            _log.info("drilled", assets=len(found), ended=process.poll())
        return True
