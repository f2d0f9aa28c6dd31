"""The record of work on machines, each with what it came to, where that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from core.casefile import CaseFile
from core.clock import Instant
from core.life import REASONS, WORDS
from core.plant import AssetClass, Plant
from core.work import Work, WorkEvent
from models.repair_verdict import Repair, level_words
from models.threshold import ThresholdSettings, steady
from service.repair_words import after_words, mode_title, percent
from service.repairs import VERDICTS, names_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one work came to in one failure mode, by so many hours of running since.

    Without a `repair` it could not be said, for the `reason`. Levels are in ways, `left` is the
    share of the condition, and so of the age, that the work left.
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

    @property
    def words(self) -> str:
        """Say it to an operator."""
        if self.repair is None:
            return f"{self.title}: cannot say, {after_words(self.hours)}: {WORDS[self.reason]}"
        said = level_words(self.repair, self.before, self.after)
        return f"{self.title}: {said}; {percent(self.sure)} sure, {after_words(self.hours)}"

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
    """Set beside work what it came to; the newest of a machine waits while it is being judged."""
    known: dict[str, dict[Instant, list[Verdict]]] = {}
    judging = {one.asset for one in casefile.statuses() if one.judging}
    entries, newest = [], set[str]()
    for work in done:
        mends = work.work is not Work.INSPECTED and work.asset in plant.assets
        if mends and work.asset not in known:
            known[work.asset] = _verdicts(work.asset, plant, casefile)
        found = tuple(known[work.asset].get(work.at, ())) if mends else ()
        waits = work.asset in judging and mends and not found and work.asset not in newest
        waits = waits and bool(_judged_in(work, plant))
        if mends:
            newest.add(work.asset)
        entries.append(Entry(work, found, waits))
    return entries


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
            code, hours, *numbers = row
            title = mode_title(asset, mode, plant)
            if code < 0:
                one = Verdict(mode, title, int(hours), None, REASONS[int(-1 - code)])
            else:
                one = Verdict(mode, title, int(hours), VERDICTS[int(code)], "", *numbers)
            found.setdefault(at, []).append(one)
    return found


_END: Instant = 2**63 - 1
