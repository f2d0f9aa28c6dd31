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
from models.kernel import step
from models.learner import Told

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

NORMAL_NOISE = 2.0
"""The expected band is at least so many standard deviations of single readings to each side."""

SUSPECT = 0.5
"""From this part of its line on the slow mean of a channel stands still."""

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
    inverse: Floats
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


class Now(NamedTuple):
    """One row of one asset while it is judged; what its steps work on."""

    design: Floats
    lever: Floats
    expected: Floats
    doubt: Floats
    smoothed: Floats
    away: Floats
    pulled: Floats
    weight: Floats
    left: Floats
    factor: Floats
    usable: Bools
    missing: NDArray[np.int64]
    chosen: NDArray[np.int64]


def scratch(channels: int, operating: int) -> Now:
    """Make room for one row at work."""
    expected, doubt, smoothed, away, pulled, weight, left = np.empty((7, channels))
    design, lever = np.empty((2, 2 * operating))
    missing, chosen = np.empty((2, channels), np.int64)
    usable, factor = np.empty(channels, np.bool_), np.empty((channels, channels))
    return Now(
        design, lever, expected, doubt, smoothed, away, pulled, weight, left, factor, usable,
        missing, chosen,
    )  # fmt: skip


@step
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
    now: Now,
    told: Told,
) -> None:
    """Judge rows in time order, in which assets may repeat; fills `told`, moves `moving[slot]`."""
    for i in range(len(values)):
        a, s = asset[i], slot[i]
        if not live[i]:
            if not repeated:
                moving.stale[s] = 1.0
        elif known.learned[a]:
            _row(
                i, a, s, values, locked[i], repeated, op, candidates, smoothing, known, moving,
                now, told,
            )  # fmt: skip


@step
def _row(
    i: int,
    a: int,
    s: int,
    values: Floats,
    locked: bool,
    repeated: bool,
    op: NDArray[np.intp],
    candidates: Bools,
    smoothing: float,
    known: Known,
    moving: Moving,
    now: Now,
    told: Told,
) -> None:
    """Judge row i, of an asset that runs."""
    width = values.shape[1]
    said = False
    for k in range(width):
        said = said or (candidates[k] and not math.isnan(values[i, k]))
    sure = _expect(values[i], op, a, s, known, moving, repeated, now)
    _smooth(values[i], a, s, known, moving, repeated, smoothing, now)
    for k in range(width):
        now.usable[k] = known.judged[a, k] and now.missing[k] <= STALE and said
    score = _weigh(a, known, sure, now)
    if not math.isnan(score):
        score = _depart(a, s, known, moving, score, now)
        lowest = score
        for j in range(moving.recent.shape[1]):
            lowest = min(lowest, moving.recent[s, j])
        told.value[i] = lowest
        share(now.weight, now.usable, told.blame[i])
        _band(a, s, known, moving, now, told.low[i], told.high[i])
    if repeated:
        return
    moving.stale[s] *= 1.0 - SLOWER * smoothing
    _remember(s, moving, score, now.smoothed, now.missing)
    if not (locked or score >= 1.0):
        for k in range(width):
            if now.left[k] < SUSPECT:
                moving.slow[s, k] += SLOWER * smoothing * (now.smoothed[k] - moving.slow[s, k])


@step
def _smooth(
    row: Floats,
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    repeated: bool,
    smoothing: float,
    now: Now,
) -> None:
    """Work out the smoothed residuals after a row, and for how long each channel is silent."""
    for k in range(len(row)):
        residual = (row[k] - now.expected[k]) / known.spread[a, k]
        before = moving.smoothed[s, k]
        if repeated or math.isnan(residual):
            now.smoothed[k] = before
            now.missing[k] = moving.missing[s, k] + (0 if repeated else 1)
        else:
            far = WILD * math.sqrt(known.noise[a, k] + known.cov[a, k, k])
            now.smoothed[k] = before + smoothing * (min(max(residual, -far), far) - before)
            now.missing[k] = 0


@step
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


@step
def _expect(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    repeated: bool,
    now: Now,
) -> bool:
    """Work out what each channel should read at this operating point, and the doubt in that.

    Returns whether there is none: where no channel tells the operating point.
    """
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
        now.design[p], now.design[number + p] = standard, bent * bent - 1.0
        now.lever[p], now.lever[number + p] = standard, standard * standard - 1.0
    reach = 0.0
    for p in range(2 * number):
        for q in range(2 * number):
            reach += now.lever[p] * known.precision[a, p, q] * now.lever[q]
    for k in range(len(row)):
        shift = 0.0
        for p in range(2 * number):
            shift += now.design[p] * known.weights[a, p, k]
        now.expected[k] = known.centre[a, k] + shift * known.spread[a, k]
        now.doubt[k] = reach * known.lean[a, k]
    return number == 0


