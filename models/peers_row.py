"""Peers row: what comparing an asset with its like does to one row, compiled.

Time is cut into short periods. A row is held against what its peers had said by the end of the
period before its own, so that it does not matter in which order the rows of one period come. What
was known then (`Shown`) is taken anew from what is known now (`Own`) when the first row of a later
period comes; `Ranked` is reckoned from it alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants
from models.blame import share
from models.kernel import kernel
from models.learner import Told

NEVER = -(2**62)
"""Stands where nothing was said yet."""

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

SLOW = 0.02
"""The weight of a new reading in an asset's own means, around which slopes are told."""

FADE = 0.999
"""By how much what slopes rest on is forgotten with each reading."""

RIDGE = 20.0
"""How many readings' worth of doubt a slope has to overcome, and how many count as one look."""

SPREAD = 0.01
"""The weight of a new spread of the peers in its running mean; what is slow wanders for long."""

NOISE = 0.05
"""The weight of a new reading in the variance of single ones."""

WILD = 20.0
"""Beyond how many spreads a single reading is pulled in."""

NOISY = 2.0
"""The band is at least so many deviations of single readings to each side."""

MOST = 1e6
"""The highest score there is."""

LEAST = 0.01
"""Slopes leave at least this part of the variance unexplained."""

_QUARTILE = 1.349  # the quartiles of a normal distribution are so many deviations apart


class Own(NamedTuple):
    """What is known of each asset now; k channels, o operating ones.

    `now`, `ops`: smoothed readings. `usual`: the mean spread of its peers, which `latest` is taken
    into when the next row comes, where it is `free`. `middle` are slow means of the operating
    point, `level` of how far a channel is from the others' median; these and the sums `gram`,
    `cross`, `power` over `weight` readings tell slopes. `looks`: how many rows could be compared.
    """

    now: Floats
    ops: Floats
    said: Instants
    missing: NDArray[np.int64]
    noise: Floats
    usual: Floats
    latest: Floats
    free: Bools
    looks: NDArray[np.int64]
    middle: Floats
    level: Floats
    gram: Floats
    cross: Floats
    power: Floats
    weight: Floats


class Shown(NamedTuple):
    """What was known of each asset at the end of the period before `period`; names as in `Own`."""

    now: Floats
    ops: Floats
    said: Instants
    gram: Floats
    cross: Floats
    power: Floats
    weight: Floats
    period: NDArray[np.int64]


class Ranked(NamedTuple):
    """The peers in order, as of `period`: `values[k, r]`, `sizes[k]` of them, `rank[a, k]` or -1.

    `slopes[o, k]` is what operating channels explain, `doubt[o, k]` the variance of that, `centre`
    the usual operating point.
    """

    period: NDArray[np.int64]
    values: Floats
    sizes: NDArray[np.int64]
    rank: NDArray[np.int64]
    slopes: Floats
    doubt: Floats
    centre: Floats


class Given(NamedTuple):
    """The settings: lengths of time in nanoseconds; `wide[n]` widens the line for n peers."""

    period: int
    within: int
    smoothing: float
    alone: float
    least: int
    warmup: int
    wide: Floats


class Lines(NamedTuple):
    """Rows in order of time, `slot` in what is known now."""

    order: NDArray[np.intp]
    asset: NDArray[np.intp]
    slot: NDArray[np.intp]
    at: Instants
    values: Floats
    live: Bools
    locked: Bools
    repeated: bool


@kernel
def judge_rows(
    lines: Lines,
    op: NDArray[np.intp],
    judged: Bools,
    given: Given,
    own: Own,
    shown: Shown,
    ranked: Ranked,
    rolls: bool,
    told: Told,
) -> None:
    """Judge rows and take them in; where it `rolls`, a later period begins with its first row."""
    width = len(judged)
    weight, usable = np.empty(width), np.empty(width, np.bool_)
    for i in lines.order:
        period = lines.at[i] // given.period
        if rolls and not lines.repeated and len(shown.period) and period > shown.period[0]:
            _roll(period, own, shown)
            rank(given, shown, ranked)
        if not lines.live[i]:
            continue
        a, s, said = lines.asset[i], lines.slot[i], False
        for k in range(width):
            said = said or (judged[k] and math.isfinite(lines.values[i, k]))
        if not lines.repeated:
            _take(lines.values[i], lines.at[i], s, op, judged, given, own, ranked)
        if not said:
            continue
        known = own.looks[s] >= given.warmup
        score = _weigh(a, s, judged, given, own, ranked, weight, usable, told.low[i], told.high[i])
        if not lines.repeated:
            own.free[s] = not lines.locked[i]
            if not math.isnan(score) and not lines.locked[i]:
                own.looks[s] += 1
        if math.isnan(score) or not known:
            told.low[i], told.high[i] = math.nan, math.nan
        else:
            told.value[i] = min(score, MOST)
            share(weight, usable, told.blame[i])


