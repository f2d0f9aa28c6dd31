"""Wait or act, played: cases open as wear shows, and policies decide what is done when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.rig.life_record import Record, Seen, smoothed
from core.cost import CostClass
from core.life import CannotSay, Outlook, Remaining
from models.wait_or_act import NOW, Advice, ranked, weigh

COSTS = CostClass(planned=1000, failure=4000, per_day=1500, stand_now=1.0, stand_failure=4.0)
EVERY = 45
"""Days between two planned stops of a machine."""

AHEAD = 3
"""How many stops ahead are weighed."""

SHOWS = 4.0
"""At how many standard deviations of a signal a case opens."""

LOOKS = 7
"""Every so many days a case is weighed anew, and at each stop."""

Life = Callable[[Record, Seen, int], tuple[Outlook, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A machine whose wear shows: its life, from which row on, and its stops, as days."""

    life: Seen
    opens: int
    stops: tuple[int, ...]

    @property
    def fails(self) -> int:
        """The day on which it fails if nobody does anything."""
        return int(self.life.rows[-1])


Policy = Callable[[Case], int | None]
"""Tells on which day a case is acted upon; None where the machine fails before."""


def cases(record: Record, rng: np.random.Generator) -> list[Case]:
    """Open a case in each life that failed, when a signal first stands beyond what is usual."""
    found = []
    for life in record.lives:
        if not life.failed or len(life.rows) < 30:
            continue
        signal = record.signal[life.machine, life.rows]
        worst = np.max([smoothed(signal[:, m]) for m in range(signal.shape[1])], axis=0)
        beyond = np.flatnonzero(worst > SHOWS)
        if len(beyond) and beyond[0] < len(life.rows) - 1:
            phase = int(rng.integers(0, EVERY))
            opens = int(beyond[0])
            first = int(life.rows[opens]) + phase + 1
            stops = tuple(range(first, int(life.rows[-1]) + (AHEAD + 1) * EVERY, EVERY))
            found.append(Case(life, opens, stops))
    return found


def cost(case: Case, acts: int | None, worth: float) -> float:
    """Tell what a case cost: acting at the end of a day, or on none, less the use since it opened.

    `worth` is that of a day in service.
    """
    opened = int(case.life.rows[case.opens])
    if acts is None or acts >= case.fails:
        return COSTS.of_failure - worth * (case.fails - opened)
    paid = COSTS.planned if acts in case.stops else COSTS.at_once
    return paid - worth * (acts - opened)


def at_once(case: Case) -> int | None:
    """Act on the day that the case opens."""
    return int(case.life.rows[case.opens])


def never(_: Case) -> int | None:
    """Run to failure."""
    return None


def next_stop(case: Case) -> int | None:
    """Act at the next stop."""
    return case.stops[0]


@dataclass(frozen=True, slots=True)
class Weighing:
    """Acts when waiting no longer pays by what a life model says; else, or unknown, at a stop."""

    record: Record
    says: Life
    renewed: float

    def __call__(self, case: Case) -> int | None:
        """Tell on which day it acts; None where the machine fails before."""
        rows = case.life.rows
        days = dict(zip(rows.tolist(), range(len(rows)), strict=True))
        opened = int(rows[case.opens])
        for day in range(opened, case.fails):
            at_stop = day in case.stops
            place = days.get(day)
            if not at_stop and ((day - opened) % LOOKS or place is None):
                continue
            place = int(np.searchsorted(rows, day, side="right")) - 1
            if self._acts(case, day, place, at_stop=at_stop):
                return day
        return None

    def _acts(self, case: Case, day: int, place: int, *, at_stop: bool) -> bool:
        advice = self.advice(case, day, place, at_stop=at_stop)
        if isinstance(advice, CannotSay):
            return at_stop
        return advice.best.at == NOW

    def advice(self, case: Case, day: int, place: int, *, at_stop: bool) -> Advice | CannotSay:
        """Weigh a case on a day, in hours of calendar."""
        left, basis = self.says(self.record, case.life, place)
        ahead = [24.0 * (stop - day) for stop in case.stops if stop > day][:AHEAD]
        costs = replace(COSTS, stand_now=0.0) if at_stop else COSTS
        return weigh(self._calendar(left, case.life, place), ahead, costs, self.renewed, basis)

    def opening(self, case: Case) -> Advice | CannotSay:
        """Weigh a case on the day it opens."""
        return self.advice(case, int(case.life.rows[case.opens]), case.opens, at_stop=False)

    def _calendar(self, left: Outlook, life: Seen, place: int) -> Outlook:
        """Turn hours of running into hours of calendar by the last thirty days of duty."""
        if isinstance(left, CannotSay):
            return left
        day = int(life.rows[place])
        duty = self.record.fleet.course.duty.hours[life.machine, max(day - 30, 0) : day + 1]
        slower = 24.0 / max(float(duty.mean()), 0.5)
        course = tuple(slower * point for point in left.course)
        return Remaining(slower * left.p05, slower * left.p50, slower * left.p95, None, course)


def played(
    found: Sequence[Case], policies: Mapping[str, Policy], worth: float
) -> dict[str, list[tuple[float, bool]]]:
    """Tell of each policy what each case cost, and whether the machine failed."""
    told = {}
    for name, policy in policies.items():
        acts = [policy(case) for case in found]
        told[name] = [
            (cost(case, act, worth), act is None or act >= case.fails)
            for case, act in zip(found, acts, strict=True)
        ]
    return told


def order_held(weighing: Weighing, found: Sequence[Case]) -> list[bool]:
    """Tell of all pairs of cases at their opening whether the one ranked first failed first."""
    by_name = {str(i): weighing.opening(case) for i, case in enumerate(found)}
    known = [int(name) for name, one in ranked(by_name) if isinstance(one, Advice)]
    left = [found[i].fails - int(found[i].life.rows[found[i].opens]) for i in known]
    return [one < other for k, one in enumerate(left) for other in left[k + 1 :] if one != other]
