"""Life by age: what is left of a part that has reached some age, from how long others lasted.

A Weibull law fitted to lives of which most were not seen to end (`models/lifetimes.py`), with what
the fit does not know, laid out once over ages so that to ask costs no more than to look it up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import LEVELS, CannotSay, Outlook, Remaining, declined
from core.readings import Floats
from models.ageing import Mixture, Standing
from models.life_table import LifeTable
from models.lifetimes import fit as fit_weibull

OLDER = 2.0
"""Up to so many times the greatest age on record something is said."""

USEFUL = 3.0
"""How many times the greatest age on record an interval may be wide."""

TOO_OLD = "it is far older than any that was learned from"

DRAWN = 16
"""So many fits that might as well be true are told as one."""

_AGES, _TIMES = 48, 256
_AHEAD = (1e-4, 100.0)
_EARLY, _MIDDLE, _LATE = (LEVELS.index(level) for level in (0.05, 0.5, 0.95))


@dataclass(frozen=True, slots=True, eq=False)
class LifeByAge:
    """What is left at `ages[k]`: the points `courses[k]` at `LEVELS`, and the mean `means[k]`.

    A point that lies too far ahead is NaN. Learned from `lives`, of which so many `failures`; all
    times in the unit of the table.
    """

    ages: Floats
    courses: Floats
    means: Floats
    lives: int
    failures: int

    @property
    def oldest(self) -> float:
        """The greatest age on record."""
        return float(self.ages[-1]) / OLDER

    def left(self, age: float) -> Outlook:
        """Say what is left at an age."""
        if age > self.ages[-1]:
            return declined("new_regime", TOO_OLD)
        after = min(int(np.searchsorted(self.ages, age, side="right")), len(self.ages) - 1)
        low, high = self.ages[after - 1], self.ages[after]
        part = (age - low) / (high - low)
        points = (1 - part) * self.courses[after - 1] + part * self.courses[after]
        mean = float((1 - part) * self.means[after - 1] + part * self.means[after])
        return told(points, mean, self.oldest)


def told(points: Floats, mean: float, oldest: float) -> Outlook:
    """Say what is left by points at `LEVELS`, unless they lie too wide by the greatest age."""
    wide = points[_LATE] - points[_EARLY] > USEFUL * oldest
    if wide or not np.isfinite(points).all():
        return declined("too_wide", "how long it lasts differs too much to say when it ends")
    course = tuple(points.tolist())
    return Remaining(course[_EARLY], course[_MIDDLE], course[_LATE], mean, course)


def reach(oldest: float) -> Floats:
    """Return the times ahead at which chances are reckoned, by the greatest age on record."""
    return oldest * np.concatenate([[0.0], np.geomspace(*_AHEAD, _TIMES)])


def learn(table: LifeTable) -> LifeByAge | CannotSay:
    """Learn from lives, any end but 0 of which is a failure; declines with too few failures.

    Each group of the table is one life.
    """
    found = fit_weibull(table.only(()))
    if isinstance(found, CannotSay):
        return found
    law = Mixture(found.drawn(DRAWN, seed=1), (1 / DRAWN,) * DRAWN)
    oldest = float(table.stop.max())
    ages = OLDER * oldest * np.linspace(0.0, 1.0, _AGES) ** 2
    times = reach(oldest)
    none = np.zeros((_AGES, 0))
    ends = law.chances(Standing(ages, none, none, 0.0), times)
    courses = np.array([np.interp(LEVELS, one, times, right=np.nan) for one in ends])
    means = np.asarray(np.trapezoid(1 - ends, times, axis=1))
    return LifeByAge(ages, courses, means, len(np.unique(table.group)), table.failures)