@kernel
def _roll(period: int, own: Own, shown: Shown) -> None:
    """Begin a later period: what is known now is what was known before it."""
    shown.now[:] = own.now
    shown.ops[:] = own.ops
    shown.said[:] = own.said
    shown.gram[:] = own.gram
    shown.cross[:] = own.cross
    shown.power[:] = own.power
    shown.weight[:] = own.weight
    shown.period[:] = period


@kernel
def rank(given: Given, shown: Shown, ranked: Ranked) -> None:
    """Put all assets in order, channel by channel, adjusted to the same operating point."""
    assets, width = shown.now.shape
    number = shown.ops.shape[1]
    _slope(shown, ranked)
    oldest = shown.period[0] * given.period - given.within
    adjusted, index = np.empty(assets), np.empty(assets, np.int64)
    for k in range(width):
        count = 0
        for j in range(assets):
            ranked.rank[j, k] = -1
            if shown.said[j, k] < oldest:
                continue
            adjusted[count], index[count] = shown.now[j, k], j
            for p in range(number):
                if not math.isnan(shown.ops[j, p]):
                    off = shown.ops[j, p] - ranked.centre[p]
                    adjusted[count] -= off * ranked.slopes[p, k]
            count += 1
        order = np.argsort(adjusted[:count])
        for r in range(count):
            ranked.values[k, r] = adjusted[order[r]]
            ranked.rank[index[order[r]], k] = r
        ranked.sizes[k] = count
    ranked.period[0] = shown.period[0]


@kernel
def _slope(shown: Shown, ranked: Ranked) -> None:
    """Tell from all assets together how channels follow the operating ones."""
    assets, number = shown.ops.shape
    width = shown.now.shape[1]
    gram, cross = np.zeros((number, number)), np.zeros((number, width))
    power, weight = np.zeros(width), 0.0
    for j in range(assets):
        gram += shown.gram[j]
        cross += shown.cross[j]
        power += shown.power[j]
        weight += shown.weight[j]
    for p in range(number):
        seen, total = 0, 0.0
        for j in range(assets):
            if not math.isnan(shown.ops[j, p]):
                seen += 1
                total += (shown.ops[j, p] - total) / seen
        ranked.centre[p] = total
        ranked.slopes[p], ranked.doubt[p] = 0.0, 0.0
        if weight > 0.0:
            gram[p, p] += RIDGE * gram[p, p] / weight
        if not gram[p, p] > 0.0:
            gram[p, p] = 1.0
    if number == 0 or not weight > RIDGE:
        return
    ranked.slopes[:] = np.linalg.solve(gram, cross)
    for k in range(width):
        left = power[k]
        for p in range(number):
            if not math.isfinite(ranked.slopes[p, k]):
                ranked.slopes[p, k] = 0.0
            left -= ranked.slopes[p, k] * cross[p, k]
        left = max(left, LEAST * power[k])
        for p in range(number):
            ranked.doubt[p, k] = RIDGE * left / weight / gram[p, p]


@kernel
def _take(
    row: Floats,
    at: int,
    s: int,
    op: NDArray[np.intp],
    judged: Bools,
    given: Given,
    own: Own,
    ranked: Ranked,
) -> None:
    """Take a row into what is known of its asset."""
    for k in range(len(row)):
        _settle(s, k, given.warmup, own)
    _move(row, s, op, given.smoothing, own)
    for k in range(len(row)):
        if not judged[k]:
            continue
        if not math.isfinite(row[k]):
            own.missing[s, k] += 1
            continue
        _follow(row[k], at, s, k, given, own)
        if ranked.sizes[k] < given.least:
            continue
        apart = own.now[s, k] - _quantile(ranked.values[k], ranked.sizes[k], -1, 0.5)
        if math.isnan(own.level[s, k]):
            own.level[s, k] = apart
        own.level[s, k] += SLOW * (apart - own.level[s, k])
        away = apart - own.level[s, k]
        own.power[s, k] = FADE * own.power[s, k] + min(away * away, 1e280)
        for p in range(len(op)):
            both = (own.ops[s, p] - own.middle[s, p]) * away
            own.cross[s, p, k] *= FADE
            if math.isfinite(both):
                own.cross[s, p, k] += both


