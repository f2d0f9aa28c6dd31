"""Sources: what is known of the lives of one class's machines, as one answer: wear, runs, age.

Where they were held against enough lives that ended, they are weighed by how well each did. Else
a model of runs to failure speaks first, where there is one: it has seen this very machine and how
such machines failed. Then wear on its way to a threshold, and age where both are silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import nan

from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import Instant
from core.life import CannotSay, Outlook, Remaining, declined
from core.plant import Asset
from core.work import Ending, WorkEvent
from models.degradation import Degradation
from models.life_blend import FEWEST, LifeBlend
from models.life_table import FEWEST as FEWEST_LIVES
from models.repair_verdict import Repair, RepairVerdict
from service.ages import Ages
from service.endings import Endings
from service.runs import Runs, Since
from service.shares import Shares
from service.thinning import Thinned
from service.weighing import Weighing

RUNS, WEAR, AGE = "runs", "threshold", "age"

_NO_RECORD = f"no failure is on record, of which {FEWEST_LIVES} are needed"


class Sources:
    """Asks what is known of each failure mode, and makes one answer of it.

    `declared` are the failure modes that work can name; `runs` makes what a model of runs says,
    given since when parts are as new; `ages` says by what lives differ.
    """

    def __init__(
        self,
        assets: Sequence[Asset],
        models: Sequence[Degradation],
        declared: Sequence[str] = (),
        runs: Callable[[Since], Runs] | None = None,
        ages: AgeSettings = AGE_ALONE,
    ) -> None:
        self._models = {model.failure_mode: model for model in models}
        self._declared = tuple(declared)
        self.shares = {mode: Shares(len(assets)) for mode in self._models}
        self.endings = Endings([asset.id for asset in assets], tuple(self._models))
        self.ages = Ages(assets, self._declared, self.shares, self.endings, ages)
        self.told_by = f" by {ages.model_dump_json()}" if ages.any else ""
        self.aged: tuple[str, ...] = ()
        self.runs = None if runs is None else runs(self.ages.since)
        self.endings.followed = self.followed
        self.weighings = {mode: Weighing(len(assets), (WEAR, AGE)) for mode in self._models}
        if self.runs is not None:
            self.weighings[self.runs.failure_mode] = Weighing(len(assets), (WEAR, RUNS, AGE))

    @property
    def followed(self) -> tuple[str, ...]:
        """Name the failure modes that machines are followed in, by wear or by a model of runs."""
        runs = () if self.runs is None else (self.runs.failure_mode,)
        return tuple(dict.fromkeys((*self._models, *runs)))

    def modes(self) -> tuple[str, ...]:
        """Name the failure modes of which something is told.

        Those that are followed, those with a failure on record, and all where neither is known.
        """
        followed = self.followed
        more = self.aged if followed else self._declared
        return (*followed, *(mode for mode in more if mode not in followed))

    def record(self, works: Iterable[WorkEvent]) -> None:
        """Take in work: parts have an age by it, and lives ended by it."""
        self.ages.record(works)
        self.aged = self.ages.modes

    def ended(self, asset: int, work: WorkEvent) -> list[Thinned]:
        """Let lives of an asset end by work that renewed it; gives how it stood, to be kept."""
        health = {mode: self.health(mode, asset) for mode in self._models}
        found = list(self.endings.note(asset, work, health))
        self.ages.learn_anew()
        for mode, weighing in self.weighings.items():
            if work.failure_mode in {"", mode}:
                failed = self.endings.of(mode, asset, work) is Ending.FAILED
                weighing.ended(asset, work.at, failed=failed)
        return found

    def judged(self, mode: str, asset: int, at: Instant, verdict: RepairVerdict) -> None:
        """Let work at `at` leave as much of the age of a part as it left of its condition."""
        restored = verdict.repair is Repair.RESTORED
        self.shares[mode].note(asset, at, 0.0 if restored else verdict.left)
        self.ages.learn_anew()

    def health(self, mode: str, asset: int) -> float:
        """Return the health of an asset in a failure mode, NaN where it is not known."""
        if mode in self._models:
            return float(self._models[mode].health()[asset])
        by_runs = self.runs is not None and self.runs.failure_mode == mode
        return self.runs.health(asset) if self.runs is not None and by_runs else nan

    def keep(self, mode: str, asset: int, at: Instant) -> None:
        """Keep what each source says, to weigh them by it when the life has ended."""
        told = self._told(mode, asset, at) if mode in self.weighings else {}
        if len(told) > 1:
            self.weighings[mode].note(asset, at, told)

    def answer(self, mode: str, asset: int, at: Instant) -> tuple[Outlook, str]:
        """Say what is left of an asset in a failure mode, and what that rests on."""
        told = self._told(mode, asset, at)
        basis = {name: self._basis(name, mode, asset) for name in told}
        if len(told) > 1:
            return self._weighed(mode, told, basis)
        for name, said in told.items():
            if isinstance(said, CannotSay) and said.reason == "no_threshold":
                return declined(said.reason, f"{said.words}, and {_NO_RECORD}"), basis[name]
            return said, basis[name]
        words = f"{_NO_RECORD}, and no end-of-life threshold is configured for it"
        return declined("too_few_failures", words), "no source of remaining life"

    def _told(self, mode: str, asset: int, at: Instant) -> dict[str, Outlook]:
        """Ask all sources there are for a failure mode, those that speak first at the beginning."""
        told: dict[str, Outlook] = {}
        if self.runs is not None and self.runs.failure_mode == mode:
            told[RUNS] = self.runs.left(asset, at)
        if mode in self._models:
            told[WEAR] = self._models[mode].remaining(asset)
        if mode in self.aged:
            told[AGE] = self.ages.left(mode, asset, at)
        return told

    def _basis(self, source: str, mode: str, asset: int) -> str:
        if source == RUNS:
            return "" if self.runs is None else self.runs.basis
        return self._models[mode].basis(asset) if source == WEAR else self.ages.basis(mode)

    def _weighed(
        self, mode: str, told: Mapping[str, Outlook], basis: Mapping[str, str]
    ) -> tuple[Outlook, str]:
        """Make one answer of several sources."""
        blend = self.weighings[mode].blend()
        if isinstance(blend, LifeBlend):
            found, weighed = blend.say(told)
            return found, "; ".join(
                [weighed, *(f"{name}: {words}" for name, words in basis.items())]
            )
        for first, said in told.items():
            if isinstance(said, Remaining):
                return said, "; ".join([basis[first], *_passed_over(first, told)])
        silent = {name: one.words for name, one in told.items() if isinstance(one, CannotSay)}
        first, *others = silent
        words = "; and by ".join([silent[first], *(f"{name}: {silent[name]}" for name in others)])
        reason = next(one.reason for one in told.values() if isinstance(one, CannotSay))
        return declined(reason, words), basis[first]


def _passed_over(first: str, told: Mapping[str, Outlook]) -> Iterator[str]:
    """Say why sources before the first that speaks are not used, nor those after it."""
    names = list(told)
    place = names.index(first)
    for name in names[:place]:
        said = told[name]
        if isinstance(said, CannotSay):
            yield f"not used: {name}: {said.words}"
    more = [name for name in names[place + 1 :] if isinstance(told[name], Remaining)]
    if more:
        listed = " and ".join(more)
        yield f"fewer than {FEWEST} failures were foretold, too few to weigh {listed} against it"
