"""Soonest: what is left until the first of several failure modes, independent of each other.

What is left of the machine is the minimum of its modes' passages: the chance to outlast a time is
the product of the chances of all (competing risks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.life import LEVELS, Remaining, chance

_FAR = 4.0


def soonest(lives: Sequence[Remaining]) -> Remaining:
    """Join the remaining lives of one machine's failure modes, at least one, all in one unit."""
    points = sorted({0.0, *(point for life in lives for point in _points(life))})
    finite = [point for point in points if math.isfinite(point)]
    times = np.unique([*finite, *np.linspace(0.0, finite[-1] * _FAR, 200).tolist()])
    outlasts = np.array(
        [math.prod(1 - chance(life, time) for life in lives) for time in times.tolist()]
    )
    ended = np.maximum.accumulate(1 - outlasts)
    course = tuple(float(_when(level, times, ended)) for level in LEVELS)
    mean = float(np.sum(np.diff(times) * (outlasts[1:] + outlasts[:-1])) / 2)
    return Remaining(course[1], course[4], course[-2], mean, course)


def _points(life: Remaining) -> tuple[float, ...]:
    return life.course or (life.p05, life.p50, life.p95)


def _when(level: float, times: np.ndarray, ended: np.ndarray) -> float:
    place = int(np.searchsorted(ended, level))
    if place == len(times):
        return math.inf
    if place == 0:
        return 0.0
    low, high = ended[place - 1], ended[place]
    part = (level - low) / (high - low)
    return float(times[place - 1] + part * (times[place] - times[place - 1]))