@kernel
def _settle(s: int, k: int, warmup: int, own: Own) -> None:
    """Take the spread that the row before found into the usual one, where it is free to."""
    latest, usual = own.latest[s, k], own.usual[s, k]
    if latest > 0.0 and own.free[s]:
        rate = max(SPREAD, 1.0 / (1.0 + max(own.looks[s] - warmup, 0)))  # slopes settle first
        own.usual[s, k] = usual + rate * (latest - usual) if usual > 0.0 else latest
    own.latest[s, k] = 0.0


@kernel
def _move(row: Floats, s: int, op: NDArray[np.intp], rate: float, own: Own) -> None:
    """Take the operating point of a row into its means and sums."""
    for p in range(len(op)):
        value = row[op[p]]
        if math.isfinite(value):
            if math.isnan(own.ops[s, p]):
                own.ops[s, p] = own.middle[s, p] = value
            own.ops[s, p] += rate * (value - own.ops[s, p])
            own.middle[s, p] += SLOW * (value - own.middle[s, p])
    own.weight[s] = FADE * own.weight[s] + 1.0
    for p in range(len(op)):
        for q in range(len(op)):
            own.gram[s, p, q] *= FADE
            off = (own.ops[s, p] - own.middle[s, p]) * (own.ops[s, q] - own.middle[s, q])
            if math.isfinite(off):
                own.gram[s, p, q] += off


@kernel
def _follow(value: float, at: int, s: int, k: int, given: Given, own: Own) -> None:
    """Take a channel's reading into its means, a wild one pulled in once spreads are known."""
    if own.said[s, k] < at - given.within:  # what was said long ago says nothing of now
        own.now[s, k] = value
    off = value - own.now[s, k]
    if own.usual[s, k] > 0.0:
        far = WILD * own.usual[s, k]
        off = min(max(off, -far), far)
    own.noise[s, k] += NOISE * (min(off * off, 1e280) - own.noise[s, k])
    own.now[s, k] += given.smoothing * off
    own.said[s, k], own.missing[s, k] = at, 0


@kernel
def _weigh(
    a: int,
    s: int,
    judged: Bools,
    given: Given,
    own: Own,
    ranked: Ranked,
    weight: Floats,
    usable: Bools,
    low: Floats,
    high: Floats,
) -> float:
    """Score the channel that stands farthest apart, NaN where none can be compared."""
    score = math.nan
    for k in range(len(judged)):
        weight[k], usable[k] = 0.0, False
        if not judged[k] or own.missing[s, k] > STALE or own.said[s, k] == NEVER:
            continue
        skip = ranked.rank[a, k]
        count = ranked.sizes[k] - (1 if skip >= 0 else 0)
        if count < given.least:
            continue
        values = ranked.values[k]
        middle = _quantile(values, count, skip, 0.5)
        spread = _quantile(values, count, skip, 0.75) - _quantile(values, count, skip, 0.25)
        spread /= _QUARTILE
        own.latest[s, k] = spread
        known = own.usual[s, k] if own.usual[s, k] > 0.0 else spread
        shift, variance = 0.0, known * known
        for p in range(own.ops.shape[1]):
            off = own.ops[s, p] - ranked.centre[p]
            if not math.isnan(off):
                shift += off * ranked.slopes[p, k]
                variance += off * off * ranked.doubt[p, k]
        far = given.alone * given.wide[count] * math.sqrt(variance)
        if not (far > 1e-9 * abs(middle) and math.isfinite(far)):
            continue
        away = min(abs(own.now[s, k] - shift - middle) / far, MOST)
        usable[k], weight[k] = True, away * away
        score = away if math.isnan(score) else max(score, away)
        room = max(far, NOISY * math.sqrt(own.noise[s, k]))
        low[k], high[k] = middle + shift - room, middle + shift + room
    return score


@kernel
def _quantile(values: Floats, count: int, skip: int, part: float) -> float:
    """Read a quantile of `count` values in order, of which that at `skip` is left out."""
    place = part * (count - 1)
    first = math.floor(place)
    second = min(first + 1, count - 1)
    lower = values[first + 1 if 0 <= skip <= first else first]
    upper = values[second + 1 if 0 <= skip <= second else second]
    return float(lower + (place - first) * (upper - lower))
