"""Draws: fixed standard numbers for a Monte Carlo, so that the same data give the same answer.

Each column is spread evenly over its distribution and shuffled (Latin hypercube: M. D. McKay,
R. J. Beckman, W. J. Conover, Technometrics 21, 1979), so that few draws go far.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from core.readings import Floats

_SEED = 13381


@cache
def evenly(count: int) -> Floats:
    """Return the middles of `count` equal parts of the way from 0 to 1, rising."""
    spots: Floats = (np.arange(count) + 0.5) / count
    return spots


@cache
def normals(count: int, columns: int) -> Floats:
    """Return `[column, draw]` of standard normal numbers."""
    normal = NormalDist()
    points = np.array([normal.inv_cdf(spot) for spot in evenly(count).tolist()])
    rng = np.random.default_rng(_SEED)
    return np.stack([rng.permutation(points) for _ in range(columns)])


@cache
def uniforms(count: int) -> Floats:
    """Return numbers between 0 and 1, in an order of their own."""
    return np.random.default_rng(_SEED + 1).permutation(evenly(count))
