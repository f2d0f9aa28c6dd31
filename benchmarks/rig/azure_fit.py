"""Methods tried on the Azure logs: fitted to some machines, asked of others, chosen by neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig import azure
from benchmarks.rig.azure import Life, Moments
from core.errors import Refused
from core.life import CannotSay
from core.readings import Floats
from models import hazard, lifetimes
from models.ageing import Mixture, Standing
from models.brier import Outcomes, brier, integrated
from models.kaplan_meier import Curve, censoring, failing
from models.life_table import LifeTable
from models.recalibration import Recalibration, learn

STEP = 7.0
TIMES = np.arange(0.0, azure.LONGEST + 1)
RIDGES = (10.0, 30.0)
INNER = 3
DRAWN = 16
JUST, TAKEN_RIDGE = 1e-6, 3.0

Part = Literal["cox", "weibull", "kaplan-meier"]


@dataclass(frozen=True, slots=True)
class Method:
    """One way to learn from lives: which model, which covariates, how strong a ridge."""

    part: Part
    names: tuple[str, ...] = ()
    ridge: float = 1.0

    def __str__(self) -> str:
        sets = {(): "age alone", FEW: "few", azure.NAMES: "all"}
        ridge = f", ridge {self.ridge:g}" if self.names else ""
        return f"{self.part}, {sets[self.names]}{ridge}"


RECORD = (*azure.MACHINE, *azure.RECORD)
FEW = (*azure.SIMPLE, *azure.LATE)
LEARNED: tuple[Part, ...] = ("cox", "weibull")
WEIBULL_ON_AGE = Method("weibull")
KAPLAN_MEIER = Method("kaplan-meier")
GRID = tuple(
    Method(part, names, ridge)
    for part, names, ridge in product(LEARNED, (FEW, azure.NAMES), RIDGES)
)


def fitted(method: Method, seen: Moments) -> list[Mixture]:
    """Fit a method to what followed moments, for each component by itself."""
    return [_fitted(method, _table(seen, component)) for component in range(len(azure.COMPONENTS))]


def _table(seen: Moments, component: int, *, taken: bool = False) -> LifeTable:
    own = seen.rows(seen.component == component)
    return azure.table(own, STEP, own.taken if taken else own.failed)


def _fitted(method: Method, table: LifeTable) -> Mixture:
    table = table.only(method.names)
    if method.part == "kaplan-meier":
        return Mixture((failing(table.start, table.stop, table.ended > 0),), (1.0,))
    if method.part == "cox":
        cox = hazard.fit(table, method.ridge)
        if isinstance(cox, CannotSay):
            raise Refused(cox.words)
        return Mixture((cox,), (1.0,))
    weibull = lifetimes.fit(table, method.ridge)
    if isinstance(weibull, CannotSay):
        raise Refused(weibull.words)
    return Mixture(weibull.drawn(DRAWN, seed=1), (1 / DRAWN,) * DRAWN)


def standing(seen: Moments, names: Sequence[str]) -> Standing:
    """Show components at moments as models ask for them."""
    kept = [name in names for name in azure.NAMES]
    return Standing(seen.age, seen.now[:, kept], seen.later[:, kept], azure.FRESH)


def chances(method: Method, models: Sequence[Mixture], seen: Moments) -> Floats:
    """Return the chance `[n, h]` of each component to fail within each of `TIMES`."""
    told = np.zeros((len(seen.age), len(TIMES)))
    for component, model in enumerate(models):
        own = seen.component == component
        shown = standing(seen.rows(own), method.names)
        told[own] = model.chances(shown, TIMES)
    return told


def mean_chances(seen: Moments) -> Floats:
    """Return the chance `[h]` to fail within each of `TIMES` that all have, whatever their age."""
    return 1 - failing(np.zeros(len(seen.left)), seen.left, seen.failed).at(TIMES)


def outcomes_by_age(seen: Moments, known: Sequence[Life]) -> Outcomes:
    """Show what came of components, with weights by the age at which others were taken out."""
    curves = [_taken([life for life in known if life.component == k]) for k in range(4)]

    def by(read: Callable[[Curve, Floats], Floats]) -> Callable[[NDArray[np.intp], Floats], Floats]:
        def share(rows: NDArray[np.intp], times: Floats) -> Floats:
            found = np.empty(times.shape)
            for component, curve in enumerate(curves):
                own = seen.component[rows] == component
                age = seen.age[rows][own].reshape(-1, *([1] * (times.ndim - 1)))
                found[own] = read(curve, age + times[own]) / np.maximum(curve.at(age), 1e-9)
            return found

        return share

    return Outcomes(seen.left, seen.failed, by(Curve.at), by(Curve.before))


def _taken(known: Sequence[Life]) -> Curve:
    start = np.array([life.entry - life.born for life in known])
    stop = np.array([life.end - life.born for life in known])
    failed = np.array([life.failed for life in known])
    return censoring(start, stop, failed, np.array([life.taken for life in known]))


def outcomes_by_record(seen: Moments, whole: Moments) -> Outcomes:
    """Show what came of components, with weights by what makes one be taken out: age and record.

    A Cox regression for each component, learned from the `whole` of the record. What is taken out
    is so just after failures of the same moment.
    """
    cox = []
    for component in range(len(azure.COMPONENTS)):
        found = _table(whole, component, taken=True).only(RECORD)
        stop = np.where(found.ended > 0, found.stop + JUST, found.stop)
        fit = hazard.fit(replace(found, stop=stop), TAKEN_RIDGE)
        cox.append(fit)
    kept = [name in RECORD for name in azure.NAMES]

    def after(wait: float) -> Callable[[NDArray[np.intp], Floats], Floats]:
        def share(rows: NDArray[np.intp], times: Floats) -> Floats:
            found = np.ones(times.shape)
            for component, model in enumerate(cox):
                own = seen.component[rows] == component
                if isinstance(model, CannotSay) or not own.any():
                    continue
                shape = (-1, *([1] * (times.ndim - 1)))
                age = seen.age[rows][own].reshape(shape)
                risk = model.risk(seen.later[rows][own][:, kept]).reshape(shape)
                gathered = model.cumulative(age + times[own] + wait) - model.cumulative(age)
                found[own] = np.exp(-risk * gathered)
            return found

        return share

    return Outcomes(seen.left, seen.failed, after(2 * JUST), after(0.0))


def outcomes_of_all(seen: Moments) -> Outcomes:
    """Show what came of components, with one weight for all at one time, as Graf et al. have it."""
    curve = censoring(np.zeros(len(seen.left)), seen.left, seen.failed, ~seen.failed)
    return Outcomes(
        seen.left,
        seen.failed,
        lambda _, times: curve.at(times),
        lambda _, times: curve.before(times),
    )


def folds(machines: NDArray[np.int64], count: int, seed: int) -> list[NDArray[np.int64]]:
    """Deal machines into so many heaps."""
    known = np.unique(machines)
    return np.array_split(np.random.default_rng(seed).permutation(known), count)


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What a method said of machines kept out of its fits, and what came."""

    chances: Floats
    outcomes: Outcomes

    @property
    def worth(self) -> float:
        """The integrated Brier score."""
        error = brier(self.outcomes, self.chances, TIMES)
        return float(integrated(error, TIMES).mean())


