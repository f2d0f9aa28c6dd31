"""A model of `life fit` as the service asks it: opened, and fitted to the channels of a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.clock import DAY, HOUR, Instant, Span
from core.errors import Refused
from core.life import Outlook, Remaining
from core.plant import AssetClass
from core.quantity import span_text
from core.readings import Floats, Instants
from core.run_settings import RunSettings
from core.suggestion import listed
from models.run_bounds import UNEVEN
from models.run_life import RunLife
from models.run_table import RunTable
from storage import life_folder


@dataclass(frozen=True, slots=True, eq=False)
class RunModel:
    """A model, the place of each of its columns among the class's channels, and its unit of time.

    `missing` are condition columns that the class has no channel for: the model goes without.
    `young` is how old a row is at age 0: where the model's runs counted age from the first row of
    each, one row, so that age goes to where a row's span began; else 0, and it goes to the end.
    """

    life: RunLife
    names: tuple[str, ...]
    places: tuple[int, ...]
    unit: Span
    missing: tuple[str, ...]
    young: Span = 0

    def said(
        self, begin: Instant, at: Instants, rows: Floats, rested: Instants
    ) -> tuple[Outlook, float]:
        """Say what is left at the last of some rows of one life, in hours, and its health.

        `rested` is for how long it had stood, in all, at each: there no rows are missing.
        """
        count = len(at)
        age = (at - begin - self.young) / self.unit
        runs = RunTable(
            np.zeros(count, np.int64),
            age,
            rows[:, list(self.places)],
            self.names,
            self.life.regimes.operating,
            np.zeros(1, np.bool_),
            ("",),
            np.arange(count),
            age - rested / self.unit,
        )
        found = self.life.latest(runs)
        return _hours(found.at(0), self.unit / HOUR), float(found.health[0])


def opened(settings: RunSettings, asset_class: AssetClass) -> RunModel:
    """Open a model; Refused says why the service cannot ask it."""
    from models.run_life_kept import restored

    facts, arrays = life_folder.kept(Path(settings.model))
    life, meant = restored(facts, arrays), _meant(facts, settings)
    unit = _unit(meant, settings)
    _evenly(meant, settings, unit)
    place = {name: k for k, name in enumerate(asset_class.channel_names)}
    asked = (*life.regimes.names, *life.regimes.operating)
    found = {name: place.get(settings.channels.get(name, name), -1) for name in asked}
    lost = [name for name in life.regimes.operating if found[name] < 0]
    if lost or all(found[name] < 0 for name in life.regimes.names):
        need = lost or list(life.regimes.names)
        msg = f"{settings.model}: it needs columns that the class has no channel for: "
        raise Refused(msg + listed(need))
    names = tuple(name for name in asked if found[name] >= 0)
    missing = tuple(name for name in life.regimes.names if found[name] < 0)
    young = settings.every if meant.get("since_first") else 0
    return RunModel(life, names, tuple(found[name] for name in names), unit, missing, young)


def strangers(settings: RunSettings, model: RunModel) -> list[str]:
    """Name columns that are given a channel, but that the model does not know."""
    known = {*model.life.regimes.names, *model.life.regimes.operating}
    return [name for name in settings.channels if name not in known]


def _meant(facts: Mapping[str, Any], settings: RunSettings) -> Mapping[str, Any]:
    meant = facts.get("columns")
    if not isinstance(meant, dict) or not {"time", "counts"} <= set(meant):
        msg = f"{settings.model}: damaged: it does not say what its columns are"
        raise Refused(msg)
    return meant


def _unit(meant: Mapping[str, Any], settings: RunSettings) -> Span:
    if not meant["counts"]:
        return DAY
    if settings.unit is None:
        msg = (
            f"{settings.model}: its time counts {meant['time']!r}; `unit` must say how long one is"
        )
        raise Refused(msg)
    return settings.unit


def _evenly(meant: Mapping[str, Any], settings: RunSettings, unit: Span) -> None:
    spacing = meant.get("spacing")
    if not isinstance(spacing, int | float):  # models of before it was kept
        return
    learned = float(spacing) * unit
    if not learned / UNEVEN <= settings.every <= learned * UNEVEN:
        msg = f"{settings.model}: its rows were {span_text(max(round(learned), 1))} apart; `every` "
        msg += f"says {span_text(settings.every)}"
        raise Refused(msg)


def _hours(left: Outlook, hours: float) -> Outlook:
    """Say in hours of calendar what a model says in its own unit."""
    if not isinstance(left, Remaining):
        return left
    return Remaining(
        left.p05 * hours,
        left.p50 * hours,
        left.p95 * hours,
        None if left.mean is None else left.mean * hours,
        tuple(point * hours for point in left.course),
    )
