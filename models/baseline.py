"""Baseline: what healthy running of one asset looks like, fitted to the rows it was learned from.

Per channel the fit tells apart three parts: what operating channels explain, fast noise, and slow
wander. A channel that wanders as part of normal operation (a machine that warms up, a room that
cools) is given the room that it took; one that runs away steadily, counts or stands still says
nothing and is left out.

A channel may be given as over an operating one: a bearing over the air around it. It goes with that
one for one, as limits of temperature rise have it (IEC 60034-1), and what others are over explains
nothing else: a few days in which machines are loaded at noon cannot tell load from air, and what
they teach of it does not hold in another season.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Bools, Floats, Instants
from models.change import SLOWER, Habit, habit
from models.covariance import ledoit_wolf
from models.student import widening

BLOCKS = 8
"""Into how many stretches of time the learning rows are cut to see slow wander."""

WANDER = 2.75
"""How many times its wander so far a channel may still wander, where that is well known."""

CONFIDENCE = 2.5
"""At how many standard deviations the little that was seen of slow wander is made up for."""

DEPENDENCE = 20.0
"""How many readings count as one look at least, since neighbours resemble each other."""

CLIP = 5.0
"""Beyond how many robust deviations a learning row is pulled in."""

WILD = 12.0
"""Beyond how many deviations a single reading is pulled in, so that one spike is no alarm."""

RIDGE = 5.0
"""How many rows' worth of doubt the influence of operating channels has to overcome."""

LEAST = 1e-12
"""The least variance of standardised residuals that can be judged."""

BENT = 2.0
"""Up to how many deviations of the operating point its influence is bent; beyond it is straight."""

FARTHEST = 1e6
"""Beyond how many deviations the operating point is taken to be no farther; keeps it finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The fit for one asset; channels are standardised as `(x - centre) / spread`.

    `judged` marks the channels that say something. `weights[p, k]` is the influence of feature p
    on channel k, `precision` gives the leverage of a row's features, `cov` the covariance of
    smoothed residuals with all doubt added, `noise` the variance of single residuals, `lean` the
    variance by which the influence of operating channels is in doubt, per unit of leverage.
    `smoothed` are the smoothed residuals of every learning row, `habit` how they change.
    """

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
    smoothed: Floats
    habit: Habit


def fit(
    values: Floats,
    operating: Floats,
    candidates: Bools,
    rate: float,
    sure: Bools | None = None,
    over: Instants | None = None,
) -> Baseline:
    """Fit to learning rows `values[n, k]`; `candidates` are the channels that may be judged.

    Those that are `sure` may even count or run away. `over[k]` is the place of the operating
    channel that channel k is judged over, below 0 for none.
    """
    rows = filled(values)
    sure = np.zeros(len(candidates), np.bool_) if sure is None else sure
    judged = candidates & _speaks(values) & (sure | ~_counts(rows))
    centre, spread = location(rows)
    standard = (rows - centre) / spread
    op_rows = filled(operating)
    op_centre, op_spread = location(op_rows)
    over = np.full(len(candidates), -1) if over is None else over
    beneath = _beneath(operating, np.where(judged, over, -1))
    speaks = _speaks(operating)
    speaks[beneath[beneath >= 0]] = True
    op_spread = np.where(speaks, op_spread, np.inf)
    design = features((op_rows - op_centre) / op_spread)
    scale = op_spread / spread[:, None]
    weights, precision = _fitted(design, standard, beneath, scale)
    residual = standard - design @ weights
    offset = np.clip(residual, -CLIP, CLIP).mean(axis=0)
    centre = centre + spread * offset
    residual = np.clip(residual - offset, -CLIP, CLIP)
    judged = judged & (sure | ~_runs_away(residual)) & (residual.var(axis=0) > LEAST)
    cov, noise, smoothed = _doubt(residual, judged, rate)
    lean = noise * np.maximum(dependence(design, residual, precision), DEPENDENCE)
    slow = smooth(smoothed, SLOWER * rate)
    known = habit(residual, smoothed, slow, wander(residual), rate)
    return Baseline(
        centre,
        spread,
        judged,
        op_centre,
        op_spread,
        weights,
        precision,
        cov,
        noise,
        lean,
        smoothed,
        known,
    )


