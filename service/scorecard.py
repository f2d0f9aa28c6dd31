"""The scorecard of remaining life: what was said of lives that have ended, against when they did.

A life ends by work that mends the machine, in failure or cut short (`core.work.Ending`). One that
was cut short is counted, and of what was said of it only that it would not last as long is graded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from core.casefile import CaseFile
from core.clock import HOUR, Instant
from core.life import Record
from core.plant import AssetClass, Plant
from core.work import Ending, Work, WorkEvent
from models.foretold import Foretold, foretold, outlasted, together
from service.endings import Recorded, followed_in
from service.estimates import names_of

MOST_WORK = 1000


@dataclass(frozen=True, slots=True)
class Life:
    """One life that has ended; `grade` is None where it was cut short or nothing was said of it.

    `outlasted` is the share of what was said of a life that was cut short which it outlasted.
    """

    asset: str
    asset_class: str
    failure_mode: str
    ended: WorkEvent
    ending: Ending
    grade: Foretold | None
    outlasted: float = 0.0

    @property
    def cut_short(self) -> bool:
        """Whether it is only known to have lasted at least so long."""
        return self.ending is not Ending.FAILED


@dataclass(frozen=True, slots=True)
class Line:
    """The lives of one class in one failure mode: how many ended, and how predictions did.

    `outlasted` are those that were cut short and had lasted longer than was said in some part.
    """

    asset_class: str
    failure_mode: str
    ended: int
    cut_short: int
    graded: int
    grade: Foretold | None
    outlasted: int


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
    out = sum(life.outlasted > 0 for life in some)
    ended = len(some) - cut
    return Line(asset_class, failure_mode, ended, cut, len(graded), together(graded), out)


def _of_asset(asset: str, plant: Plant, casefile: CaseFile) -> Iterator[Life]:
    since: Instant = 0
    done = [one for one in casefile.work(asset, MOST_WORK) if one.work is not Work.INSPECTED]
    modes = predicted(plant.class_of(asset), {one.failure_mode for one in done if not one.routine})
    newest = max((one.at for one in done), default=0)
    taken = Recorded(asset, plant.class_of(asset), casefile, newest)
    for one in sorted(done, key=lambda event: event.at) if modes else ():
        for mode in modes:
            known = Life(
                asset, plant.assets[asset].asset_class, mode, one, taken.of(mode, one), None
            )
            yield _graded(known, casefile, since)
        since = one.at


def predicted(asset_class: AssetClass, failed: Collection[str] = ()) -> tuple[str, ...]:
    """Name the failure modes that are predicted: those followed, and by age those that `failed`."""
    followed = followed_in(asset_class)
    by_age = (one.name for one in asset_class.failure_modes if one.name in failed)
    return (*followed, *(mode for mode in by_age if mode not in followed))


def _graded(life: Life, casefile: CaseFile, since: Instant) -> Life:
    """Hold a life against what was said of it since the one before."""
    end = life.ended.at
    told = casefile.conditions(life.asset, names_of(life.failure_mode), since, end)
    if not len(told):
        return life
    left = (end - told.at) / HOUR
    if not life.cut_short:
        return replace(life, grade=foretold(left, told.values))
    found = outlasted(left, told.values)
    return life if found is None else replace(life, outlasted=found[0])
