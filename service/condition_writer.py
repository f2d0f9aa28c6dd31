"""Writes scores, health, life and alerts to the condition store, at whatever pace that takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from core.casefile import CaseFile
from core.clock import MINUTE, Instant
from core.condition_store import ConditionPoint, ConditionStore
from core.errors import PartlyRefused, Unavailable
from service import condition_points as points_of
from service.metrics import STORED

LOOK_EVERY = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
AT_ONCE = 5000
LIFE_EVERY = MINUTE
_EVENTS = 500
_LIFE = "life"
_log = structlog.get_logger("conditions")


class MarksLike(Protocol):
    """How far everything has been written."""

    event: int
    newest: dict[str, dict[str, Instant]]


class MarksFileLike(Protocol):
    """Where that is kept."""

    @property
    def now(self) -> MarksLike:
        """The marks, to be changed in place."""
        ...

    def save(self) -> None:
        """Keep them over a restart."""
        ...


class ConditionWriter:
    """A consumer of the case file, with marks of its own that move once the store has taken it.

    Steps of cases are followed without a gap. Of scores and health everything that the case file
    keeps is written, of each kind from its newest on. Of remaining life, which the case file keeps
    only as it is now, what it was at a look, once a minute at most.
    """

    def __init__(self, casefile: CaseFile, store: ConditionStore, marks: MarksFileLike) -> None:
        self._casefile = casefile
        self._store = store
        self._marks = marks
        self._since: float | None = None
        if marks.now.event > casefile.last_event():  # another case file than it was
            marks.now.event, marks.now.newest = 0, {}

    def run(self, stop: threading.Event) -> None:
        """Write until told to stop; retries without end, and says an outage once."""
        wait = FIRST_WAIT
        while not stop.is_set():
            try:
                count = self.step()
            except Exception as error:  # whatever a store raises: the case file keeps it all
                stop.wait(self._failed(error, wait))
                wait = min(2 * wait, LONGEST_WAIT)
                continue
            self._worked()
            wait = FIRST_WAIT
            if not count:
                stop.wait(LOOK_EVERY)
        self._store.close()

    def step(self) -> int:
        """Write what is new, a part of it where it is much; returns how many points."""
        return self._events() or self._conditions()

    def _events(self) -> int:
        marks = self._marks.now
        found = self._casefile.events(marks.event, _EVENTS)
        if not found:
            return 0
        self._write(list(points_of.of_events(found)))
        marks.event = found[-1][0].id
        self._marks.save()
        return len(found)

    def _conditions(self) -> int:
        marks = self._marks.now.newest
        found = self._casefile.conditions_beyond(marks, AT_ONCE)
        points = list(points_of.of_conditions(found))
        lives = [one.life for one in self._casefile.statuses() if one.life is not None]
        lives = [life for life in lives if life.at >= _mark(marks, life.asset) + LIFE_EVERY]
        if not found and not lives:
            return 0
        self._write([*points, *filter(None, map(points_of.of_life, lives))])
        reached = [(one.asset, one.name, one.at) for one in found]
        for asset, name, at in [*reached, *((life.asset, _LIFE, life.at) for life in lives)]:
            marks.setdefault(asset, {})[name] = at
        self._marks.save()
        return len(found) + len(lives)

    def _write(self, points: Sequence[ConditionPoint]) -> None:
        if not points:
            return
        try:
            self._store.write(points)
        except PartlyRefused as error:
            _log.warning("conditions_refused", refused=error.refused, why=str(error))

    def _failed(self, error: Exception, wait: float) -> float:
        """Say the first failure; returns the seconds to wait before the next try."""
        if self._since is None:
            self._since = time.monotonic()
            expected = isinstance(error, Unavailable)
            _log.warning("conditions_waiting", why=str(error), exc_info=not expected)
        STORED.set(0)
        return getattr(error, "retry_after", None) or wait

    def _worked(self) -> None:
        if self._since is not None:
            seconds = round(time.monotonic() - self._since, 1)
            _log.info("conditions_resumed", after_seconds=seconds)
        self._since = None
        STORED.set(1)


def _mark(marks: Mapping[str, Mapping[str, Instant]], asset: str) -> Instant:
    return marks.get(asset, {}).get(_LIFE, 0)
