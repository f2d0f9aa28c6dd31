"""How sure a chance is: between which shares of such cases what it foretells is to come.

A chance is a claim about many cases: of those told 3 %, three in a hundred fail. How far off such
claims are is taken as a normal distribution of the log-odds, wider downwards than upwards; the
lives that have ended speak beside it as binomial counts do (A. Gelman et al.: Bayesian Data
Analysis, 3rd ed., 2.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

LOWER, HIGHER = 2.25, 0.5
"""Deviations of the true log-odds below and above those that are told.

They are learned from simulated wear; see docs/decisions/0041-time-and-use.md.
"""

ENDS = (0.05, 0.95)

_LEAST = 1e-4
_ODDS = np.linspace(-16.0, 16.0, 1601)


def bracket(chance: float, lives: int = 0, below: float = 0.0) -> tuple[float, float]:
    """Say between which shares, 9 in 10 sure, cases with a `chance` come true.

    Of so many `lives` that ended, as many as `below`, parts of them too, did so before what had
    been said of them reached this chance. The bracket holds the chance itself.
    """
    near = round(min(max(chance, _LEAST), 1 - _LEAST), 4)
    low, high = _bracket(near, lives, round(below, 2))
    return min(low, chance), max(high, chance)


@lru_cache(4096)
def _bracket(chance: float, lives: int, below: float) -> tuple[float, float]:
    away = _ODDS - math.log(chance / (1 - chance))
    belief = -((away / np.where(away < 0, LOWER, HIGHER)) ** 2) / 2
    came, stayed = -np.logaddexp(0.0, -_ODDS), -np.logaddexp(0.0, _ODDS)
    belief += below * came + (lives - below) * stayed
    weight = np.exp(belief - belief.max())
    rank = (np.cumsum(weight) - weight / 2) / weight.sum()
    low, high = (1 / (1 + math.exp(-odds)) for odds in np.interp(ENDS, rank, _ODDS).tolist())
    return low, high
