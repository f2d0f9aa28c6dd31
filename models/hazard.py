"""Hazard: Cox regression, which leaves open how hazard goes with age.

The weights of covariates come from the partial likelihood (D. R. Cox, JRSS B 34, 1972; ties by the
rule of B. Efron, JASA 72, 1977), drawn to none by a ridge, by statsmodels' PHReg. The hazard
gathered with age comes from the failures themselves (N. Breslow, Biometrics 30, 1974), a step at
each age at which something failed. Beyond the last it goes on at its mean pace over the later half
of failures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import CannotSay
from core.readings import Floats
from models.life_table import LifeTable, too_few

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
    seen, rows = table.rows(counts), standard[counts][:, known]
    if known.any():
        from models.partial_likelihood import weights as fitted

        weights[known] = fitted(seen.start, seen.stop, seen.ended > 0, rows, ridge)
    ages, gathered, pace = _baseline(seen, np.exp(np.clip(rows @ weights[known], -_TAME, _TAME)))
    return Cox(ages, gathered, pace, weights, centre, spread)


def _baseline(table: LifeTable, risk: Floats) -> tuple[Floats, Floats, float]:
    """Return ages of failure, the hazard gathered by each, and its pace beyond the last.

    Of d that fail at one age, the k-th to go finds (k - 1) / d of each gone before: so ties count
    in the hazard as they do in the weights, which PHReg's own baseline does not do.
    """
    failed = table.ended > 0
    ages, place, count = np.unique(table.stop[failed], return_inverse=True, return_counts=True)
    dying = np.bincount(place, weights=risk[failed])
    watched = exposure(table.start, table.stop, risk, ages)
    order = np.sort(place)
    part = np.arange(len(order)) - (np.cumsum(count) - count)[order]
    at_risk = watched[order] - part / count[order] * dying[order]
    gathered: Floats = np.cumsum(np.bincount(order, weights=1 / at_risk), dtype=np.float64)
    half = max(int(np.median(order)) - 1, 0)
    way = ages[-1] - ages[half]
    pace = float((gathered[-1] - gathered[half]) / way) if way > 0 else 0.0
    return ages, gathered, pace


def exposure(start: Floats, stop: Floats, weight: Floats, ages: Floats) -> Floats:
    """Sum weights `[n]` of the rows under watch at each age: start < age <= stop."""
    return _before(start, weight, ages) - _before(stop, weight, ages)


def _before(at: Floats, weight: Floats, ages: Floats) -> Floats:
    order = np.argsort(at)
    summed = np.concatenate([[0.0], np.cumsum(weight[order])])
    found: Floats = summed[np.searchsorted(at[order], ages, side="left")]
    return found
