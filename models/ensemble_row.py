"""Ensemble row: what the ensemble does to one row of one asset, compiled.

Three members look at the residuals of the channels (what operating channels do not explain):

- *near*: the running mean of a channel against its reference, a slower mean that follows the
  machine and stands still while the channel is suspect. How far apart the two may be grows with
  the age of the reference, as it did in healthy time (`room`).
- *far*: the running mean against where it was while learned, with ample room for slow wander.
- *spread*: both for the logarithm of how strongly each channel scatters around its quick mean, and
  of how strongly all do together, seen through their usual correlation (what breaks it is louder).

Each takes its worst channel; near also takes all together (Mahalanobis), as the multivariate EWMA
of C. A. Lowry, W. H. Woodall, C. W. Champ, S. E. Rigdon, Technometrics 34 (1992), and far the ways
that channels go together (principal directions): what is against them is far, too.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.baseline import BENT, FARTHEST
from models.blame import share
from models.ensemble_course import LEAST, SKEWED, advance, look, settle, stand
from models.ensemble_state import Course, Known, Now, Told
from models.kernel import step
from models.prefetch import prefetch

STALE = 20  # for how many readings a missing channel is judged by what it last said
JOINT = 2.0  # how far all channels together may be away, times the root of their number
OLDEST = 128.0  # how old, in readings, a reference is taken to be after the machine stood
LET_GO = 0.7  # once passed, the line is so low, or a score at the line would go on and off
RETURNED = 0.5  # below this part of what it lately was, a score has returned and is no alarm
HIGHEST = 2.0  # how far that may raise the line at most
OUTER = 50.0  # beyond how many deviations the operating point is as far as it gets
ROUGH = 3.0  # so much farther channels may be from going together, which is known roughly
TINY = 1e-300  # the least that a root is taken of
NOISY = 2.0  # the band is at least so many deviations of single residuals to each side


@step
def judge_rows(
    asset: NDArray[np.intp],
    values: Floats,
    live: Bools,
    locked: Bools,
    repeated: bool,
    op: NDArray[np.intp],
    known: Known,
    course: Course,
    now: Now,
    told: Told,
) -> None:
    """Judge rows in time order, in which assets may repeat; moves `course`, fills `told`."""
    count, width = values.shape
    for i in range(count):
        a = asset[i]
        prefetch(known.op_centre, known.room, asset[min(i + 1, count - 1)])
        if not known.learned[a]:
            continue
        if not live[i]:
            for m in range(2 * width + 1):
                course.age[a, m] = max(course.age[a, m], OLDEST)
            continue
        said = _expect(values[i], op, a, known, course, now)
        if not repeated:
            if said:
                settle(a, known, course, now)
                advance(now.residual, a, known, course, now)
                for p in range(len(now.lever)):
                    course.lever[a, p] += known.smoothing[a] * (now.lever[p] - course.lever[a, p])
            for k in range(width):
                silent = math.isnan(now.residual[k])
                course.missing[a, k] = course.missing[a, k] + 1 if silent else 0
        if not said:
            continue
        for k in range(width):
            now.usable[k] = known.judged[a, k] and course.missing[a, k] <= STALE
        _deviations(a, known, course, now)
        raw = _weigh(a, known, course, now)
        if math.isnan(raw):
            continue
        least = LET_GO if course.above[a] else 1.0
        line = min(max(RETURNED * course.lately[a], least), HIGHEST)
        told.value[i], told.raw[i] = raw / line, raw
        share(now.weight, now.usable, told.blame[i])
        _band(a, known, course, now, line, told.low[i], told.high[i])
        if not repeated:
            course.said[a] = raw
            course.over[a] = raw > line
            stand(a, known, course, now.away, raw > line, locked[i])


@step
def _expect(
    row: Floats, op: NDArray[np.intp], a: int, known: Known, course: Course, now: Now
) -> bool:
    """Work out residuals, NaN where a channel is silent; returns whether a judged one spoke."""
    number, width, design = len(op), len(row), now.design
    for p in range(number):
        if math.isfinite(row[op[p]]):
            course.operating[a, p] = row[op[p]]
        standard = (course.operating[a, p] - known.op_centre[a, p]) / known.op_spread[a, p]
        if math.isnan(standard):
            standard = 0.0
        standard = min(max(standard, -FARTHEST), FARTHEST)
        bent = min(max(standard, -BENT), BENT)
        design[p], design[number + p] = standard, bent * bent - 1.0
        standard = min(max(standard, -OUTER), OUTER)
        now.lever[p], now.lever[number + p] = standard, standard * standard - 1.0
    said = False
    for k in range(width):
        shift = 0.0
        for p in range(2 * number):
            shift += design[p] * known.weights[a, p, k]
        now.expected[k] = shift
        now.residual[k] = (row[k] - known.centre[a, k]) / known.spread[a, k] - shift
        if not math.isfinite(row[k]) or not known.judged[a, k]:
            now.residual[k] = math.nan
        else:
            said = True
    return said


@step
def _deviations(a: int, known: Known, course: Course, now: Now) -> None:
    """Work out how many standard errors each feature is away from its reference, and the room.

    Where the machine lately ran at operating points that were not learned, levels are in doubt.
    """
    reach = 0.0
    for p in range(len(now.lever)):
        for q in range(len(now.lever)):
            reach += course.lever[a, p] * known.precision[a, p, q] * course.lever[a, q]
    for k in range(len(now.usable)):
        now.doubt[k] = max(reach, 0.0) * known.lean[a, k]
    away, usable = now.away, now.usable
    width = len(usable)
    look(a, known, course, away)
    last = known.room.shape[1] - 1
    for m in range(2 * width + 1):
        grown = math.log2(course.age[a, m])
        step = int(grown)
        if step >= last:
            may = known.room[a, last, m] * course.age[a, m] / 2.0**last
        else:
            here, then = known.room[a, step, m], known.room[a, step + 1, m]
            may = here + (then - here) * (grown - step)
        may = min(may, known.widest[a, m])
        if m < width:
            may += now.doubt[m]
        now.room[m] = may
        away[m] = (away[m] - known.usual[a, m] - course.place[a, m]) / math.sqrt(may)
        if m < 2 * width and not usable[m % width]:
            away[m] = 0.0


@step
def _weigh(a: int, known: Known, course: Course, now: Now) -> float:
    """Score what is away, 1 at the line; `weight` tells each channel's part in what decided."""
    away, usable, weight = now.away, now.usable, now.weight
    width = len(usable)
    count = 0
    for k in range(width):
        count += 1 if usable[k] else 0
    if count == 0:
        return math.nan
    best: float = _alone(a, known, course, now, weight, 0) / known.line[a, 0]
    parts, joint = now.part, now.joint
    for k in range(width):
        joint[k] = away[k]
    _fill(known.levels[a], known.judged[a], now)
    joint_limit = max(known.alone[a], JOINT * math.sqrt(count)) * known.line[a, 0]
    together = _mahalanobis(joint, known.levels[a], usable, parts) / joint_limit
    if together > best:
        best = together
        for k in range(width):
            weight[k] = parts[k]
    against = _against(a, known, course, now) / (ROUGH * known.alone[a] * known.line[a, 0])
    if against > best:
        best = against
        _parted(a, known, now)
    limit = SKEWED * known.alone[a]
    alone = _alone(a, known, course, now, parts, 1) / known.line[a, 1]
    if alone > best:
        best = alone
        for k in range(width):
            weight[k] = parts[k]
    together = abs(away[2 * width]) / limit / known.line[a, 1]
    if together > best:
        best = together
        for k in range(width):
            weight[k] = max(course.together[a, k], 0.0)
    return best


