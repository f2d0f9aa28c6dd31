"""Repairs: judges what work on machines came to in one failure mode, once they have run again.

The hours of running before the work are held against those since. A sure verdict is told after
three, any after twelve. Until a repair is judged to have restored a machine, the healthy level from
before stays what it is measured by, so that a fault that is still there is not learned as health.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.casefile import LIFE
from core.clock import DAY, Instant, Span
from core.life import REASONS, CannotSay, declined
from core.plant import Mode
from core.readings import Bools, Floats, Instants
from core.work import Work, WorkEvent
from models.degradation import Mendable
from models.detector import Round, State, Verdicts
from models.repair_verdict import FEWEST, HEALTHY, Repair, RepairVerdict, verdict
from models.running_hours import RunningHours
from service.finding import RepairJudged
from service.repair_words import why_words
from service.rules import NEVER
from service.thinning import Thinned
from service.watermark import Rows

HOURS = 12
"""So many hours of running before and after the work are compared at most."""

SURE = 0.95
"""From this likelihood on, a verdict waits for no more hours."""

PATIENCE: Span = 2 * DAY
"""So long what a machine does since work is not learned from until the work is judged."""

FIELDS = ("verdict", "hours", "before", "after", "left", "sure", "known")
"""What is kept of a verdict, in this order: see `kept`."""

VERDICTS = tuple(Repair)


def names_of(failure_mode: str) -> tuple[str, ...]:
    """Name the series in which verdicts on repairs of a failure mode are kept."""
    return tuple(f"{LIFE}{failure_mode}:repair:{name}" for name in FIELDS)


class Repairs:
    """Follows the signal of one failure mode of all assets of a class, and judges work on them."""

    def __init__(self, assets: Sequence[str], model: Mendable) -> None:
        self._assets, self._model = tuple(assets), model
        count = len(self._assets)
        self._hours = RunningHours(count)
        self._before = np.full((count, HOURS), np.nan)
        self._work_at = np.full(count, NEVER, np.int64)
        self._replaced = np.zeros(count, np.bool_)
        self._standing = np.zeros(count, np.bool_)

    def observe(self, rows: Round, verdicts: Verdicts) -> None:
        """Follow rows in order of time; assets may repeat."""
        signal = self._model.signal(rows, verdicts)
        known = (rows.mode == Mode.RUNNING) & np.isfinite(signal)
        self._hours.add(rows.asset[known], rows.at[known], signal[known])

    def begin(self, asset: int, work: WorkEvent) -> None:
        """Note work that is to be judged; of another failure mode than this, nothing is."""
        if work.failure_mode not in {"", self._model.failure_mode}:
            return
        self._standing[asset] = False
        self._hours.close(asset, work.at)
        before = self._hours.before(asset, work.at, HOURS)
        self._before[asset] = np.nan
        self._before[asset, : len(before)] = before
        self._hours.freeze(asset, work.at, len(before))
        self._work_at[asset] = work.at
        self._replaced[asset] = work.work is Work.REPLACED

    def waits(self, asset: int) -> bool:
        """Tell whether work on an asset is still to be judged, or not known to have helped."""
        return bool(self._work_at[asset] != NEVER)

    def waiting(self) -> Bools:
        """Tell so of every asset."""
        found: Bools = self._work_at != NEVER
        return found

    def unsure(self, asset: Rows, at: Instants) -> Bools:
        """Tell which rows may show what work has not mended: none may learn from them."""
        waits, since = self._work_at[asset] != NEVER, self._work_at[asset]
        fresh = at - np.where(waits, since, at) < PATIENCE
        found: Bools = waits & (self._standing[asset] | fresh)
        return found

    def stands(self, asset: int) -> bool:
        """Tell whether the last work on an asset was told not to have restored it."""
        return bool(self._standing[asset])

    def judged(self, asset: int, at: Instant) -> RepairJudged | None:
        """Judge the work on an asset by the hours up to `at`; None where there is no news."""
        since = int(self._work_at[asset])
        after = self._hours.since(asset, since)
        if len(after) < FEWEST:
            return None
        found, known = self._verdict(asset, after[-HOURS:])
        sure = isinstance(found, RepairVerdict) and found.sure >= SURE
        if len(after) < HOURS and not sure:
            return None
        restored = isinstance(found, RepairVerdict) and found.repair is Repair.RESTORED
        lifted = bool(self._standing[asset])
        if lifted and not (restored and sure):
            return None
        self._settle(asset, found)
        name, mode = self._assets[asset], self._model.failure_mode
        return RepairJudged(name, mode, since, at, found, len(after), known, lifted)

    def state(self) -> State:
        """Return what a restart needs."""
        return {
            "before": self._before.copy(),
            "work_at": self._work_at.copy(),
            "replaced": self._replaced.copy(),
            "standing": self._standing.copy(),
        } | self._hours.state()

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._before = state["before"].astype(np.float64)
        self._work_at = state["work_at"].astype(np.int64)
        self._replaced = state["replaced"].astype(np.bool_)
        self._standing = state["standing"].astype(np.bool_)
        self._hours.restore(state)

    def _verdict(self, asset: int, after: Floats) -> tuple[RepairVerdict | CannotSay, float]:
        """Judge by hours since the work; where hours before it are too few, tell how many too."""
        way, healthy = self._model.way(asset), self._hours.first(asset)
        before = self._before[asset]
        before = before[np.isfinite(before)]
        if way is None or way[0] == way[1]:
            return self._wayless(asset, way), math.nan if way is None else 0.0
        if len(healthy) < HEALTHY:
            return _lacking("learning", len(healthy)), len(healthy)
        if len(before) < FEWEST:
            return _lacking("too_short", len(before)), len(before)
        most = len(healthy) // (HEALTHY // FEWEST)
        moved = way[0] - float(np.median(healthy))
        found = verdict(healthy + moved, before[-most:], after[-most:], way[1])
        if isinstance(found, CannotSay):
            found = _lacking(found.reason, math.nan)
        return found, math.nan

    def _wayless(self, asset: int, way: tuple[float, float] | None) -> CannotSay:
        """Say why there is no way from a healthy level to an end on which to measure."""
        if way is not None:
            return _lacking("no_threshold", 0.0)
        left = self._model.remaining(asset)
        none = isinstance(left, CannotSay) and left.reason == "no_threshold"
        return _lacking("no_threshold" if none else "learning", math.nan)

    def _settle(self, asset: int, found: RepairVerdict | CannotSay) -> None:
        """Choose what the machine is measured by from now on."""
        kind = found.repair if isinstance(found, RepairVerdict) else None
        close = isinstance(found, CannotSay) and found.reason == "too_wide"
        self._standing[asset] = kind is Repair.NOT_RESTORED
        if self._standing[asset]:
            return
        since = int(self._work_at[asset])
        self._work_at[asset] = NEVER
        if kind is Repair.PARTLY or close:
            return
        if self._replaced[asset]:
            self._model.rebase(asset, float(np.median(self._hours.since(asset, since))))
            self._hours.begin(asset, since)
        else:
            self._hours.thaw(asset)


def _lacking(reason: str, known: float) -> CannotSay:
    """Say in an operator's words why work cannot be judged; so many hours were known before it."""
    return declined(reason, why_words(reason, known))


def kept(judged: RepairJudged) -> Thinned:
    """Lay out a verdict as it is kept, at the time of the work.

    `verdict` is the place of a `Repair`, or -1 less the place of the reason why none can be given;
    levels are in ways, `known` hours before the work where these were too few.
    """
    said = judged.said
    if isinstance(said, RepairVerdict):
        code = float(VERDICTS.index(said.repair))
        told = (said.before.level, said.after.level, said.left, said.sure)
    else:
        code, told = -1.0 - REASONS.index(said.reason), (np.nan,) * 4
    values = np.array([[code, float(judged.hours), *told, judged.known]])
    at = np.array([judged.work_at], np.int64)
    return Thinned((judged.asset,), names_of(judged.failure_mode), np.zeros(1, np.intp), at, values)
