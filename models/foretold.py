"""How good predictions of remaining life were, once the life has ended.

Figures are those of A. Saxena, J. Celaya, B. Saha, S. Saha and K. Goebel: Metrics for offline
evaluation of prognostic performance, International Journal of Prognostics and Health Management 1,
2010: alpha-lambda accuracy and prognostic horizon; with coverage and sharpness of the interval
(T. Gneiting, F. Balabdaoui and A. E. Raftery: Probabilistic forecasts, calibration and sharpness,
Journal of the Royal Statistical Society B 69, 2007), and how often the end came below each level
of the distribution, which is to be as often as the level says (the same).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.life import LEVELS
from core.readings import Bools, Floats

ALPHA = 0.2
"""A prediction is accurate within this share of what was left."""

LAMBDA = 0.5
"""Alpha-lambda accuracy is judged at this part of the way from the first prediction to the end."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """How the predictions of one life did, or the mean over several lives.

    `error` is the median of how far the middle was off as a share of what was left, and `bias` the
    same with its sign (positive: said to last longer than it did). `covered` is the share of
    predictions whose 90 % interval held the end, `width` the median width of that interval as a
    share of what was left. `accurate` tells whether the middle was within `ALPHA` at `LAMBDA`,
    `horizon` how many hours before the end predictions began to stay within `ALPHA` (0: never).
    `below` is, for each of `LEVELS`, the share of predictions before whose point the end came.
    """

    count: int
    error: float
    bias: float
    covered: float
    width: float
    accurate: float
    horizon: float
    below: tuple[float, ...]


def foretold(left: Floats, told: Floats) -> Foretold | None:
    """Grade predictions `told[n, 3]` (p05, p50, p95) with `left[n]` hours truly left, in order.

    None where there is none before the end.
    """
    before = left > 0
    left, (early, middle, late) = left[before], told[before].T
    if not len(left):
        return None
    off = (middle - left) / left
    inside = (early <= left) & (left <= late)
    near: Bools = np.abs(off) <= ALPHA
    at = int(np.argmin(np.abs(left - left[0] * (1 - LAMBDA))))
    wrong = np.flatnonzero(~near)
    stays = 0 if not len(wrong) else int(wrong[-1]) + 1
    return Foretold(
        len(left),
        float(np.median(np.abs(off))),
        float(np.median(off)),
        float(inside.mean()),
        float(np.median((late - early) / left)),
        float(near[at]),
        float(left[stays]) if stays < len(left) else 0.0,
        tuple((left[:, None] <= points(told[before])).mean(axis=0).tolist()),
    )


def outlasted(left: Floats, told: Floats) -> tuple[float, tuple[float, ...]] | None:
    """Grade predictions of a life that was cut short `left[n]` hours after each.

    Those whose p95 lay before were wrong, of the others nothing is known. Gives the share that was
    wrong, and what is likely of the share before each of `LEVELS` of which the end would have come,
    as predictions have it of lives that last as long. None where none was wrong.
    """
    before = left > 0
    left, told = left[before], told[before]
    wrong = told[:, 2] < left
    if not wrong.any():
        return None
    levels = np.array(LEVELS)
    rows = zip(left.tolist(), points(told), strict=True)
    passed = np.array([np.interp(one, row, levels, 0.0) for one, row in rows])[:, None]
    below = np.clip((levels - passed) / (1 - passed), 0.0, 1.0)
    return float(wrong.mean()), tuple(below.mean(axis=0).tolist())


def points(told: Floats) -> Floats:
    """Return the points at all `LEVELS` of predictions `told[n, 3]`, as `core.life.chance` has it.

    Straight between the three that are known, and exponential beyond the last.
    """
    early, middle, late = told.T[:, :, None]
    levels = np.array(LEVELS)
    first = early * levels / 0.05
    rising = np.where(
        levels <= 0.5,
        early + (middle - early) * (levels - 0.05) / 0.45,
        middle + (late - middle) * (levels - 0.5) / 0.45,
    )
    beyond = late + (late - middle) * np.log(0.05 / (1 - levels)) / math.log(10)
    found: Floats = np.where(levels <= 0.05, first, np.where(levels <= 0.95, rising, beyond))
    return found


def together(lives: list[Foretold]) -> Foretold | None:
    """Take the mean over lives, each of which counts once; None where there is none."""
    if not lives:
        return None
    names = ("error", "bias", "covered", "width", "accurate", "horizon")
    means = {name: float(np.mean([getattr(one, name) for one in lives])) for name in names}
    below = np.mean([one.below for one in lives], axis=0)
    return Foretold(sum(one.count for one in lives), **means, below=tuple(below.tolist()))
