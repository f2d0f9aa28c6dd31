"""Sources: what is known of the lives of one class's machines, by wear and by age, as one answer.

Where both were held against enough lives that ended, they are weighed by how well each did. Else
wear on its way to a threshold speaks first, since it has seen this very machine, and age where it
is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.clock import Instant
from core.life import CannotSay, Outlook, Remaining, declined
from core.plant import Asset
from core.work import WorkEvent
from models.degradation import Degradation
from models.life_blend import FEWEST, LifeBlend
from models.life_table import FEWEST as FEWEST_LIVES
from models.repair_verdict import Repair, RepairVerdict
from service.ages import Ages, ends_in_failure
from service.shares import Shares
from service.weighing import Weighing

WEAR, AGE = "threshold", "age"

_NO_RECORD = f"no failure is on record, of which {FEWEST_LIVES} are needed"


class Sources:
    """Asks what is known of each failure mode, and makes one answer of it.

    `declared` are the failure modes that work can name.
    """

    def __init__(
        self, assets: Sequence[Asset], models: Sequence[Degradation], declared: Sequence[str] = ()
    ) -> None:
        self._models = {model.failure_mode: model for model in models}
        self._declared = tuple(declared)
        self.shares = {mode: Shares(len(assets)) for mode in self._models}
        self.ages = Ages(assets, self._declared, self.shares)
        self.aged: tuple[str, ...] = ()
        self.weighings = {mode: Weighing(len(assets), (WEAR, AGE)) for mode in self._models}

    def modes(self) -> tuple[str, ...]:
        """Name the failure modes of which something is told.

        Those that are followed, those with a failure on record, and all where neither is known.
        """
        more = self.aged if self._models else self._declared
        return (*self._models, *(mode for mode in more if mode not in self._models))

    def record(self, works: Iterable[WorkEvent]) -> None:
        """Take in work: parts have an age by it, and lives ended by it."""
        self.ages.record(works)
        self.aged = self.ages.modes

    def ended(self, asset: int, work: WorkEvent) -> None:
        """Let lives of an asset end by work that renewed it."""
        for mode, weighing in self.weighings.items():
            if work.failure_mode in {"", mode}:
                weighing.ended(asset, work.at, failed=ends_in_failure(work))

    def judged(self, mode: str, asset: int, at: Instant, verdict: RepairVerdict) -> None:
        """Let work at `at` leave as much of the age of a part as it left of its condition."""
        restored = verdict.repair is Repair.RESTORED
        self.shares[mode].note(asset, at, 0.0 if restored else verdict.left)
        self.ages.learn_anew()

    def keep(self, mode: str, asset: int, at: Instant) -> None:
        """Keep what each source says, to weigh them by it when the life has ended."""
        if mode in self.aged and mode in self._models:
            told = {
                WEAR: self._models[mode].remaining(asset),
                AGE: self.ages.left(mode, asset, at),
            }
            self.weighings[mode].note(asset, at, told)

    def answer(self, mode: str, asset: int, at: Instant) -> tuple[Outlook, str]:
        """Say what is left of an asset in a failure mode, and what that rests on."""
        model = self._models.get(mode)
        if model is None:
            return self._by_age(mode, asset, at)
        wear, basis = model.remaining(asset), model.basis(asset)
        if mode in self.aged:
            return self._both(mode, wear, basis, self.ages.left(mode, asset, at))
        if isinstance(wear, CannotSay) and wear.reason == "no_threshold":
            wear = declined(wear.reason, f"{wear.words}, and {_NO_RECORD}")
        return wear, basis

    def _by_age(self, mode: str, asset: int, at: Instant) -> tuple[Outlook, str]:
        if mode in self.aged:
            return self.ages.left(mode, asset, at), self.ages.basis(mode)
        words = f"{_NO_RECORD}, and no end-of-life threshold is configured for it"
        return declined("too_few_failures", words), "no source of remaining life"

    def _both(self, mode: str, wear: Outlook, basis: str, age: Outlook) -> tuple[Outlook, str]:
        """Make one answer of wear and age."""
        blend, by_age = self.weighings[mode].blend(), self.ages.basis(mode)
        if isinstance(blend, LifeBlend):
            found, weighed = blend.say({WEAR: wear, AGE: age})
            return found, f"{weighed}; threshold: {basis}; age: {by_age}"
        if isinstance(wear, Remaining):
            if isinstance(age, Remaining):
                few = f"fewer than {FEWEST} failures were foretold, too few to weigh age against it"
                basis = f"{basis}; {few}"
            return wear, basis
        if isinstance(age, Remaining):
            return age, f"{by_age}; not used: threshold: {wear.words}"
        return declined(wear.reason, f"{wear.words}; and by age: {age.words}"), basis
