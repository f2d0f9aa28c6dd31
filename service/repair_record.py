"""The record of work on machines, each with what it came to, where that is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from core.casefile import CaseFile
from core.clock import Instant
from core.life import REASONS
from core.plant import AssetClass, Plant
from core.work import Work, WorkEvent
from models.repair_verdict import Repair, level_words
from models.threshold import ThresholdSettings, steady
from service.repair_words import after_words, mode_title, percent, then_words, why_words
from service.repairs import VERDICTS, names_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one work came to in one failure mode, by so many hours of running since.

    Without a `repair` it could not be said, for the `reason`; `known` hours were seen before the
    work, where these were too few. Levels are in ways, `left` is the share of the condition, and so
    of the age, that the work left. `then` says what follows, of the newest work in that mode.
    """

    failure_mode: str
    title: str
    hours: int
    repair: Repair | None
    reason: str = ""
    before: float = np.nan
    after: float = np.nan
    left: float = np.nan
    sure: float = np.nan
    known: float = np.nan
    then: str = ""

    @property
    def words(self) -> str:
        """Say it to an operator."""
        since, more = after_words(self.hours), f". {self.then}" if self.then else ""
        if self.repair is None:
            why = why_words(self.reason, self.known)
            return f"{self.title}: cannot say, {since}: {why}{more}"
        said = level_words(self.repair, self.before, self.after)
        return f"{self.title}: {said}; {percent(self.sure)} sure, {since}{more}"

    def body(self) -> dict[str, Any]:
        """Write it as JSON shows it; what is not known is null."""
        numbers = {name: getattr(self, name) for name in ("before", "after", "left", "sure")}
        return {
            "failure_mode": self.failure_mode,
            "verdict": None if self.repair is None else self.repair.value,
            "reason": self.reason or None,
            "words": self.words,
            "hours": self.hours,
            **{name: round(one, 4) if isfinite(one) else None for name, one in numbers.items()},
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One work with its verdicts; `waits` tells that it is still to be judged."""

    work: WorkEvent
    verdicts: tuple[Verdict, ...]
    waits: bool


def recorded(done: Iterable[WorkEvent], plant: Plant, casefile: CaseFile) -> list[Entry]:
    """Set beside work, newest first, what it came to.

    The newest of a machine waits while it is being judged, or says what follows in each mode.
    """
    known: dict[str, dict[Instant, list[Verdict]]] = {}
    judging = {one.asset for one in casefile.statuses() if one.judging}
    entries, newest, told = [], set[str](), set[tuple[str, str]]()
    for work in done:
        mends = work.work is not Work.INSPECTED and work.asset in plant.assets
        if mends and work.asset not in known:
            known[work.asset] = _verdicts(work.asset, plant, casefile)
        found = tuple(known[work.asset].get(work.at, ())) if mends else ()
        waits = work.asset in judging and mends and not found and work.asset not in newest
        waits = waits and bool(_judged_in(work, plant))
        if mends:
            newest.add(work.asset)
            last = [(work.asset, mode) for mode in _judged_in(work, plant)]
            found = tuple(_closed(one, work, told, plant) for one in found)
            told.update(last)
        entries.append(Entry(work, found, waits))
    return entries


def _closed(
    verdict: Verdict, work: WorkEvent, told: Collection[tuple[str, str]], plant: Plant
) -> Verdict:
    """Let a verdict say what follows, where no newer work in its mode does."""
    if (work.asset, verdict.failure_mode) in told:
        return verdict
    replaced = work.work is Work.REPLACED
    given = _given(plant.class_of(work.asset), verdict.failure_mode)
    then = then_words(verdict.repair, verdict.reason, replaced=replaced, given=given)
    return replace(verdict, then=then)


def _given(asset_class: AssetClass, mode: str) -> bool:
    """Tell whether the healthy level of a failure mode is configured."""
    return any(
        isinstance(one, ThresholdSettings) and one.failure_mode == mode and one.healthy is not None
        for one in asset_class.healths
    )


def _judged_in(work: WorkEvent, plant: Plant) -> list[str]:
    modes = _judged(plant.class_of(work.asset))
    return [mode for mode in modes if work.failure_mode in {"", mode}]


def _judged(asset_class: AssetClass) -> Iterator[str]:
    """Name the failure modes that repairs are judged in: those with a signal that stays steady."""
    for one in asset_class.healths:
        if isinstance(one, ThresholdSettings) and steady(one, asset_class):
            yield one.failure_mode


def _verdicts(asset: str, plant: Plant, casefile: CaseFile) -> dict[Instant, list[Verdict]]:
    """Read all verdicts on work on a machine, by the time of the work."""
    found: dict[Instant, list[Verdict]] = {}
    for mode in _judged(plant.class_of(asset)):
        columns = casefile.conditions(asset, names_of(mode), 0, _END)
        for at, row in zip(columns.at.tolist(), columns.values.tolist(), strict=True):
            code, hours, *numbers, hours_known = row
            title = mode_title(asset, mode, plant)
            if code < 0:
                reason = REASONS[int(-1 - code)]
                one = Verdict(mode, title, int(hours), None, reason, known=hours_known)
            else:
                one = Verdict(mode, title, int(hours), VERDICTS[int(code)], "", *numbers)
            found.setdefault(at, []).append(one)
    return found


_END: Instant = 2**63 - 1
