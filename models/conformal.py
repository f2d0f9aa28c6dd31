"""Conformal intervals for units: made as wide as held-out units show that they must be.

Quantiles of a model are taken as a first guess. On units that the model has not seen, each half of
the interval is stretched until the truth lies within it as often as promised: conformalised
quantile regression (Y. Romano, E. Patterson, E. Candes: Conformalized quantile regression, NeurIPS
2019), with residuals in half-widths, at each stage of predicted life, and one vote for each unit
however many rows it has (A. Angelopoulos, S. Bates: A gentle introduction to conformal prediction,
2021; rows of one unit resemble each other, so that it is units that are exchangeable).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.readings import Bools, Floats
from models.run_table import Numbers

THIRDS = 3
"""By so many stages of predicted life coverage is told."""

STAGES = 6
"""At so many stages intervals are calibrated; between them factors change evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """By how much both halves of an interval are stretched, at each stage of predicted life.

    `stage[s]` is the middle of a stage; `below[s]` and `above[s]` are factors. Between two middles
    they change evenly, so that no interval jumps.
    """

    stage: Floats
    below: Floats
    above: Floats

    def course(self, course: Floats, middle: int) -> Floats:
        """Stretch quantiles `[row, level]` about the one at place `middle`; none falls below 0."""
        centre = course[:, [middle]]
        below = np.interp(centre[:, 0], self.stage, self.below)[:, None]
        above = np.interp(centre[:, 0], self.stage, self.above)[:, None]
        away = course - centre
        return np.maximum(centre + away * np.where(away < 0, below, above), 0.0)


@dataclass(frozen=True, slots=True)
class Adaptive:
    """A share of misses that moves, so that in the long run it is the one promised.

    After each outcome `alpha` falls where the interval missed and rises a little where it held
    (I. Gibbs, E. Candes: Adaptive conformal inference under distribution shift, NeurIPS 2021).
    Intervals are then made for `alpha` misses; at 0 or below they are without bounds.
    """

    promised: float = 0.1
    rate: float = 0.02
    alpha: float = 0.1

    def after(self, *, missed: float) -> Adaptive:
        """Return what holds after one more outcome; it may be missed in part."""
        return replace(self, alpha=self.alpha + self.rate * (self.promised - missed))

    def interval(self, course: Floats, levels: Sequence[float]) -> tuple[float, float]:
        """Return between which points of a course, known at `levels`, the truth is to lie now.

        Beyond the outermost levels it goes on evenly to 0 and to twice the highest point.
        """
        if self.alpha <= 0:
            return 0.0, float("inf")
        at = np.array([0.0, *levels, 1.0])
        points = np.array([0.0, *course.tolist(), 2.0 * float(course[-1])])
        half = min(self.alpha, 1.0) / 2
        low, high = np.interp([half, 1.0 - half], at, points)
        return float(low), float(high)


def votes(unit: Numbers) -> Floats:
    """Weigh rows so that each unit has one vote."""
    _, which, count = np.unique(unit, return_inverse=True, return_counts=True)
    found: Floats = 1.0 / count[which]
    return found


def quantile(values: Floats, weight: Floats, level: float) -> float:
    """Return the smallest value that has at least a share `level` of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order])
    place = int(np.searchsorted(share, level * share[-1] * (1 - 1e-12)))
    return float(values[order][min(place, len(values) - 1)])


def thirds(expected: Floats, weight: Floats, count: int = THIRDS) -> Numbers:
    """Tell the third of each row, or of `count` parts: 0 where least life is expected."""
    edges = [quantile(expected, weight, k / count) for k in range(1, count)]
    return np.searchsorted(np.array(edges), expected)


def stretch(
    interval: Floats, truth: Floats, unit: Numbers, weight: Floats, alpha: float
) -> Stretch:
    """Find the stretch by which rows of held-out units are missed as often as `alpha` says.

    `interval[row]` is low, middle, high; `weight` the vote of each row. Half of the misses may lie
    on each side. With n units the share is taken for n + 1, as for one more that is yet to come.
    """
    low, middle, high = interval.T
    least = 1e-3 * max(float(np.abs(middle).max(initial=0.0)), 1e-9)
    under = (middle - truth) / np.maximum(middle - low, least)
    over = (truth - middle) / np.maximum(high - middle, least)
    stage = thirds(middle, weight, STAGES)
    found: list[tuple[float, float, float]] = []
    for s in np.unique(stage).tolist():
        mine = stage == s
        count = len(np.unique(unit[mine]))
        level = (1 + min(1.0, (1 - alpha) * (1 + 1 / count))) / 2
        factors = [max(quantile(side[mine], weight[mine], level), 0.0) for side in (under, over)]
        found.append((quantile(middle[mine], weight[mine], 0.5), factors[0], factors[1]))
    return Stretch(*np.array(found).T)


def covered(low: Floats, high: Floats, truth: Floats) -> Bools:
    """Tell which intervals hold the truth."""
    found: Bools = (low <= truth) & (truth <= high)
    return found


def half_width(
    estimate: Floats, truth: Floats, unit: Numbers, weight: Floats, alpha: float
) -> float:
    """Return the half width of the equally wide interval that holds as often."""
    count = len(np.unique(unit))
    return quantile(np.abs(estimate - truth), weight, min(1.0, (1 - alpha) * (1 + 1 / count)))
