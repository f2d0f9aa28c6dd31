"""Widening: intervals that missed are made wider, until they hold as often as they promise.

After each life the share of misses that intervals are made for moves, by less where they held and
by more where they missed (I. Gibbs, E. Candes: Adaptive conformal inference under distribution
shift, NeurIPS 2021). The factor follows it on the scale of the logarithm, within bounds: never
narrower than the model says, never more than `MOST` (A. Angelopoulos, E. Candes,
R. Tibshirani: Conformal PID control for time series prediction, NeurIPS 2023, track quantiles so).
It is a factor of the logarithm of time; in hours an interval grows by its square at most.
"""

from __future__ import annotations

import math
from dataclasses import replace

from core.life import Remaining
from models.conformal import Adaptive

RATE = 0.25
"""How far one life moves the logarithm of the factor; docs/decisions/0041-time-and-use.md."""

MOST = 4.0
"""The largest factor."""

FAR = 6.0
"""Up to so many times the middle ratios hold; a life known within a factor of e ends within 5.2."""


START = Adaptive(rate=RATE)
"""What holds where no life has ended."""


def after(now: Adaptive, missed: float) -> Adaptive:
    """Return what holds after one more life, of which a share 0 to 1 of what was said missed."""
    moved = now.after(missed=missed)
    widest = now.promised - math.log(MOST)
    return replace(moved, alpha=min(max(moved.alpha, widest), now.promised))


def factor(now: Adaptive) -> float:
    """Tell by which factor the logarithms of intervals must be wider than the model has them."""
    return math.exp(now.promised - now.alpha)


def widened(left: Remaining, times: float) -> Remaining:
    """Make the distribution of a remaining life wider about its middle, by ratios of time.

    Beyond `FAR` times the middle a point moves no farther from it than by the square of `times`:
    where the end is due the middle is next to nothing, and no ratio to it tells anything.
    """
    middle = left.p50
    if times <= 1 or not 0 <= middle < math.inf:
        return left

    def away(point: float) -> float:
        if point <= FAR * middle:
            return middle * math.pow(point / middle, times) if middle else point
        return max(middle * math.pow(FAR, times), middle + times**2 * (point - middle))

    course = tuple(away(point) for point in left.course)
    return replace(left, p05=away(left.p05), p95=away(left.p95), course=course)
