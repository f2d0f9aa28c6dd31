"""Lives: the health of the assets of one class in each failure mode, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from core.clock import Instant
from core.life import CannotSay, InUse, LifeEstimate, Outlook, Remaining
from core.plant import Asset, AssetClass
from core.readings import Floats
from core.settings import Settings
from core.work import WorkEvent, cuts_short
from models.degradation import Degradation, Mendable
from models.detector import Round, Scored
from models.used_life import UsedLife
from models.widening import widened
from service.checkpoint import Section
from service.estimates import Estimates
from service.finding import RepairJudged
from service.outcomes import Outcomes
from service.repairs import Repairs, kept
from service.telling import Telling
from service.thinning import Thinned
from service.watermark import Rows

NextStop = Callable[[str, Instant], Instant | None]
"""Tells when the next planned stop of an asset begins after a moment."""


def no_stop(_asset: str, _at: Instant) -> Instant | None:
    """Know of no planned stop."""
    return None


class Lives:
    """Follows health along judged rows, and says how long it lasts, soonest end first."""

    def __init__(
        self,
        assets: tuple[Asset, ...],
        models: tuple[Degradation, ...],
        next_stop: NextStop = no_stop,
    ) -> None:
        self._assets = assets
        self.models = models
        self._next_stop = next_stop
        self.tellings = tuple(Telling(len(assets)) for _ in models)
        self.outcomes = tuple(Outcomes(len(assets)) for _ in models)
        self.estimates = Estimates([asset.id for asset in assets])
        ids = [asset.id for asset in assets]
        self._repairs = {
            number: Repairs(ids, model)
            for number, model in enumerate(models)
            if isinstance(model, Mendable)
        }
        self._kept: list[Thinned] = []
        self._judged: list[tuple[int, RepairJudged]] = []

    @property
    def any(self) -> bool:
        """Whether any model follows health."""
        return bool(self.models)

    def observe(self, row: Round, verdicts: Mapping[str, Scored]) -> Floats:
        """Follow rows in order of time; returns the worst health after each, NaN if not known."""
        health = np.full(len(row.asset), np.nan)
        for places, due in self.estimates.parts(row.asset, row.at):
            some = row.take(places)
            said = {name: scored.take(places) for name, scored in verdicts.items()}
            for model in self.models:
                health[places] = np.fmin(health[places], model.observe(some, said))
            for repairs in self._repairs.values():
                repairs.observe(some, said)
            self._judge(due, row)
            wanted = due[self.estimates.wanted(health[due], row.at[due])]
            for asset, at in zip(row.asset[wanted].tolist(), row.at[wanted].tolist(), strict=True):
                self._keep(asset, at)
        return health

    def life(self, asset: int, at: Instant) -> LifeEstimate | None:
        """Say what is left of one asset in its soonest failure mode; None without a model."""
        return next(iter(self.all(asset, at)), None)

    def all(self, asset: int, at: Instant) -> tuple[LifeEstimate, ...]:
        """Say what is left of one asset in each failure mode, the soonest end first."""
        stop = self._next_stop(self._assets[asset].id, at)
        told = [
            self._estimate(
                number, asset, at, telling.said(asset, at, self._found(number, asset), stop)
            )
            for number, telling in enumerate(self.tellings)
        ]
        return tuple(sorted(told, key=_soonest))

    def ended(self, asset: int, work: WorkEvent) -> None:
        """Hold what was said of an asset's lives against work that ended them.

        The work itself is judged once the machine has run again.
        """
        for repairs in self._repairs.values():
            repairs.begin(asset, work)
        for model, outcomes in zip(self.models, self.outcomes, strict=True):
            short = cuts_short(work, model.failure_mode)
            outcomes.end(asset, work.at, cut_short=short)

    def mended(self, asset: int) -> None:
        """Begin new lives of one asset after work, from the healthy level that was known before."""
        for model, telling in zip(self.models, self.tellings, strict=True):
            if isinstance(model, Mendable):
                model.mend(asset)
            else:
                model.forget(asset)
            telling.forget(asset)

    def unrestored(self, asset: int) -> Iterator[str]:
        """Name the failure modes in which the last work on an asset did not restore it."""
        for number, repairs in self._repairs.items():
            if repairs.stands(asset):
                yield self.models[number].failure_mode

    def take_judged(self) -> list[tuple[int, RepairJudged]]:
        """Give away what repairs came to since this was last asked, each with its row."""
        taken, self._judged = self._judged, []
        return taken

    def sections(self, asset_class: AssetClass) -> Iterator[tuple[str, Section, str]]:
        """Name what a checkpoint keeps, each with what it was made for."""
        channels = ",".join(asset_class.channel_names)
        for number, settings in enumerate(asset_class.healths if self.models else ()):
            model, telling = self.models[number], self.tellings[number]
            of = f".{model.failure_mode}" if number else ""
            made_for = f"{channels} {_written(settings)}"
            yield f"health{of}", model, made_for
            yield f"telling{of}", telling, made_for
            yield f"outcomes{of}", self.outcomes[number], made_for
            if number in self._repairs:
                yield f"repairs{of}", self._repairs[number], made_for
        if self.models:
            yield "estimates", self.estimates, ""

    def take(self) -> list[Thinned]:
        """Give away the estimates that were kept since this was last asked."""
        taken, self._kept = self._kept, []
        return taken

    def _judge(self, due: Rows, row: Round) -> None:
        """Judge the repairs of assets by what is known at rows that began an hour."""
        for place in due.tolist():
            asset, at = int(row.asset[place]), int(row.at[place])
            for repairs in self._repairs.values():
                found = repairs.judged(asset, at) if repairs.waits(asset) else None
                if found is not None:
                    self._kept.append(kept(found))
                    life = self.life(asset, at)
                    self._judged.append((place, replace(found, life=life)))

    def _keep(self, asset: int, at: Instant) -> None:
        """Tell an asset's lives, note what was told, and keep it."""
        stop = self._next_stop(self._assets[asset].id, at)
        for number, telling in enumerate(self.tellings):
            found = self._found(number, asset)
            said = telling.said(asset, at, found, stop)
            telling.note(asset, at, found, said)
            if isinstance(said, Remaining):
                self.outcomes[number].keep(asset, at, said)
            life = self._estimate(number, asset, at, said)
            self._kept += self.estimates.kept([(asset, life)])

    def _found(self, number: int, asset: int) -> Outlook:
        """Say what is left of an asset, as wide as past lives showed that it must be."""
        found = self.models[number].remaining(asset)
        if isinstance(found, CannotSay):
            return found
        return widened(found, self.outcomes[number].times)

    def _estimate(self, number: int, asset: int, at: Instant, said: Outlook) -> LifeEstimate:
        model, record = self.models[number], self.outcomes[number].record
        health = float(model.health()[asset])
        return LifeEstimate(
            self._assets[asset].id,
            at,
            model.failure_mode,
            health if health == health else None,  # noqa: PLR0124 - not NaN
            said,
            "; ".join(part for part in (model.basis(asset), record and record.words) if part),
            record,
            self._in_use(model, asset, said),
        )

    def _in_use(self, model: Degradation, asset: int, said: Outlook) -> InUse | None:
        """Tell how much use an outlook comes to, where life is counted in it."""
        if isinstance(said, CannotSay) or not isinstance(model, UsedLife):
            return None
        return model.in_use(asset, said)


def _written(settings: Settings) -> str:
    """Write settings as they were written before there was `usage`, where there is none."""
    plain = getattr(settings, "usage", None) is None
    return settings.model_dump_json(exclude={"usage"} if plain else None)


def _soonest(life: LifeEstimate) -> tuple[bool, float]:
    left = life.remaining
    return (False, left.p50) if isinstance(left, Remaining) else (True, 0.0)