def features(standard: Floats) -> Floats:
    """Turn standardised operating channels into what condition channels are regressed on.

    An operating channel that never said anything stands at its centre.
    """
    known = _finite(standard)
    return np.concatenate([known, np.clip(known, -BENT, BENT) ** 2 - 1], axis=-1)


def _finite(standard: Floats) -> Floats:
    known = np.where(np.isnan(standard), 0.0, standard)
    return np.clip(known, -FARTHEST, FARTHEST)


def reach(noise: Floats, room: Floats) -> Floats:
    """Tell how far a single residual may count, from the variances of noise and of smoothed."""
    far: Floats = WILD * np.sqrt(noise + room)
    return far


def smooth(rows: Floats, rate: float) -> Floats:
    """Average exponentially down the rows, each mean unbiased from the first row on."""
    out = np.empty_like(rows)
    mean, weight = np.zeros(rows.shape[1]), 0.0
    for i, row in enumerate(rows):
        mean = mean + rate * (row - mean)
        weight += rate * (1 - weight)
        out[i] = mean / weight
    return out


def filled(values: Floats) -> Floats:
    """Hold the last value where one is missing, the first one backwards; 0 where none ever was."""
    count = len(values)
    known = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(known, np.arange(count)[:, None], -1), axis=0)
    first = np.argmax(known, axis=0)
    index = np.where(last < 0, first, last)
    held = np.take_along_axis(values, index, axis=0)
    return np.where(np.isnan(held), 0.0, held)


def _speaks(values: Floats) -> Bools:
    """Tell which channels are there most of the time and not constant."""
    known = ~np.isnan(values)
    low = np.where(known, values, np.inf).min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    size = np.maximum(np.abs(low), np.abs(high))
    moves = np.where(known.any(axis=0), high - low, 0.0) > 1e-9 * np.where(
        known.any(axis=0), size, 1
    )
    enough: Bools = known.mean(axis=0) >= 0.5
    return enough & moves


def _counts(rows: Floats) -> Bools:
    """Tell which channels only ever go one way: counters, whatever they were declared as."""
    change = np.diff(rows, axis=0)
    ups, downs = (change > 0).sum(axis=0), (change < 0).sum(axis=0)
    found: Bools = (np.minimum(ups, downs) == 0) & (np.maximum(ups, downs) >= BLOCKS)
    return found


def location(rows: Floats) -> tuple[Floats, Floats]:
    """Find centre and spread per channel, hardly moved by wild rows."""
    centre, step = np.median(rows, axis=0), _step(rows)
    for _ in range(2):
        away = np.abs(rows - centre)
        reach = np.maximum(1.4826 * np.median(away, axis=0), 1.2533 * away.mean(axis=0))
        rows = np.clip(rows, centre - CLIP * reach, centre + CLIP * reach)
    spread = rows.std(axis=0)
    spread = np.sqrt(spread**2 + step**2 / 12)
    return rows.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _step(rows: Floats) -> Floats:
    """Find the smallest step between values: what a coarse sensor cannot show."""
    gaps = np.diff(np.sort(rows, axis=0), axis=0)
    least = np.where(gaps > 0, gaps, np.inf).min(axis=0)
    return np.where(np.isfinite(least), least, 0.0)


def _regression(design: Floats, response: Floats) -> tuple[Floats, Floats]:
    """Regress every channel on the features, with doubt, and again without the wild rows."""
    width = design.shape[1]
    gram = np.einsum("np,nq->pq", design, design) + RIDGE * np.eye(width)
    precision = np.linalg.inv(gram)
    weights = np.zeros((width, response.shape[1]))
    for _ in range(2):
        expected = design @ weights
        left = response - expected
        reach = CLIP * np.maximum(1.2533 * np.abs(left).mean(axis=0), 1e-12)
        tamed = expected + np.clip(left, -reach, reach)
        weights = precision @ np.einsum("np,nk->pk", design, tamed)
    return weights, precision


def _beneath(operating: Floats, over: Instants) -> Instants:
    """Keep of `over` the channels that were mostly heard, -1 elsewhere."""
    if not operating.shape[1]:
        return np.full(len(over), -1)
    heard = (~np.isnan(operating)).mean(axis=0) >= 0.5
    found: Instants = np.where((over >= 0) & heard[over], over, -1)
    return found


