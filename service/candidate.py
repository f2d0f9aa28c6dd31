"""A candidate: a model of one asset that learns from its history, through the code that runs live.

It learns as if the service had been there from the first reading on: from a machine that runs, by
sensors that are believed, never while a rule's condition holds. What the cases and the work tell of
troubles is left out besides: a fault that stood from the first reading would pass for health.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.alert import Alert
from core.clock import DAY, Instant, Span
from core.history import Columns
from core.model_version import Learned
from core.plant import Mode
from core.readings import Bools, Floats
from core.work import Work, WorkEvent
from models.detector import Detector, Round, Scored, State
from service.adoption import learners, readiness, signatures, taken
from service.backtest import Rehearsal
from service.backtest_past import Past, PastReader
from service.backtest_truth import confirmed
from service.finding import REPAIR, of_machine
from service.fleet import Fleet

HORIZON: Span = 30 * DAY
"""So long before work on a failure the machine may have been failing."""

Ill = Sequence[tuple[Instant, Instant]]
"""Stretches of time in which a machine was not healthy, or not surely."""


def ill_times(asset: str, alerts: Iterable[Alert], work: Iterable[WorkEvent], now: Instant) -> Ill:
    """Find when a case about the machine stood, or a confirmed failure was near.

    A machine that work did not restore was ill since that work, which is known some hours later.
    """
    done = [one for one in work if one.asset == asset]
    stood = [
        (
            _mended_before(one.opened_at, done) if one.group == REPAIR else one.opened_at,
            one.returned_at or one.ended_at or now,
        )
        for one in alerts
        if one.asset == asset and of_machine(one.group)
    ]
    return sorted(stood + [(one.begin, one.end) for one in confirmed(done, HORIZON)])


def _mended_before(at: Instant, done: Iterable[WorkEvent]) -> Instant:
    times = [one.at for one in done if one.at <= at and one.work is not Work.INSPECTED]
    return max(times, default=at)


def mended_at(asset: str, work: Iterable[WorkEvent]) -> Instant | None:
    """Tell when an asset was last repaired or replaced: what was before says nothing any more."""
    times = [one.at for one in work if one.asset == asset and one.work is not Work.INSPECTED]
    return max(times, default=None)


@dataclass(slots=True)
class Healthy:
    """Reads a past without the times in which the machine was not surely healthy."""

    reader: PastReader
    ill: Ill
    cut: int = 0

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`, but for those times."""
        read = self.reader.read(asset, channels, start, stop)
        kept = np.ones(len(read.at), np.bool_)
        for begin, end in self.ill:
            kept &= (read.at < begin) | (read.at > end)
        self.cut += int((~kept).sum())
        if kept.all():
            return read
        quality = None if read.quality is None else read.quality[kept]
        return Columns(read.channels, read.at[kept], read.values[kept], quality)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was learned, as bytes, how much of it is done, and from what."""

    learned: Learned
    ready: float
    signatures: dict[str, str]
    body: bytes


def candidate(past: Past, ill: Ill, source: str, grades: dict[str, str]) -> Candidate:
    """Let a blank model of the only asset of a past learn from all of it."""
    reader = Healthy(past.reader, ill)
    rehearsal = Rehearsal(past.plant, past.assets, (), DAY)
    fleet = fleet_of(rehearsal, past.assets[0])
    counting = _counted(fleet)
    for window in replace(past, reader=reader).windows():
        rehearsal.take(window)
        if counting is not None and counting.readiness()[0] >= 1:
            fleet.detectors[counting.name] = counting.inner
    rows = rehearsal.told.readings + reader.cut
    if counting is not None:
        fleet.detectors[counting.name] = counting.inner
    used, left_out = (0, {}) if counting is None else (counting.used, counting.left_out())
    left_out["a case or a failure was near"] = reader.cut
    left_out["enough was learned before"] = rows - used - sum(left_out.values())
    told = {why: count for why, count in left_out.items() if count > 0}
    learned = Learned(source, past.start, past.stop, rows, used, told, grades)
    return Candidate(learned, readiness(fleet, 0), signatures(fleet), taken(fleet, 0))


def fleet_of(rehearsal: Rehearsal, asset: str) -> Fleet:
    """Find the fleet of a rehearsal that has an asset."""
    return rehearsal.casework.fleets[rehearsal.plant.assets[asset].asset_class]


@dataclass(slots=True)
class _Counting:
    """Stands before a detector while it learns, and counts what it may learn from."""

    name: str
    inner: Detector
    fleet: Fleet
    used: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def score(self, rows: Round) -> Scored:
        return self.inner.score(rows)

    def observe(self, rows: Round) -> None:
        self.inner.observe(rows)

    def learn(self, rows: Round, allowed: Bools) -> None:
        if self.inner.readiness()[0] < 1:
            stopped = rows.mode != Mode.RUNNING
            found = ~allowed & ~stopped & self.fleet.rules.locked(rows.asset)
            self._count("the machine did not run", stopped)
            self._count("a finding stood", found)
            self._count("a sensor was doubted", ~allowed & ~stopped & ~found)
            self.used += int(allowed.sum())
        self.inner.learn(rows, allowed)

    def readiness(self) -> Floats:
        return self.inner.readiness()

    def forget(self, asset: int) -> None:
        self.inner.forget(asset)

    def state(self) -> State:
        return self.inner.state()

    def restore(self, state: State) -> None:
        self.inner.restore(state)

    def left_out(self) -> dict[str, int]:
        return dict(self.counts)

    def _count(self, why: str, rows: Bools) -> None:
        self.counts[why] = self.counts.get(why, 0) + int(rows.sum())


def _counted(fleet: Fleet) -> _Counting | None:
    """Put a count before the first detector that learns; None where none does."""
    names = list(learners(fleet.asset_class, fleet.assets[0]))
    if not names:
        return None
    counting = _Counting(names[0], fleet.detectors[names[0]], fleet)
    fleet.detectors[names[0]] = counting
    return counting
