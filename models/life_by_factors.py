"""Life by factors: what is left of a part by its age and by what is known of it, such as its model.

A Weibull regression on lives of which most were not seen to end (`models/lifetimes.py`), with what
the fit does not know. All fits that might as well be true are asked at once, so that to ask costs
little though each part is another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import LEVELS, CannotSay, Outlook, declined
from core.readings import Floats
from models.life_by_age import DRAWN, OLDER, TOO_OLD, reach, told
from models.life_table import LifeTable
from models.lifetimes import Weibull
from models.lifetimes import fit as fit_weibull

TOO_FAR = "what is known of it is far from all that was learned from"

BEYOND = 0.5
"""Up to so many times their range covariates may lie beyond those that were learned from."""

_NEW, _TAME = 1e-12, 600.0


@dataclass(frozen=True, slots=True, eq=False)
class LifeByFactors:
    """What is left by `laws` that might as well be true, each with its `shape` and `scale[d, 1]`.

    The greatest age on record is `oldest`; covariates go from `least[p]` to `greatest[p]` in lives
    watched at least up to the least age at failure: of others next to nothing was learned. Learned
    from `lives`, of which so many `failures`; all times in the unit of the table.
    """

    laws: tuple[Weibull, ...]
    shape: Floats
    scale: Floats
    oldest: float
    least: Floats
    greatest: Floats
    lives: int
    failures: int

    def left(self, age: float, row: Floats) -> Outlook:
        """Say what is left at an age of a part of which the covariates `row[p]` are known."""
        if age > OLDER * self.oldest:
            return declined("new_regime", TOO_OLD)
        room = BEYOND * (self.greatest - self.least)
        if np.any((row < self.least - room) | (row > self.greatest + room)):
            return declined("new_regime", TOO_FAR)
        times = reach(self.oldest)
        age = max(age, _NEW * self.oldest)
        risk = np.concatenate([law.risk(row[None]) for law in self.laws])[:, None]
        whole = risk * np.exp(np.minimum(self.shape * np.log((age + times) / self.scale), _TAME))
        holds = np.exp(whole * np.expm1(self.shape * np.log(age / (age + times)))).mean(axis=0)
        points = np.interp(LEVELS, 1 - holds, times, right=np.nan)
        return told(points, float(np.trapezoid(holds, times)), self.oldest)


def learn(table: LifeTable) -> LifeByFactors | CannotSay:
    """Learn from lives, each a row, any end but 0 of which is a failure.

    Lives of a group hang together. Declines with too few failures.
    """
    found = fit_weibull(table)
    if isinstance(found, CannotSay):
        return found
    laws = found.drawn(DRAWN, seed=1)
    shape, scale = (np.array([[getattr(law, name)] for law in laws]) for name in ("shape", "scale"))
    oldest = float(table.stop.max())
    seen = table.covariates[table.stop >= table.stop[table.ended > 0].min()]
    least, greatest = seen.min(axis=0), seen.max(axis=0)
    lives, failures = len(table.stop), table.failures
    return LifeByFactors(laws, shape, scale, oldest, least, greatest, lives, failures)
