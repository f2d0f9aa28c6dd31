"""Poisson: between what bounds a rate lies of which some events were counted."""

from __future__ import annotations

import math

_STEPS = 200
_FARTHEST = 10.0


def interval(count: int, exposure: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the rate per unit of `exposure` of which `count` events were seen; exact.

    Infinite above where there was no exposure. F. Garwood: Fiducial limits for the Poisson
    distribution, Biometrika 28 (1936).
    """
    if exposure <= 0:
        return 0.0, math.inf
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _solve(count - 1, 1 - tail)
    return low / exposure, _solve(count, tail) / exposure


def _solve(count: int, chance: float) -> float:
    """Find the mean of which `count` or fewer events have some chance, by halving."""
    low, high = 0.0, (count + _FARTHEST) * 2 + _FARTHEST * math.sqrt(count + 1)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(count, middle) > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(count: int, mean: float) -> float:
    """Tell how likely `count` or fewer events are where `mean` are expected."""
    if mean <= 0:
        return 1.0
    logs = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1)]
    return math.fsum(math.exp(one) for one in logs)
