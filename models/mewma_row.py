"""MEWMA row: what the multivariate detector does to one row of one asset, compiled.

`models/mewma.py` tells what it stands for; `models/distance.py` and `models/change.py` say the same
of many rows in NumPy, for the fit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.baseline import BENT, FARTHEST, WILD
from models.blame import share
from models.change import AT_ONCE, SLOWER, departure
from models.distance import ALONE, JOINT
from models.kernel import kernel

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

NORMAL_NOISE = 2.0
"""The expected band is at least so many standard deviations of single readings to each side."""

_TINY = 1e-300


class Known(NamedTuple):
    """What was learned, first axis the asset."""

    learned: Bools
    centre: Floats
    spread: Floats
    judged: Bools
    op_centre: Floats
    op_spread: Floats
    weights: Floats
    precision: Floats
    cov: Floats
    noise: Floats
    lean: Floats
    line: Floats
    low: Floats
    high: Floats
    change: Floats


class Moving(NamedTuple):
    """What goes on with every row, first axis the asset."""

    slow: Floats
    stale: Floats
    smoothed: Floats
    missing: NDArray[np.int64]
    operating: Floats
    recent: Floats


class Told(NamedTuple):
    """The verdict on rows, filled in by `judge_rows`."""

    value: Floats
    blame: Floats
    low: Floats
    high: Floats


@kernel
def judge_rows(
    asset: NDArray[np.intp],
    slot: NDArray[np.intp],
    values: Floats,
    live: Bools,
    locked: Bools,
    repeated: bool,
    op: NDArray[np.intp],
    candidates: Bools,
    smoothing: float,
    known: Known,
    moving: Moving,
    told: Told,
) -> None:
    """Judge rows in time order, in which assets may repeat; fills `told`, moves `moving[slot]`."""
    count, width = values.shape
    number = len(op)
    design, lever = np.empty(2 * number), np.empty(2 * number)
    expected, doubt, smoothed = np.empty(width), np.empty(width), np.empty(width)
    missing = np.empty(width, np.int64)
    usable = np.empty(width, np.bool_)
    weight, left = np.empty(width), np.empty(width)
    for i in range(count):
        a, s = asset[i], slot[i]
        if not live[i]:
            if not repeated:
                moving.stale[s] = 1.0
            continue
        if not known.learned[a]:
            continue
        said = False
        for k in range(width):
            said = said or (candidates[k] and not math.isnan(values[i, k]))
        _expect(values[i], op, a, s, known, moving, repeated, design, lever, expected, doubt)
        _smooth(values[i], a, s, known, moving, repeated, smoothing, expected, smoothed, missing)
        for k in range(width):
            usable[k] = known.judged[a, k] and missing[k] <= STALE and said
        score = _weigh(a, known, smoothed, doubt, usable, weight)
        if not math.isnan(score):
            score = _depart(a, s, known, moving, smoothed, doubt, usable, score, weight, left)
            lowest = score
            for j in range(moving.recent.shape[1]):
                lowest = min(lowest, moving.recent[s, j])
            told.value[i] = lowest
            share(weight, usable, told.blame[i])
            _band(a, s, known, moving, expected, doubt, usable, told.low[i], told.high[i])
        if repeated:
            continue
        moving.stale[s] *= 1.0 - SLOWER * smoothing
        _remember(s, moving, score, smoothed, missing)
        if not locked[i]:
            for k in range(width):
                moving.slow[s, k] += SLOWER * smoothing * (smoothed[k] - moving.slow[s, k])


@kernel
def _smooth(
    row: Floats,
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    repeated: bool,
    smoothing: float,
    expected: Floats,
    smoothed: Floats,
    missing: NDArray[np.int64],
) -> None:
    """Work out the smoothed residuals after a row, and for how long each channel is silent."""
    for k in range(len(row)):
        residual = (row[k] - expected[k]) / known.spread[a, k]
        before = moving.smoothed[s, k]
        if repeated or math.isnan(residual):
            smoothed[k] = before
            missing[k] = moving.missing[s, k] + (0 if repeated else 1)
        else:
            far = WILD * math.sqrt(known.noise[a, k] + known.cov[a, k, k])
            smoothed[k] = before + smoothing * (min(max(residual, -far), far) - before)
            missing[k] = 0


@kernel
def _remember(
    s: int, moving: Moving, score: float, smoothed: Floats, missing: NDArray[np.int64]
) -> None:
    """Keep what a row has led to."""
    last = moving.recent.shape[1] - 1
    if not math.isnan(score) and last >= 0:
        for j in range(last):
            moving.recent[s, j] = moving.recent[s, j + 1]
        moving.recent[s, last] = score
    for k in range(len(smoothed)):
        moving.smoothed[s, k] = smoothed[k]
        moving.missing[s, k] = missing[k]


@kernel
def _expect(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    repeated: bool,
    design: Floats,
    lever: Floats,
    expected: Floats,
    doubt: Floats,
) -> None:
    """Work out what each channel should read at this operating point, and the doubt in that."""
    number = len(op)
    for p in range(number):
        told = row[op[p]]
        if math.isnan(told):
            told = moving.operating[s, p]
        elif not repeated:
            moving.operating[s, p] = told
        standard = (told - known.op_centre[a, p]) / known.op_spread[a, p]
        if math.isnan(standard):
            standard = 0.0
        standard = min(max(standard, -FARTHEST), FARTHEST)
        bent = min(max(standard, -BENT), BENT)
        design[p], design[number + p] = standard, bent * bent - 1.0
        lever[p], lever[number + p] = standard, standard * standard - 1.0
    reach = 0.0
    for p in range(2 * number):
        for q in range(2 * number):
            reach += lever[p] * known.precision[a, p, q] * lever[q]
    for k in range(len(row)):
        shift = 0.0
        for p in range(2 * number):
            shift += design[p] * known.weights[a, p, k]
        expected[k] = known.centre[a, k] + shift * known.spread[a, k]
        doubt[k] = reach * known.lean[a, k]


@kernel
def _weigh(
    a: int, known: Known, smoothed: Floats, doubt: Floats, usable: Bools, weight: Floats
) -> float:
    """Score the distance, 1 at the line, NaN where nothing can be judged; fills the weights."""
    width = len(usable)
    chosen = np.empty(width, np.int64)
    size = 0
    for k in range(width):
        weight[k] = 0.0
        if usable[k]:
            chosen[size] = k
            size += 1
    if size == 0:
        return math.nan
    pulled = np.empty(size)
    joint, worst = _solve(a, known, smoothed, doubt, chosen[:size], pulled), 0.0
    for r in range(size):
        k = chosen[r]
        worst = max(worst, abs(smoothed[k]) / math.sqrt(known.cov[a, k, k] + doubt[k]))
    by_one = worst / ALONE
    by_all = math.sqrt(joint) / max(ALONE, JOINT * math.sqrt(size))
    for r in range(size):
        k = chosen[r]
        if by_one >= by_all:
            weight[k] = smoothed[k] * smoothed[k] / (known.cov[a, k, k] + doubt[k])
        else:
            weight[k] = max(smoothed[k] * pulled[r], 0.0)
    return float(max(by_one, by_all) / known.line[a])


@kernel
def _solve(
    a: int,
    known: Known,
    smoothed: Floats,
    doubt: Floats,
    chosen: NDArray[np.int64],
    pulled: Floats,
) -> float:
    """Solve the covariance of chosen channels for where they are, by Cholesky's factors.

    Fills `pulled` with the solution and returns the square of the distance.
    """
    size, joint = len(chosen), 0.0
    factor = np.empty((size, size))
    for r in range(size):
        for c in range(r + 1):
            whole = known.cov[a, chosen[r], chosen[c]]
            if r == c:
                whole += doubt[chosen[r]]
            for j in range(c):
                whole -= factor[r, j] * factor[c, j]
            factor[r, c] = math.sqrt(max(whole, _TINY)) if r == c else whole / factor[c, c]
    for r in range(size):
        rest = smoothed[chosen[r]]
        for j in range(r):
            rest -= factor[r, j] * pulled[j]
        pulled[r] = rest / factor[r, r]
        joint += pulled[r] * pulled[r]
    for back in range(size):
        r = size - 1 - back
        for j in range(r + 1, size):
            pulled[r] -= factor[j, r] * pulled[j]
        pulled[r] /= factor[r, r]
    return joint


@kernel
def _depart(
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    smoothed: Floats,
    doubt: Floats,
    usable: Bools,
    score: float,
    weight: Floats,
    left: Floats,
) -> float:
    """Raise the score by a channel that has left its habits at once, which then has the blame."""
    worst = 0.0
    for k in range(len(usable)):
        left[k] = 0.0
        if not usable[k]:
            continue
        room = known.cov[a, k, k] + doubt[k]
        change = known.change[a, k] + doubt[k] + moving.stale[s] * room
        bounds = known.low[a, k], known.high[a, k]
        left[k] = departure(smoothed[k], moving.slow[s, k], change, bounds[0], bounds[1])
        worst = max(worst, left[k])
    if worst > score:
        for k in range(len(usable)):
            weight[k] = left[k] * left[k]
        return worst
    return score


@kernel
def _band(
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    expected: Floats,
    doubt: Floats,
    usable: Bools,
    low: Floats,
    high: Floats,
) -> None:
    """Say between what values each usable channel should have read."""
    for k in range(len(usable)):
        if not usable[k]:
            continue
        room = known.cov[a, k, k] + doubt[k]
        noise = NORMAL_NOISE * math.sqrt(known.noise[a, k])
        far = known.line[a] * ALONE * math.sqrt(room)
        change = known.change[a, k] + doubt[k] + moving.stale[s] * room
        quick, slow = AT_ONCE * math.sqrt(change), moving.slow[s, k]
        least = max(-far, min(known.low[a, k], slow - quick))
        most = min(far, max(known.high[a, k], slow + quick))
        low[k] = expected[k] + min(least, -noise) * known.spread[a, k]
        high[k] = expected[k] + max(most, noise) * known.spread[a, k]