@step
def _alone(a: int, known: Known, course: Course, now: Now, weight: Floats, block: int) -> float:
    """Find the worst single channel of levels (0) or scatters (1), near or far, 1 at its limit."""
    away, usable = now.away, now.usable
    width = len(usable)
    worst = 0.0
    for k in range(width):
        weight[k] = 0.0
        if not usable[k]:
            continue
        m = block * width + k
        limit = known.alone[a] if block == 0 else SKEWED * known.alone[a]
        feature = course.level[a, k] if block == 0 else math.log(course.scatter[a, k] + LEAST)
        may = known.far[a, m] + (now.doubt[k] if block == 0 else 0.0)
        gone = abs(feature - known.usual[a, m]) / math.sqrt(may)
        part = max(abs(away[m]), gone) / limit
        weight[k] = part * part
        worst = max(worst, part)
    return worst


@step
def _against(a: int, known: Known, course: Course, now: Now) -> float:
    """Tell how far channels are from going together as they did; `part` is how far along each way.

    Nothing is told while one is silent.
    """
    away, part, width = now.joint, now.part, len(now.usable)
    for k in range(width):
        if known.judged[a, k] and not now.usable[k]:
            return 0.0
        away[k] = course.level[a, k] - known.usual[a, k] if now.usable[k] else 0.0
    worst = 0.0
    for i in range(width):
        along, room = 0.0, 1.0
        for k in range(width):
            along += known.ways[a, i, k] * away[k]
            room += known.ways[a, i, k] * known.ways[a, i, k] * now.doubt[k]
        part[i] = along / room
        worst = max(worst, along * along / room)
    return math.sqrt(worst)


