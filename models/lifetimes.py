"""Lifetimes: Weibull regression on lives of which most were not seen to end.

Hazard gathers with age as risk * (age / scale) ^ shape, and condition multiplies it by
exp(weights . covariates). All is fitted at once by the likelihood of the table's stretches: each
adds the log hazard at its end, where it failed there, less the hazard gathered from its start to
its stop (J. D. Kalbfleisch, R. L. Prentice: The Statistical Analysis of Failure Time Data, 2nd ed.,
2002, sections 3.2 and 6.3). So censored lives count for how long they held, and lives that were not
watched from new only from the age at which they were. A ridge draws the weights of standardised
covariates to none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from core.life import CannotSay
from core.readings import Floats
from models.life_table import LifeTable, too_few

PRIOR = 0.5
"""How firmly the log of the shape is drawn to 0, at which age does not matter: where failures are
many this hardly counts."""

_TAME, _STEEPEST = 30.0, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Weibull:
    """A fitted Weibull regression.

    `fitted` is log shape, log of the hazard gathered by age `unit`, and the weights of covariates
    standardised by `centre` and `spread`; `covariance` says how unsure they are, given that rows of
    one group hang together, and `looks` from how many failures that is known, less
    three.
    """

    fitted: Floats
    covariance: Floats
    looks: int
    unit: float
    centre: Floats
    spread: Floats

    @property
    def shape(self) -> float:
        """How hazard changes with age: 1 where it stays, above where parts wear out."""
        return math.exp(self.fitted[0])

    @property
    def scale(self) -> float:
        """The age by which 63 % have failed at average covariates."""
        return self.unit * math.exp(-self.fitted[1] / self.shape)

    def cumulative(self, ages: Floats) -> Floats:
        """Return the hazard gathered from new to each age, at average covariates."""
        gathered: Floats = (ages / self.scale) ** self.shape
        return gathered

    def risk(self, covariates: Floats) -> Floats:
        """Return the factor on hazard for each row of `covariates[n, p]`."""
        standard = (covariates - self.centre) / self.spread
        return np.exp(np.clip(standard @ self.fitted[2:], -_TAME, _TAME))

    def drawn(self, count: int, seed: int) -> tuple[Weibull, ...]:
        """Return so many fits that might as well be true, in pairs about this one.

        They lie about it as Student's t has it, so farther where failures were few.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        rng = np.random.default_rng(seed)
        off = rng.normal(size=(count // 2, len(values))) @ root.T
        off *= np.sqrt(self.looks / rng.chisquare(self.looks, (count // 2, 1)))
        return tuple(
            replace(self, fitted=self.fitted + sign * one) for one in off for sign in (1, -1)
        )


def fit(table: LifeTable, ridge: float = 1.0) -> Weibull | CannotSay:
    """Fit to a table in which any end but 0 is a failure; declines with too few failures."""
    refusal = too_few(table)
    if refusal is not None:
        return refusal
    from scipy.optimize import minimize

    standard, centre, spread = table.standardised()
    unit = float(np.sum(table.stop - table.start)) / table.failures
    likelihood = _Likelihood(table, standard, unit, ridge)
    found = minimize(
        likelihood.loss,
        np.zeros(2 + standard.shape[1]),
        jac=likelihood.slope,
        hess=likelihood.bend,
        method="trust-exact",
    )
    found.x[0] = min(found.x[0], _STEEPEST)
    looks = table.failures - 3
    return Weibull(found.x, likelihood.covariance(found.x), looks, unit, centre, spread)


class _Likelihood:
    """The log likelihood of a table, with the sign turned, and its derivatives."""

    def __init__(self, table: LifeTable, standard: Floats, unit: float, ridge: float) -> None:
        self._failed = (table.ended > 0).astype(np.float64)
        self._group = table.group
        self._rows = np.concatenate([np.ones((len(standard), 1)), standard], axis=1)
        self._ridge = np.full(self._rows.shape[1], ridge)
        self._ridge[0] = 0.0
        self._start, self._stop = table.start / unit, table.stop / unit
        with np.errstate(divide="ignore"):
            self._late = np.log(self._stop)
            self._early = np.where(self._start > 0, np.log(np.maximum(self._start, 1e-300)), 0.0)

    def _gathered(self, at: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Return the shape, and the hazard of each row with its derivatives by log shape."""
        shape = math.exp(min(at[0], _STEEPEST))
        level = np.exp(np.clip(self._rows @ at[1:], -_TAME, _TAME))
        late, early = level * self._stop**shape, level * self._start**shape
        first = shape * (late * self._late - early * self._early)
        second = first + shape**2 * (late * self._late**2 - early * self._early**2)
        return shape, late - early, first, second

    def loss(self, at: Floats) -> float:
        """Return the negative log likelihood with the ridge's part."""
        shape, hazard, _, _ = self._gathered(at)
        log = self._rows @ at[1:] + at[0] + (shape - 1) * self._late
        drawn = self._ridge @ at[1:] ** 2 + PRIOR * at[0] ** 2
        return float(hazard.sum() - self._failed @ log + 0.5 * drawn)

    def _scores(self, at: Floats) -> Floats:
        """Return each row's part in the slope, `[n, 2 + p]`, without the ridge."""
        shape, hazard, first, _ = self._gathered(at)
        by_shape = first - self._failed * (1 + shape * self._late)
        by_level = (hazard - self._failed)[:, None] * self._rows
        return np.concatenate([by_shape[:, None], by_level], axis=1)

    def slope(self, at: Floats) -> Floats:
        """Return the first derivatives of the loss."""
        found: Floats = self._scores(at).sum(axis=0)
        found[0] += PRIOR * at[0]
        found[1:] += self._ridge * at[1:]
        return found

    def bend(self, at: Floats) -> Floats:
        """Return the second derivatives of the loss."""
        shape, hazard, first, second = self._gathered(at)
        found = np.zeros((len(at), len(at)))
        found[0, 0] = second.sum() - shape * (self._failed @ self._late) + PRIOR
        found[0, 1:] = found[1:, 0] = first @ self._rows
        found[1:, 1:] = self._rows.T @ (hazard[:, None] * self._rows) + np.diag(self._ridge)
        return found

    def covariance(self, at: Floats) -> Floats:
        """Return how unsure the fit is: the sandwich over groups (D. Y. Lin, L. J. Wei, 1989).

        Of few groups it may come out too small by chance: it is never taken for smaller, in volume,
        than if no rows hung together.
        """
        names, place = np.unique(self._group, return_inverse=True)
        score = np.zeros((len(names), len(at)))
        np.add.at(score, place, self._scores(at))
        inverse = np.asarray(np.linalg.pinv(self.bend(at), hermitian=True), np.float64)
        if len(names) <= len(at):
            return inverse
        found: Floats = inverse @ (score.T @ score) @ inverse * len(names) / (len(names) - len(at))
        volumes = [np.linalg.slogdet(one)[1] for one in (found, inverse)]
        return found if volumes[0] > volumes[1] else inverse
