"""Machines that run at several loads, made up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.readings import Floats


def stays(rng: np.random.Generator, count: int, levels: Sequence[float], mean: int = 50) -> Floats:
    """Go from one level to the next, and stay at each for about `mean` rows."""
    found: list[float] = []
    turn = 0
    while len(found) < count:
        found += [levels[turn % len(levels)]] * int(mean * (0.5 + rng.random()))
        turn += 1
    return np.array(found[:count])


def loads(seed: int, count: int, levels: Sequence[float], mean: int = 50) -> Floats:
    """Make `operating[n, 3]` of a machine at some loads: load, speed, and a noise of neither."""
    rng = np.random.default_rng(seed)
    load = stays(rng, count, levels, mean)
    noise = rng.normal(size=(count, 3))
    return np.stack([load, 10 * load, np.full(count, 20.0)], axis=1) + noise * [1.5, 8, 3]