def _fitted(
    design: Floats, response: Floats, beneath: Instants, scale: Floats
) -> tuple[Floats, Floats]:
    """Regress every channel on the features, but those that are over an operating channel on it.

    `scale[k, p]` is the spread of operating channel p in spreads of channel k. What others are over
    takes no other part, and so its features have no leverage.
    """
    chosen, number = np.flatnonzero(beneath >= 0), scale.shape[1]
    if not len(chosen):
        return _regression(design, response)
    under = np.unique(beneath[chosen])
    rest = np.setdiff1d(np.arange(2 * number), np.concatenate([under, number + under]))
    slope = np.zeros((2 * number, response.shape[1]))
    slope[beneath[chosen], chosen] = scale[chosen, beneath[chosen]]
    weights, precision = slope, np.zeros((2 * number, 2 * number))
    left = response - design @ slope
    weights[rest], precision[np.ix_(rest, rest)] = _regression(design[:, rest], left)
    return weights, precision


def dependence(design: Floats, residual: Floats, precision: Floats) -> Floats:
    """Estimate how many readings count as one look at the influence of operating channels.

    Where both these and what they do not explain change slowly, few independent situations were
    seen. That shows in the sums of their products over stretches of time, as in the cluster-robust
    variance of K.-Y. Liang, S. L. Zeger, Biometrika 73 (1986), averaged over the features.
    """
    width = np.count_nonzero(np.diagonal(precision))
    if not width:
        return np.ones(residual.shape[1])
    products = zip(np.array_split(design, BLOCKS), np.array_split(residual, BLOCKS), strict=True)
    sums = np.array([np.einsum("np,nk->pk", x, left) for x, left in products])
    squares = np.einsum("bpk,pq,bqk->k", sums, precision, sums)
    seen: Floats = squares / (width * np.maximum(residual.var(axis=0), 1e-12))
    return seen * BLOCKS / (BLOCKS - 1)


def _block_means(residual: Floats) -> tuple[Floats, Floats]:
    """Cut into stretches; returns their means, and the mean variance within them."""
    blocks = np.array_split(residual, BLOCKS)
    means = np.array([block.mean(axis=0) for block in blocks])
    within = np.array([block.var(axis=0, ddof=1) for block in blocks]).mean(axis=0)
    return means, within


def _runs_away(residual: Floats) -> Bools:
    """Tell which channels went steadily one way, so that their range is not yet known."""
    means, within = _block_means(residual)
    order = np.arange(BLOCKS) - (BLOCKS - 1) / 2
    slope = np.einsum("b,bk->k", order, means) / np.sum(order**2)
    left = means - means.mean(axis=0) - order[:, None] * slope
    trend, rest = slope**2 * np.sum(order**2), np.sum(left**2, axis=0)
    found: Bools = (trend > 9 * rest) & (trend > BLOCKS * within)
    return found


def _doubt(residual: Floats, judged: Bools, rate: float) -> tuple[Floats, Floats, Floats]:
    """Estimate the covariance of smoothed residuals, and add room for wander and few rows."""
    count, width = residual.shape
    noise = residual.var(axis=0)
    smoothed = smooth(residual, rate)
    settled = smoothed[min(int(2 / rate), count // 4) :]
    cov = np.eye(width)
    chosen = np.flatnonzero(judged)
    if len(chosen):
        shrunk, _ = ledoit_wolf(settled[:, chosen])
        cov[np.ix_(chosen, chosen)] = shrunk
    room = WANDER**2 * wander(residual) + (1 + DEPENDENCE) / count * noise
    cov += np.diag(np.where(judged, room, 0.0))
    return cov, noise, smoothed


def wander(residual: Floats) -> Floats:
    """Estimate the variance of slow wander, the larger the less of it was seen.

    A channel that is slow by nature, such as a temperature, took few independent positions while
    it was learned: its room grows as Student's t for that number of looks.
    """
    means, within = _block_means(residual)
    between = means.var(axis=0, ddof=1)
    seen = np.maximum(between - within * BLOCKS / len(residual), 0.0)
    turning = np.mean(np.diff(means, axis=0) ** 2, axis=0) / 2
    slowness = np.maximum(between / np.maximum(turning, 1e-12), 1.0)
    part = seen / np.maximum(residual.var(axis=0), 1e-12)
    looks = np.clip(BLOCKS / np.maximum(part * slowness, 1e-9) - 1, 1.0, 1e6)
    widened: Floats = seen * widening(looks, CONFIDENCE) ** 2
    return widened
