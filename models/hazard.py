"""Hazard: Cox regression, which leaves open how hazard goes with age.

The weights of covariates come from the partial likelihood (D. R. Cox, JRSS B 34, 1972; ties by the
rule of B. Efron, JASA 72, 1977), drawn to none by a ridge. The hazard gathered with age comes from
the failures themselves (N. Breslow, Biometrics 30, 1974), a step at each age at which something
failed. Beyond the last it goes on at its mean pace over the later half of failures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import CannotSay
from core.readings import Floats
from models.life_table import LifeTable, too_few

_ROUNDS, _NEAR, _FARTHEST = 60, 1e-7, 1.0
_TAME = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Cox:
    """A fitted Cox regression: by age `ages[k]` the hazard `gathered[k]`, then `pace` beyond.

    `weights` are those of covariates standardised by `centre` and `spread`.
    """

    ages: Floats
    gathered: Floats
    pace: float
    weights: Floats
    centre: Floats
    spread: Floats

    def cumulative(self, ages: Floats) -> Floats:
        """Return the hazard gathered from new to each age, at average covariates."""
        steps = np.concatenate([[0.0], self.gathered])
        beyond = np.maximum(ages - self.ages[-1], 0.0)
        found: Floats = steps[np.searchsorted(self.ages, ages, side="right")] + self.pace * beyond
        return found

    def risk(self, covariates: Floats) -> Floats:
        """Return the factor on hazard for each row of `covariates[n, p]`."""
        standard = (covariates - self.centre) / self.spread
        return np.exp(np.clip(standard @ self.weights, -_TAME, _TAME))


def fit(table: LifeTable, ridge: float = 1.0) -> Cox | CannotSay:
    """Fit to a table in which any end but 0 is a failure; declines with too few failures."""
    refusal = too_few(table)
    if refusal is not None:
        return refusal
    standard, centre, spread = table.standardised()
    known = np.isfinite(spread)
    weights = np.zeros(len(spread))
    failed = np.unique(table.stop[table.ended > 0])
    met = np.searchsorted(failed, [table.start, table.stop], side="right")
    counts = met[1] > met[0]  # the others were under watch while nothing failed
    partial = _Partial(table.rows(counts), standard[counts][:, known], ridge)
    if known.any():
        weights[known] = _climbed(partial, int(known.sum()))
    steps = 1 / partial.at_risk(partial.risk(weights[known]))
    gathered: Floats = np.cumsum(np.bincount(partial.place, weights=steps), dtype=np.float64)
    ages = partial.ages
    half = max(int(np.median(partial.place)) - 1, 0)
    way = ages[-1] - ages[half]
    pace = float((gathered[-1] - gathered[half]) / way) if way > 0 else 0.0
    return Cox(ages, gathered, pace, weights, centre, spread)


class _Partial:
    """The partial likelihood of a table, drawn to none by a ridge, and its derivatives."""

    def __init__(self, table: LifeTable, standard: Floats, ridge: float) -> None:
        self._table, self._rows, self._ridge = table, standard, ridge
        self._failed = table.ended > 0
        self.ages, self.place = np.unique(table.stop[self._failed], return_inverse=True)
        count = np.bincount(self.place)
        order = np.argsort(self.place, kind="stable")
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        self.part = np.empty(len(order))
        self.part[order] = np.arange(len(order)) - first[self.place[order]]
        self.part /= count[self.place]

    def at_risk(self, weight: Floats) -> Floats:
        """Sum weights `[n, ...]` over those under watch at each failure, by Efron's rule for ties.

        Of d that fail at one age, the k-th to go is taken to find (k - 1) / d of each gone before.
        """
        dying = np.zeros((len(self.ages), *weight.shape[1:]))
        np.add.at(dying, self.place, weight[self._failed])
        watched = exposure(self._table.start, self._table.stop, weight, self.ages)
        part = self.part.reshape(-1, *([1] * (weight.ndim - 1)))
        found: Floats = watched[self.place] - part * dying[self.place]
        return found

    def _met(self, each: Floats) -> Floats:
        """Sum what is given for each failure over those at which a row was under watch."""
        ages = np.bincount(self.place, weights=each)
        summed = np.concatenate([[0.0], np.cumsum(ages)])
        met = [
            summed[np.searchsorted(self.ages, age, side="right")]
            for age in (self._table.stop, self._table.start)
        ]
        found: Floats = met[0] - met[1]
        found[self._failed] -= np.bincount(self.place, weights=self.part * each)[self.place]
        return found

    def risk(self, at: Floats) -> Floats:
        """Return the factor on hazard of each row."""
        return np.exp(np.clip(self._rows @ at, -_TAME, _TAME))

    def height(self, at: Floats) -> float:
        """Return the log of the likelihood."""
        own = float((self._rows[self._failed] @ at).sum())
        sums = self.at_risk(self.risk(at))
        if np.min(sums) <= 0:  # so far off that nothing is left of it in floating point
            return -np.inf
        return own - float(np.log(sums).sum()) - 0.5 * self._ridge * float(at @ at)

    def turn(self, at: Floats) -> tuple[Floats, Floats]:
        """Return its first derivatives, and the second with the sign turned."""
        risk = self.risk(at)
        weighted = risk[:, None] * self._rows
        sums = self.at_risk(risk)
        mean = self.at_risk(weighted) / sums[:, None]
        slope = self._rows[self._failed].sum(axis=0) - mean.sum(axis=0) - self._ridge * at
        square = self._rows.T @ ((risk * self._met(1 / sums))[:, None] * self._rows)
        bend = square - mean.T @ mean + self._ridge * np.eye(len(at))
        return slope, bend


def _climbed(partial: _Partial, size: int) -> Floats:
    """Climb to the top by Newton's method, halving steps that lead down."""
    at = np.zeros(size)
    height = partial.height(at)
    for _ in range(_ROUNDS):
        slope, bend = partial.turn(at)
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        step /= max(float(np.max(np.abs(step))) / _FARTHEST, 1.0)
        while (reached := partial.height(at + step)) < height and np.max(np.abs(step)) > _NEAR:
            step = step / 2
        if reached < height or np.max(np.abs(step)) < _NEAR:
            break
        at, height = at + step, reached
    return at


def exposure(start: Floats, stop: Floats, weight: Floats, ages: Floats) -> Floats:
    """Sum weights `[n, ...]` of the rows under watch at each age: start < age <= stop."""
    return _before(start, weight, ages) - _before(stop, weight, ages)


def _before(at: Floats, weight: Floats, ages: Floats) -> Floats:
    order = np.argsort(at)
    none = np.zeros((1, *weight.shape[1:]))
    summed = np.concatenate([none, np.cumsum(weight[order], axis=0)])
    found: Floats = summed[np.searchsorted(at[order], ages, side="left")]
    return found
