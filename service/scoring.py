"""The scoring loop: journal in, one advance per step out. Driven by the journal alone.

What comes out depends only on the entries, never on how they are cut into steps, on restarts or
on the time of day. A crash falls between two commits, and is scored again to the same result.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter

import structlog

from core.casefile import Advance, CaseFile, Status
from core.clock import Instant
from core.errors import Refused, Unavailable
from core.journal import Journal, Kind
from core.plant import AssetClass, Plant
from models import registry
from service.casework import Casework, Pending
from service.checkpoint import Ledger
from service.fleet import Fleet
from service.standing import statuses

CONSUMER = "scoring"
COMMIT_EVERY = 1.0
"""Seconds after which a running service commits where nothing moved a case."""

REST, LONGEST_REST = 2.0, 0.2
"""How many times longer than its last commit scoring goes on before the next, and the most seconds
of that. So many alerts at once cost few commits; a small plant commits in no time and never waits.
"""

PATIENCE = 5.0
"""Seconds to wait before scoring starts over from the last commit after an unforeseen error."""

TRIES = 3
"""After so many unforeseen errors on an entry it is left out and told: others must be judged."""

_log = structlog.get_logger("scoring")


class Scoring:
    """Reads the journal, applies it and commits what changed together with the position."""

    def __init__(
        self, plant: Plant, journal: Journal, casefile: CaseFile, notifiers: tuple[str, ...] = ()
    ) -> None:
        self._plant = plant
        self._journal = journal
        self._casefile = casefile
        self._notifiers = notifiers
        self.heartbeat = time.monotonic()
        self._position = self._committed = 0
        self._committed_at = self._rests_until = 0.0
        self._statuses: dict[str, Status] = {}
        self._overdue = self._ticked = self._torn = False
        self._applying: int | None = None
        self._tries: Counter[int] = Counter()
        self._restore()

    @property
    def position(self) -> int:
        """Return the journal entry up to which everything is committed."""
        return self._committed

    def step(self, limit: int = 256) -> int:
        """Apply up to `limit` entries and commit; returns how many, 0 where there were none.

        A step ends early where something has happened that somebody waits for.
        """
        self._mend()
        if self._overdue:
            self._commit()
        count = self._advance(limit)
        self._commit()
        return count

    def run(self, stop: threading.Event, idle: float = 0.02) -> None:
        """Step until told to stop, which an entry at most delays.

        It waits where the stores are not there, and says so once.

        `Refused`, by a store that is damaged or not ours, ends it: waiting would mend nothing.
        """
        outage = False
        while not stop.is_set():
            try:
                if not self._turn(stop):
                    stop.wait(idle)
            except Unavailable as error:
                if not outage:
                    _log.warning("scoring_interrupted", why=str(error))
                outage = True
                self.heartbeat = time.monotonic()  # it waits, and does not hang
                stop.wait(min(error.retry_after or 1.0, PATIENCE))
            except Refused:
                raise
            except Exception:
                self._torn = True
                _log.exception("scoring_failed", position=self._position)
                self._failed()
                stop.wait(PATIENCE)
            else:
                if outage:
                    _log.info("scoring_resumed", position=self._position)
                outage = False
        with contextlib.suppress(Unavailable):
            self._mend()
            self._commit()

    def _failed(self) -> None:
        """Count how often an entry could not be taken in; after some times it is left out."""
        self.heartbeat = time.monotonic()
        if self._applying is None:
            return
        self._tries[self._applying] += 1
        if self._tries[self._applying] == TRIES:
            _log.error("entry_left_out", entry=self._applying)

    def _mend(self) -> None:
        """Start over from the last commit where an entry was taken in by half."""
        if self._torn:
            self._restore()

    def _turn(self, stop: threading.Event | None = None, limit: int = 256) -> int:
        """Apply what is there, and commit where somebody waits for it or it is time."""
        self._mend()
        count = 0 if self._overdue else self._advance(limit, stop)
        now = time.monotonic()
        self.heartbeat = now
        due = now - self._committed_at >= COMMIT_EVERY
        if self._awaited() or due or self._overdue:
            self._commit(with_statuses=due)
            self._committed_at = now if due else self._committed_at
            ended = time.monotonic()
            self._rests_until = ended + min(LONGEST_REST, REST * (ended - now))
        return count

    def _awaited(self) -> bool:
        """Tell whether somebody waits for what is pending and the last commit is not just over."""
        return self._casework.pending.urgent and time.monotonic() >= self._rests_until

    def _advance(self, limit: int, stop: threading.Event | None = None) -> int:
        entries = self._journal.read(self._position, limit)
        for count, entry in enumerate(entries, 1):
            self._torn, self._applying = True, entry.id
            if self._tries[entry.id] < TRIES:
                self._casework.apply(entry)
            else:
                self._casework.leave_out(entry)
            self._position, self._torn, self._applying = entry.id, False, None
            self._ticked = self._ticked or entry.kind is Kind.TICK
            if self._awaited() or (stop is not None and stop.is_set()):
                return count
        return len(entries)

    def _commit(self, *, with_statuses: bool = True) -> None:
        pending = self._casework.pending
        if with_statuses:
            for fleet in self._casework.fleets.values():
                self._statuses |= {status.asset: status for status in statuses(fleet)}
        self._statuses |= pending.statuses
        if self._position == self._committed and not self._statuses:
            return
        parts = self._ledger.changed(self._casework.parts())
        self._overdue = True
        self._casefile.commit(
            Advance(
                position=self._position,
                alerts=tuple(pending.alerts.values()),
                transitions=tuple(pending.transitions),
                notices=tuple(pending.notices),
                outcomes=tuple(pending.outcomes.values()),
                work=tuple(pending.work.values()),
                statuses=tuple(self._statuses.values()),
                conditions=tuple(one for block in pending.conditions for one in block),
                checkpoint=parts,
            )
        )
        self._overdue = False
        self._ledger.note(parts)
        self._committed = self._position
        self._statuses = {}
        self._casework.pending = Pending()
        self._mark()

    def _mark(self) -> None:
        """Leave a trailing copy of the position with the journal, once per tick."""
        if self._ticked:
            with contextlib.suppress(Unavailable):
                self._journal.mark(CONSUMER, self._committed)
                self._ticked = False

    def _beat(self) -> None:
        self.heartbeat = time.monotonic()

    def _restore(self) -> None:
        saved = self._casefile.load()
        self._casework = casework_of(self._plant, self._notifiers, self._casefile)
        self._casework.watch(self._beat)
        dropped = self._casework.restore(saved)
        if dropped:
            _log.info("state_dropped", sections=dropped, why="made for another configuration")
        self._ledger = Ledger(saved.checkpoint)
        self._position = self._committed = saved.position
        self._statuses = {}
        self._overdue = self._ticked = self._torn = False


def casework_of(plant: Plant, notifiers: tuple[str, ...], casefile: CaseFile) -> Casework:
    """Build what scoring knows at first: every class's fleet, and an empty book of cases."""
    fleets = [_fleet(plant, asset_class) for _, asset_class in sorted(plant.classes.items())]
    return Casework(plant, fleets, notifiers, casefile)


def _fleet(plant: Plant, asset_class: AssetClass) -> Fleet:
    assets = tuple(a for a in plant.assets_of(asset_class.name) if plant.judges(a.id))
    detectors = {
        named.name: registry.build(named, asset_class, assets) for named in asset_class.detectors
    }
    health = registry.build_healths(asset_class, assets)
    zones = {site.name: site.timezone for site in plant.sites.values()}

    def next_stop(asset: str, at: Instant) -> Instant | None:
        coming = plant.stop_of(asset, at)
        return None if coming is None else coming[1]

    return Fleet(asset_class, assets, detectors, health, zones, plant.too_early, next_stop)
