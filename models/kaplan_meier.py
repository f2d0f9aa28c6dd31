"""Kaplan-Meier: the share that outlasts each age, and the weights that censoring calls for.

E. L. Kaplan, P. Meier: Nonparametric estimation from incomplete observations, JASA 53 (1958);
with rows that enter late as N. Keiding and R. D. Gill have them (Annals of Statistics 18, 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Bools, Floats
from models.hazard import exposure


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A share that falls by a step at each of `ages[k]`, to `share[k]` there and after."""

    ages: Floats
    share: Floats

    def at(self, ages: Floats) -> Floats:
        """Return the share that outlasts each age, its own step taken."""
        return self._after(np.searchsorted(self.ages, ages, side="right"))

    def before(self, ages: Floats) -> Floats:
        """Return the share that reaches each age, its own step not taken yet."""
        return self._after(np.searchsorted(self.ages, ages, side="left"))

    def _after(self, steps: np.intp | np.ndarray) -> Floats:
        found: Floats = np.concatenate([[1.0], self.share])[steps]
        return found

    def cumulative(self, ages: Floats) -> Floats:
        """Return the hazard gathered by each age, as the logarithm of the share that fell."""
        return -np.log(np.maximum(self.at(ages), 1e-12))

    def risk(self, covariates: Floats) -> Floats:
        """Return a factor of 1 for each row: all are alike."""
        return np.ones(len(covariates))


def failing(start: Floats, stop: Floats, failed: Bools) -> Curve:
    """Return the share that has not failed by each age; rows are watched from start to stop."""
    ages, count = np.unique(stop[failed], return_counts=True)
    watched = exposure(start, stop, np.ones(len(stop)), ages)
    return Curve(ages, np.cumprod(1 - count / np.maximum(watched, 1.0), dtype=np.float64))


def censoring(start: Floats, stop: Floats, failed: Bools, taken: Bools) -> Curve:
    """Return the share not `taken` out whole by each age; at one age failures come first.

    A row that is neither left the watch in some way that is not asked for.
    """
    ages, count = np.unique(stop[taken], return_counts=True)
    watched = exposure(start, stop, np.ones(len(stop)), ages)
    ends = np.sort(stop[failed])
    gone = np.searchsorted(ends, ages, side="right") - np.searchsorted(ends, ages, side="left")
    share = 1 - count / np.maximum(watched - gone, 1.0)
    return Curve(ages, np.cumprod(share, dtype=np.float64))
