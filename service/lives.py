"""Lives: the health of the assets of one class in each failure mode, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import Instant
from core.life import CannotSay, InUse, LifeEstimate, Outlook, Remaining
from core.plant import Asset, AssetClass
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from core.work import Ending, WorkEvent
from models.degradation import Degradation, Mendable
from models.detector import Round, Scored
from models.repair_verdict import RepairVerdict
from models.used_life import UsedLife
from models.widening import widened
from service.checkpoint import Section
from service.estimates import Estimates
from service.finding import RepairJudged
from service.outcomes import Outcomes
from service.repairs import Repairs, kept
from service.runs import Runs, Since
from service.sources import Sources
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
        declared: Sequence[str] = (),
        runs: Callable[[Since], Runs] | None = None,
        ages: AgeSettings = AGE_ALONE,
    ) -> None:
        self._assets = assets
        self.models = models
        self._next_stop = next_stop
        self._followed = {model.failure_mode: model for model in models}
        self._sources = Sources(assets, models, declared, runs, ages)
        self._tellings: dict[str, Telling] = {}
        self._outcomes: dict[str, Outcomes] = {}
        self.estimates = Estimates([asset.id for asset in assets])
        ids = [asset.id for asset in assets]
        self._repairs = {
            number: Repairs(ids, model)
            for number, model in enumerate(models)
            if isinstance(model, Mendable) and model.steady
        }
        self._kept: list[Thinned] = []
        self._judged: list[tuple[int, RepairJudged]] = []

    @property
    def any(self) -> bool:
        """Whether anything is said that is worth keeping: by a model, or by failures on record."""
        return bool(self._sources.followed or self._sources.aged)

    @property
    def trouble(self) -> str:
        """Why the model of runs to failure does not load; empty where it does, or there is none."""
        return "" if self._sources.runs is None else self._sources.runs.trouble

    def observe(self, row: Round, verdicts: Mapping[str, Scored]) -> Floats:
        """Follow rows in order of time; returns the worst health after each, NaN if not known."""
        health = np.full(len(row.asset), np.nan)
        for places, due in self.estimates.parts(row.asset, row.at):
            some = row.take(places)
            said = {name: scored.take(places) for name, scored in verdicts.items()}
            newest = np.searchsorted(places, due)
            for model in self.models:
                told = model.observe(some, said)
                health[places] = np.fmin(health[places], told)
                worn = self._sources.endings.worn[model.failure_mode]
                worn.follow(row.asset[due], row.at[due], told[newest])
            for repairs in self._repairs.values():
                repairs.observe(some, said)
            if self._sources.runs is not None:
                self._sources.runs.observe(some)
            self._judge(due, row)
            wanted = due[self.estimates.wanted(row.asset[due], health[due], row.at[due])]
            for asset, at in zip(row.asset[wanted].tolist(), row.at[wanted].tolist(), strict=True):
                self._keep(asset, at)
        return health

    def life(self, asset: int, at: Instant) -> LifeEstimate | None:
        """Say what is left of one asset in its soonest failure mode; None where none is known."""
        return next(iter(self.all(asset, at)), None)

    def all(self, asset: int, at: Instant) -> tuple[LifeEstimate, ...]:
        """Say what is left of one asset in each failure mode, the soonest end first."""
        stop = self._next_stop(self._assets[asset].id, at)
        told = []
        for mode in self._sources.modes():
            found, basis = self._found(mode, asset, at)
            said = self._telling(mode).said(asset, at, found, stop)
            told.append(self._estimate(mode, asset, at, said, basis))
        return tuple(sorted(told, key=_soonest))

    def record(self, works: Iterable[WorkEvent]) -> None:
        """Take in work: parts have an age by it, and lives ended by it."""
        self._sources.record(works)

    def ended(self, asset: int, work: WorkEvent) -> None:
        """Hold what was said of an asset's lives against work that ended them.

        The work itself is judged once the machine has run again.
        """
        for repairs in self._repairs.values():
            repairs.begin(asset, work)
        self._kept += self._sources.ended(asset, work)
        for mode in self._sources.modes():
            ending = self._sources.endings.of(mode, asset, work)
            self._outcome(mode).end(asset, work.at, cut_short=ending is not Ending.FAILED)

    def mended(self, asset: int) -> None:
        """Begin new lives of one asset after work, from the healthy level that was known before.

        Where the signal is not steady, that level is learned anew with it: see `relearn`.
        """
        for model in self.models:
            if isinstance(model, Mendable) and model.steady:
                model.mend(asset)
        for telling in self._tellings.values():
            telling.forget(asset)

    def relearn(self, asset: int) -> None:
        """Learn anew what healthy is, where that hangs on what detectors learn of an asset."""
        for model in self.models:
            if not (isinstance(model, Mendable) and model.steady):
                model.forget(asset)

    def unrestored(self, asset: int) -> Iterator[str]:
        """Name the failure modes in which the last work on an asset did not restore it."""
        for number, repairs in self._repairs.items():
            if repairs.stands(asset):
                yield self.models[number].failure_mode

    def waiting(self) -> Bools:
        """Tell of which assets work is still to be judged, or not known to have helped."""
        found = np.zeros(len(self._assets), np.bool_)
        for repairs in self._repairs.values():
            found |= repairs.waiting()
        return found

    def judging(self, asset: int) -> bool:
        """Tell whether work on an asset is still to be judged, or not known to have helped."""
        return any(repairs.waits(asset) for repairs in self._repairs.values())

    def unsure(self, asset: Rows, at: Instants) -> Bools:
        """Tell which rows may show what work has not mended: none may learn from them."""
        found = np.zeros(len(asset), np.bool_)
        for repairs in self._repairs.values():
            found |= repairs.unsure(asset, at)
        return found

    def take_judged(self) -> list[tuple[int, RepairJudged]]:
        """Give away what repairs came to since this was last asked, each with its row."""
        taken, self._judged = self._judged, []
        return taken

    def sections(self, asset_class: AssetClass) -> Iterator[tuple[str, Section, str]]:
        """Name what a checkpoint keeps, each with what it was made for."""
        channels, sources = ",".join(asset_class.channel_names), self._sources
        aged, runs, told_by = sources.aged, sources.runs, sources.told_by
        by_runs = "" if runs is None else runs.failure_mode
        asked, weighed = ("", "") if runs is None else (f" {runs.asked_of}", runs.failure_mode)
        for number, settings in enumerate(asset_class.healths if self.models else ()):
            model = self.models[number]
            mode = model.failure_mode
            of = f".{mode}" if number else ""
            made_for = f"{channels} {_written(settings)}"
            yield f"health{of}", model, made_for
            more = (asked if mode == by_runs else "") + told_by
            yield f"telling{of}", self._telling(mode), made_for + more
            yield f"outcomes{of}", self._outcome(mode), _followed(mode, settings) + more
            yield f"endings{of}", sources.endings.worn[mode], mode
            if number in self._repairs:
                yield f"repairs{of}", self._repairs[number], made_for
                yield f"shares{of}", self._sources.shares[mode], mode
            if mode == by_runs:
                weighed = f"{mode} {made_for}"
            elif mode in aged:
                yield f"weighing{of}", sources.weighings[mode], made_for + told_by
        for mode in dict.fromkeys((*aged, by_runs) if runs else aged):
            if mode not in self._followed:
                signed = f"age{told_by}" + (asked if mode == by_runs else "")
                yield f"telling.{mode}", self._telling(mode), signed
                yield f"outcomes.{mode}", self._outcome(mode), signed
        if runs is not None:
            yield "runs", runs, runs.made_for
            yield "weighing by runs", sources.weighings[by_runs], weighed + asked + told_by
        if self.any:
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
                    if isinstance(found.said, RepairVerdict):
                        self._sources.judged(found.failure_mode, asset, found.work_at, found.said)
                    life = self.life(asset, at)
                    self._judged.append((place, replace(found, life=life)))

    def _keep(self, asset: int, at: Instant) -> None:
        """Tell an asset's lives, note what was told, and keep it."""
        stop = self._next_stop(self._assets[asset].id, at)
        for mode in self._sources.modes():
            found, basis = self._found(mode, asset, at)
            telling = self._telling(mode)
            said = telling.said(asset, at, found, stop)
            telling.note(asset, at, found, said)
            if isinstance(said, Remaining):
                self._outcome(mode).keep(asset, at, said)
            self._sources.keep(mode, asset, at)
            life = self._estimate(mode, asset, at, said, basis)
            self._kept += self.estimates.kept([(asset, life)])

    def _found(self, mode: str, asset: int, at: Instant) -> tuple[Outlook, str]:
        """Say what is left, as wide as past lives showed that it must be, and by what."""
        found, basis = self._sources.answer(mode, asset, at)
        if isinstance(found, Remaining):
            found = widened(found, self._outcome(mode).times)
        return found, basis

    def _telling(self, mode: str) -> Telling:
        if mode not in self._tellings:
            self._tellings[mode] = Telling(len(self._assets))
        return self._tellings[mode]

    def _outcome(self, mode: str) -> Outcomes:
        if mode not in self._outcomes:
            self._outcomes[mode] = Outcomes(len(self._assets))
        return self._outcomes[mode]

    def _estimate(
        self, mode: str, asset: int, at: Instant, said: Outlook, basis: str
    ) -> LifeEstimate:
        model, record = self._followed.get(mode), self._outcome(mode).record
        health = self._sources.health(mode, asset)
        return LifeEstimate(
            self._assets[asset].id,
            at,
            mode,
            health if health == health else None,  # noqa: PLR0124 - not NaN
            said,
            "; ".join(part for part in (basis, record and record.words) if part),
            record,
            self._in_use(model, asset, said),
        )

    def _in_use(self, model: Degradation | None, asset: int, said: Outlook) -> InUse | None:
        """Tell how much use an outlook comes to, where life is counted in it."""
        if isinstance(said, CannotSay) or not isinstance(model, UsedLife):
            return None
        return model.in_use(asset, said)


def _written(settings: Settings) -> str:
    """Write settings as they were written before there was `usage` or `method`, where plain."""
    plain = {"usage": None, "method": "drift"}
    same = {name for name, usual in plain.items() if getattr(settings, name, usual) == usual}
    return settings.model_dump_json(exclude=same)


def _followed(mode: str, settings: Settings) -> str:
    """Write what outcomes were made for: how lives of a mode end, and by which signal."""
    signal = getattr(settings, "channel", None) or getattr(settings, "detector", None)
    method = getattr(settings, "method", "drift")
    return f"{mode} {signal} {getattr(settings, 'end', None)}" + method.removeprefix("drift")


def _soonest(life: LifeEstimate) -> tuple[bool, float]:
    left = life.remaining
    return (False, left.p50) if isinstance(left, Remaining) else (True, 0.0)
