"""The scorecard of remaining life: what was said of lives that have ended, against when they did.

A life ends by work that mends the machine. Work that found no fault beforehand, another failure
mode than the one that was predicted, or one that it does not name where several are predicted, cuts
a life short: it is counted, and not graded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from core.casefile import CaseFile
from core.clock import HOUR, Instant
from core.life import Record
from core.plant import AssetClass, Plant
from core.work import Work, WorkEvent, cuts_short
from models.foretold import Foretold, foretold, together
from service.estimates import names_of

MOST_WORK = 1000


@dataclass(frozen=True, slots=True)
class Life:
    """One life that has ended; `grade` is None where it was cut short or nothing was said of it."""

    asset: str
    asset_class: str
    failure_mode: str
    ended: WorkEvent
    cut_short: bool
    grade: Foretold | None


@dataclass(frozen=True, slots=True)
class Line:
    """The lives of one class in one failure mode: how many ended, and how predictions did."""

    asset_class: str
    failure_mode: str
    ended: int
    cut_short: int
    graded: int
    grade: Foretold | None


def lives(plant: Plant, casefile: CaseFile) -> list[Life]:
    """Find the lives that have ended, newest first."""
    found = [life for asset in sorted(plant.assets) for life in _of_asset(asset, plant, casefile)]
    return sorted(found, key=lambda life: -life.ended.at)


def scorecard(found: Iterable[Life]) -> list[Line]:
    """Sum up lives by class and failure mode; each life counts once."""
    groups: dict[tuple[str, str], list[Life]] = {}
    for life in found:
        groups.setdefault((life.asset_class, life.failure_mode), []).append(life)
    return [_line(*key, some) for key, some in sorted(groups.items())]


def records(plant: Plant, casefile: CaseFile) -> dict[tuple[str, str], Record]:
    """Find how past lives change what is said now, by class and failure mode."""
    found: dict[tuple[str, str], Record] = {}
    for status in casefile.statuses():
        for life in (status.life, *status.others):
            if life is not None and life.record is not None and status.asset in plant.assets:
                found[plant.assets[status.asset].asset_class, life.failure_mode] = life.record
    return found


def labels(one: Life | Line, plant: Plant) -> tuple[str, str]:
    """Return the words people know its class and its failure mode by."""
    made = plant.classes[one.asset_class]
    known = {mode.name: mode.title for mode in made.failure_modes}
    mode = known.get(one.failure_mode) or one.failure_mode.replace("_", " ")
    return made.title or made.name.replace("_", " "), mode


def _line(asset_class: str, failure_mode: str, some: list[Life]) -> Line:
    graded = [life.grade for life in some if life.grade is not None]
    cut = sum(life.cut_short for life in some)
    return Line(asset_class, failure_mode, len(some) - cut, cut, len(graded), together(graded))


def _of_asset(asset: str, plant: Plant, casefile: CaseFile) -> Iterator[Life]:
    since: Instant = 0
    done = [one for one in casefile.work(asset, MOST_WORK) if one.work is not Work.INSPECTED]
    modes = predicted(plant.class_of(asset), {one.failure_mode for one in done if not one.routine})
    for one in sorted(done, key=lambda event: event.at) if modes else ():
        for mode in modes:
            short = cuts_short(one, mode, several=len(modes) > 1)
            grade = None if short else _grade(asset, mode, casefile, since, one.at)
            yield Life(asset, plant.assets[asset].asset_class, mode, one, short, grade)
        since = one.at


def predicted(asset_class: AssetClass, failed: Collection[str] = ()) -> tuple[str, ...]:
    """Name the failure modes that are predicted: those followed, and by age those that `failed`."""
    named = (getattr(one, "failure_mode", "") for one in asset_class.healths)
    followed = tuple(mode for mode in named if mode)
    by_age = (one.name for one in asset_class.failure_modes if one.name in failed)
    return (*followed, *(mode for mode in by_age if mode not in followed))


def _grade(
    asset: str, mode: str, casefile: CaseFile, since: Instant, end: Instant
) -> Foretold | None:
    told = casefile.conditions(asset, names_of(mode), since, end)
    return foretold((end - told.at) / HOUR, told.values) if len(told) else None