@step
def _parted(a: int, known: Known, now: Now) -> None:
    """Weigh each channel by how much nearer to their ways all come where it is as others imply.

    Reconstruction (C. F. Alcala, S. J. Qin, Automatica 45, 2009): the one that left wins, however
    the others swing together. Takes what `_against` has left in `part`.
    """
    part, width = now.part, len(now.usable)
    for k in range(width):
        now.weight[k] = 0.0
        pull, own = 0.0, 0.0
        if not now.usable[k]:
            continue
        for i in range(width):
            way = known.ways[a, i, k]
            pull += way * part[i]
            own += way * way
        if own > 0.0:
            now.weight[k] = pull * pull / own


@step
def _fill(inverse: Floats, judged: Bools, now: Now) -> None:
    """Put channels that are silent where the others expect them, so that they take no part.

    Their part of `inverse` is solved by Cholesky's factors.
    """
    absent, lost, factor, put, away = 0, now.lost, now.factor, now.step, now.joint
    size = len(inverse)
    for k in range(size):
        if judged[k] and not now.usable[k]:
            lost[absent] = k
            absent += 1
    for r in range(absent):
        put[r] = 0.0
        for j in range(size):
            put[r] -= inverse[lost[r], j] * away[j]
        for c in range(r + 1):
            whole = inverse[lost[r], lost[c]]
            for j in range(c):
                whole -= factor[r, j] * factor[c, j]
            factor[r, c] = math.sqrt(max(whole, TINY)) if r == c else whole / factor[c, c]
    for r in range(absent):
        for j in range(r):
            put[r] -= factor[r, j] * put[j]
        put[r] /= factor[r, r]
    for back in range(absent):
        r = absent - 1 - back
        for j in range(r + 1, absent):
            put[r] -= factor[j, r] * put[j]
        put[r] /= factor[r, r]
    for r in range(absent):
        away[lost[r]] = put[r]


@step
def _mahalanobis(away: Floats, inverse: Floats, usable: Bools, parts: Floats) -> float:
    """Tell how far all are away together; `parts` are the shares of its square, not below 0."""
    size = len(away)
    whole = 0.0
    for k in range(size):
        parts[k] = 0.0
        if not usable[k]:
            continue
        pull = 0.0
        for j in range(size):
            pull += inverse[k, j] * away[j]
        whole += pull * away[k]
        parts[k] = max(pull * away[k], 0.0)
    distance: float = math.sqrt(max(whole, 0.0))
    return distance


@step
def _band(
    a: int, known: Known, course: Course, now: Now, line: float, low: Floats, high: Floats
) -> None:
    """Say between what values each usable channel should have read.

    Little that was seen makes lines lie far out; no mean is expected farther beyond the range that
    means had while learned than that range is wide.
    """
    for k in range(len(now.usable)):
        if not now.usable[k]:
            continue
        reach = known.alone[a] * line * known.line[a, 0]
        near, far = (
            reach * math.sqrt(now.room[k]),
            reach * math.sqrt(known.far[a, k] + now.doubt[k]),
        )
        least = max(course.place[a, k] - near, -far)
        most = min(course.place[a, k] + near, far)
        beyond = known.highest[a, k] - known.lowest[a, k] + reach * math.sqrt(now.doubt[k])
        least, most = (
            max(least, known.lowest[a, k] - beyond),
            min(most, known.highest[a, k] + beyond),
        )
        noise = NOISY * math.sqrt(known.quiet[a, k])
        least, most = min(least, course.place[a, k] - noise), max(most, course.place[a, k] + noise)
        low[k] = known.centre[a, k] + (now.expected[k] + least) * known.spread[a, k]
        high[k] = known.centre[a, k] + (now.expected[k] + most) * known.spread[a, k]