def tried(method: Method, seen: Moments, seed: int) -> Tried:
    """Try a method by folds over the machines given."""
    asked = seen.rows(seen.judged)
    said = np.zeros((len(asked.age), len(TIMES)))
    for held in folds(seen.machine, INNER, seed):
        own = np.isin(asked.machine, held)
        models = fitted(method, seen.rows(~np.isin(seen.machine, held)))
        said[own] = chances(method, models, asked.rows(own))
    return Tried(said, outcomes_by_record(asked, seen))


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen: the best Cox and the best Weibull regression, mixed, then recalibrated.

    `scores` are the integrated Brier scores by which it was.
    """

    methods: tuple[Method, ...]
    weights: tuple[float, ...]
    recalibration: Recalibration
    scores: dict[Method, float]

    def chances(self, seen: Moments, asked: Moments) -> Floats:
        """Fit to some moments and return the chances `[n, h]` at others."""
        parts = [chances(one, fitted(one, seen), asked) for one in self.methods]
        return self.recalibration.corrected(np.einsum("m,mnh->nh", self.weights, parts))


def choose(grid: Sequence[Method], seen: Moments, seed: int) -> Choice:
    """Choose by folds over the machines given: settings, weights of the mixture, recalibration."""
    found = {method: tried(method, seen, seed) for method in grid}
    scores = {method: one.worth for method, one in found.items()}
    parts = sorted({method.part for method in grid})
    best = [min((m for m in grid if m.part == part), key=lambda m: scores[m]) for part in parts]
    outcomes = found[best[0]].outcomes
    said = np.stack([found[method].chances for method in best])
    mixed = {
        share: Tried(np.einsum("m,mnh->nh", share, said), outcomes) for share in shares(len(best))
    }
    share = min(mixed, key=lambda one: mixed[one].worth)
    return Choice(tuple(best), share, learn(outcomes, mixed[share].chances, TIMES), scores)


def shares(count: int) -> list[tuple[float, ...]]:
    """Return the weights that are tried for one or two models."""
    if count == 1:
        return [(1.0,)]
    return [(one, 1 - one) for one in np.linspace(0, 1, 5).tolist()]
