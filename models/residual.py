"""Residual: what operating channels leave of a row, in a compiled loop, by a fitted baseline."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.baseline import BENT, CLIP, FARTHEST, Baseline, features, filled
from models.ensemble_fit import LOOKS, MOST_ALIKE
from models.kernel import kernel
from models.learner import Kept
from models.student import widening

CONFIDENCE = 2.5
"""At how many standard deviations the little that was seen is made up for."""


class Base(NamedTuple):
    """A baseline in columns, first axis the asset; see `models/baseline.Baseline`."""

    judged: Bools
    centre: Floats
    spread: Floats
    op_centre: Floats
    op_spread: Floats
    weights: Floats
    precision: Floats
    lean: Floats
    noise: Floats


def blank_base(assets: int, channels: int, operating: int) -> Kept:
    """Make the baselines of assets that have learned nothing."""
    width = 2 * operating
    return {
        "judged": np.zeros((assets, channels), np.bool_),
        "centre": np.zeros((assets, channels)),
        "spread": np.ones((assets, channels)),
        "op_centre": np.zeros((assets, operating)),
        "op_spread": np.ones((assets, operating)),
        "weights": np.zeros((assets, width, channels)),
        "precision": np.zeros((assets, width, width)),
        "lean": np.zeros((assets, channels)),
        "noise": np.ones((assets, channels)),
    }


def kept_base(base: Baseline) -> Kept:
    """Name what is kept of a baseline."""
    return {name: getattr(base, name) for name in Base._fields}


def residuals_of(base: Baseline, values: Floats, operating: Floats) -> Floats:
    """Work out residuals of learning rows, wild ones pulled in; 0 where not judged."""
    design = features((filled(operating) - base.op_centre) / base.op_spread)
    standard = (filled(values) - base.centre) / base.spread
    left = np.clip(standard - np.einsum("np,pk->nk", design, base.weights), -CLIP, CLIP)
    found: Floats = np.where(base.judged, left, 0.0)
    return found


def doubt_of(course: Floats) -> Floats:
    """Tell by how much the variance of a course `[n, m]` is widened, the more alike neighbours are.

    Student's t for as many independent looks as a course of first order has.
    """
    off = course - course.mean(axis=0)
    whole = np.maximum(np.sum(off**2, axis=0), 1e-12)
    alike = np.clip(np.sum(off[1:] * off[:-1], axis=0) / whole, 0.0, MOST_ALIKE)
    looks = np.maximum(len(off) * (1 - alike) / (1 + alike) - 1, LOOKS)
    wider: Floats = widening(looks, CONFIDENCE) ** 2
    return wider


@kernel
def residuals(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    operating: Floats,
    base: Base,
    lever: Floats,
    rate: float,
    expected: Floats,
    doubt: Floats,
    left: Floats,
) -> bool:
    """Fill in what is expected, the doubt in that, and what is left, NaN where a channel is silent.

    `operating` is what operating channels of the asset last said, and takes what they say now;
    `lever` is what features were on average, a new row counting with `rate`; all else is
    standardised. Returns whether a judged channel spoke.
    """
    number, width = len(op), len(row)
    design = np.empty(2 * number)
    for p in range(number):
        if math.isfinite(row[op[p]]):
            operating[p] = row[op[p]]
        standard = (operating[p] - base.op_centre[a, p]) / base.op_spread[a, p]
        if math.isnan(standard):
            standard = 0.0
        standard = min(max(standard, -FARTHEST), FARTHEST)
        bent = min(max(standard, -BENT), BENT)
        design[p], design[number + p] = standard, bent * bent - 1.0
        first, second = standard, standard * standard - 1.0
        if rate < 1.0:
            first = lever[p] + rate * (first - lever[p])
            second = lever[number + p] + rate * (second - lever[number + p])
        lever[p], lever[number + p] = first, second
    reach, said = 0.0, False
    for p in range(2 * number):
        for q in range(2 * number):
            reach += lever[p] * base.precision[a, p, q] * lever[q]
    for k in range(width):
        expected[k] = 0.0
        for p in range(2 * number):
            expected[k] += design[p] * base.weights[a, p, k]
        doubt[k] = reach * base.lean[a, k]
        left[k] = (row[k] - base.centre[a, k]) / base.spread[a, k] - expected[k]
        if not math.isfinite(row[k]) or not base.judged[a, k]:
            left[k] = math.nan
        else:
            said = True
    return said