@step
def _weigh(a: int, known: Known, sure: bool, now: Now) -> float:
    """Score the distance, 1 at the line, NaN where nothing can be judged; fills the weights."""
    width, size, whole = len(now.usable), 0, True
    for k in range(width):
        now.weight[k], now.away[k], now.left[k] = 0.0, 0.0, 0.0
        if now.usable[k]:
            now.away[k] = now.smoothed[k]
            now.chosen[size] = k
            size += 1
        else:
            whole = whole and not known.judged[a, k]
    if size == 0:
        return math.nan
    if sure and whole:
        for k in range(width):
            now.pulled[k] = 0.0
        for j in range(width):
            for k in range(width):
                now.pulled[k] += known.inverse[a, j, k] * now.away[j]
    else:
        _solve(a, known, size, now)
    joint, worst = 0.0, 0.0
    for k in range(width):
        joint += now.pulled[k] * now.away[k]
        part = now.away[k] * now.away[k] / (known.cov[a, k, k] + now.doubt[k])
        now.weight[k] = part
        worst = max(worst, part)
    by_one = math.sqrt(worst) / ALONE
    by_all = math.sqrt(max(joint, 0.0)) / max(ALONE, JOINT * math.sqrt(size))
    if by_one < by_all:
        for k in range(width):
            now.weight[k] = max(now.pulled[k] * now.away[k], 0.0)
    return float(max(by_one, by_all) / known.line[a])


@step
def _solve(a: int, known: Known, size: int, now: Now) -> None:
    """Solve the covariance of chosen channels for where they are, by Cholesky's factors."""
    chosen, factor, pulled = now.chosen, now.factor, now.left
    for r in range(size):
        for c in range(r + 1):
            whole = known.cov[a, chosen[r], chosen[c]]
            if r == c:
                whole += now.doubt[chosen[r]]
            for j in range(c):
                whole -= factor[r, j] * factor[c, j]
            factor[r, c] = math.sqrt(max(whole, _TINY)) if r == c else whole / factor[c, c]
    for r in range(size):
        rest = now.away[chosen[r]]
        for j in range(r):
            rest -= factor[r, j] * pulled[j]
        pulled[r] = rest / factor[r, r]
    for back in range(size):
        r = size - 1 - back
        for j in range(r + 1, size):
            pulled[r] -= factor[j, r] * pulled[j]
        pulled[r] /= factor[r, r]
    for k in range(len(now.pulled)):
        now.pulled[k] = 0.0
    for r in range(size):
        now.pulled[chosen[r]] = pulled[r]


@step
def _depart(a: int, s: int, known: Known, moving: Moving, score: float, now: Now) -> float:
    """Raise the score by a channel that has left its habits at once, which then has the blame."""
    worst = 0.0
    for k in range(len(now.usable)):
        now.left[k] = 0.0
        if not now.usable[k]:
            continue
        room = known.cov[a, k, k] + now.doubt[k]
        change = known.change[a, k] + now.doubt[k] + moving.stale[s] * room
        bounds = known.low[a, k], known.high[a, k]
        now.left[k] = departure(now.smoothed[k], moving.slow[s, k], change, bounds[0], bounds[1])
        worst = max(worst, now.left[k])
    if worst > score:
        for k in range(len(now.usable)):
            now.weight[k] = now.left[k] * now.left[k]
        return worst
    return score


@step
def _band(
    a: int, s: int, known: Known, moving: Moving, now: Now, low: Floats, high: Floats
) -> None:
    """Say between what values each usable channel should have read."""
    for k in range(len(now.usable)):
        if not now.usable[k]:
            continue
        room = known.cov[a, k, k] + now.doubt[k]
        noise = NORMAL_NOISE * math.sqrt(known.noise[a, k])
        far = known.line[a] * ALONE * math.sqrt(room)
        change = known.change[a, k] + now.doubt[k] + moving.stale[s] * room
        quick, slow = AT_ONCE * math.sqrt(change), moving.slow[s, k]
        least = max(-far, min(known.low[a, k], slow - quick))
        most = min(far, max(known.high[a, k], slow + quick))
        low[k] = now.expected[k] + min(least, -noise) * known.spread[a, k]
        high[k] = now.expected[k] + max(most, noise) * known.spread[a, k]
