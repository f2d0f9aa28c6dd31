"""Ensemble fit: what the ensemble learns of one asset from its healthy rows.

Each feature (`models/ensemble_row.py`) gets a reference that follows it as slowly as tells its
near future best; how far the two were apart in healthy time, by the age of the reference (a
structure function, A. N. Kolmogorov 1941), is the room that it may take. What was seen only a few
times is widened as Student's t. Lines are tried on healthy time kept back from the fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.readings import Bools, Floats, Instants
from models.alarmline import HIGHEST, KEPT_BACK, LASTING, MARGIN, held
from models.baseline import CLIP, DEPENDENCE, Baseline, features, filled, fit, location, smooth
from models.baseline import wander as wander_of
from models.covariance import ledoit_wolf
from models.ensemble_course import QUICK, SCATTER, advance, look
from models.ensemble_state import AGES, Course, Known, blank, scratch
from models.packed import alike
from models.student import widening

RATES = (0.005, 0.01, 0.02)
"""The weights of a new value in a reference that are tried, the slowest first."""

AHEAD = 32
"""How many readings ahead a reference should tell best."""

FEW = 400
"""From so many rows on, more of them let a line be farther out."""

FIRST = 20
"""So many readings at the beginning are left out of what is learned, while means settle."""

CONFIDENCE = 2.5
"""At how many standard deviations the little that was seen is made up for."""

MOST_ALIKE = 0.9995
"""How alike neighbouring features are taken to be at most."""

TAME = 3.0
"""Beyond how many robust deviations a feature among the lessons is pulled in."""

AMPLE = 4.0
"""How many times its slow wander so far a feature may still wander."""

LOOKS = 2.0
"""The fewest looks that a variance rests on: below, that of Student's t is without bound."""

ROWS_EACH = 5
"""How many rows there must be for each channel before their ways together are known."""

LEAST_ROOM = 0.7
"""White noise would have this part of what its quick scatter says, which holds some of the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What is known of one asset, and its running means at the end of the rows."""

    base: Baseline
    quiet: Floats
    whiten: Floats
    usual: Floats
    rate: Floats
    room: Floats
    widest: Floats
    far: Floats
    levels: Floats
    wide: Floats
    ways: Floats
    lowest: Floats
    highest: Floats
    quick: Floats
    level: Floats
    scatter: Floats
    together: Floats
    place: Floats


def lesson(
    values: Floats,
    operating: Floats,
    candidates: Bools,
    smoothing: float,
    sure: Bools | None,
    over: Instants | None = None,
) -> Lesson:
    """Learn from rows `values[n, k]`; `candidates` may be judged, `sure` ones whatever is seen.

    `over` is as `models.baseline.fit` has it.
    """
    base = fit(values, operating, candidates, smoothing, sure, over)
    residual = _residual(base, values, operating)
    judged, width = base.judged, values.shape[1]
    quick = smooth(residual, QUICK)
    step: Floats = residual[1:] - quick[:-1]
    quiet = _quiet(step, judged)
    whiten = _inverse(step / np.sqrt(quiet), judged)
    course, moved = _walk(residual, judged, quiet, whiten, smoothing)
    course = course[min(FIRST, len(course) // 8) :]
    usual = np.median(course, axis=0)
    course = _tamed(course - usual)
    rate, place = _reference(course)
    white = _white(quiet, smoothing, len(values))
    room, widest, apart = _room(course, place, white)
    ranged = course[:, :width] + usual[:width]
    spread = course[:, width:].std(axis=0)
    known = np.where(spread > 0, spread, 1.0)
    tamed = np.clip(course[:, width:] / known, -CLIP, CLIP)
    loud = AMPLE**2 * wander_of(tamed) * known**2 + room[0, width:]
    far = np.concatenate([AMPLE**2 * wander_of(residual) + white[:width] / LEAST_ROOM, loud])
    far = np.maximum(far, widest)
    return Lesson(
        base,
        quiet,
        whiten,
        usual,
        rate,
        room,
        widest,
        far,
        _inverse(apart[:, :width], judged),
        _inverse(_tamed(course)[:, :width] / np.sqrt(widest[:width]), judged),
        _ways(residual, course[:, :width], judged, smoothing),
        ranged.min(axis=0),
        ranged.max(axis=0),
        moved.quick[0],
        moved.level[0],
        moved.scatter[0],
        moved.together[0],
        place[-1],
    )


def _residual(base: Baseline, values: Floats, operating: Floats) -> Floats:
    """Work out what operating channels do not explain, wild rows pulled in."""
    design = features((filled(operating) - base.op_centre) / base.op_spread)
    standard = (filled(values) - base.centre) / base.spread
    residual = standard - np.einsum("np,pk->nk", design, base.weights)
    return np.where(base.judged, np.clip(residual, -CLIP, CLIP), 0.0)


def _quiet(step: Floats, judged: Bools) -> Floats:
    """Estimate how much residuals scatter around their quick mean, hardly moved by wild ones."""
    quiet: Floats = np.maximum(np.where(judged, location(step)[1] ** 2, 1.0), 1e-12)
    return quiet


def _inverse(rows: Floats, chosen: Bools) -> Floats:
    """Invert the correlations of rows, shrunk; channels that are not chosen stand alone."""
    found: Floats = np.eye(rows.shape[1])
    index = np.flatnonzero(chosen)
    if len(index):
        part, _ = ledoit_wolf(np.clip(rows[:, index], -CLIP, CLIP))
        size = np.sqrt(np.maximum(np.diagonal(part), 1e-12))
        found[np.ix_(index, index)] = part / np.outer(size, size)
    inverse: Floats = np.linalg.inv(found).astype(np.float64)
    return inverse


def _ways(residual: Floats, course: Floats, judged: Bools, smoothing: float) -> Floats:
    """Find the ways that channels go together, each one deviation long, nought where too few rows.

    What is against its way stands out where each channel by itself may still be there. The least
    of many directions is taken to be narrower than it is, by (1 - root(k / n)) squared (V. A.
    Marchenko, L. A. Pastur 1967).
    """
    index = np.flatnonzero(judged)
    found: Floats = np.zeros((len(judged), len(judged)))
    count, width = len(residual), len(index)
    if width < 2 or count < ROWS_EACH * width:
        return found
    part = residual[:, index]
    size = np.maximum(part.std(axis=0), 1e-6)
    axes = np.linalg.eigh(ledoit_wolf(part / size)[0])[1].T / size
    along, course = part @ axes.T, course[:, index] @ axes.T
    quiet = location(along[1:] - smooth(along, QUICK)[:-1])[1] ** 2
    white = smoothing / (2 - smoothing) * quiet * (1 + DEPENDENCE / count)
    far = np.maximum(
        AMPLE**2 * wander_of(along) + white, np.mean(course**2, axis=0) * _doubt(course)
    )
    far = np.maximum(far / (1 - math.sqrt(width / count)) ** 2, 1e-12)
    found[np.ix_(index, index)] = axes / np.sqrt(far)[:, None]
    return found


def _walk(
    residual: Floats, judged: Bools, quiet: Floats, whiten: Floats, smoothing: float
) -> tuple[Floats, Course]:
    """Take the running means down the rows; returns the features, and where the means ended."""
    one = blank(1, residual.shape[1], 0)
    one["quiet"][0], one["whiten"][0] = quiet, whiten
    one["judged"][0], one["smoothing"][0] = judged, smoothing
    one["quick"][0] = one["level"][0] = residual[: min(10, len(residual))].mean(axis=0)
    known = Known(*(alike(one[name]) for name in Known._fields))
    moved = Course(*(alike(one[name]) for name in Course._fields))
    course = np.empty((len(residual), 2 * residual.shape[1] + 1))
    shown = np.where(judged, residual, np.nan)
    now = scratch(residual.shape[1], 0)
    for i, row in enumerate(shown):
        advance(row, 0, known, moved, now)
        look(0, known, moved, course[i])
    return course, moved


def _reference(course: Floats) -> tuple[Floats, Floats]:
    """Choose how fast each feature's reference follows; returns the rates and its course."""
    start = np.broadcast_to(course[: min(20, len(course))].mean(axis=0), course.shape)
    ahead = min(AHEAD, len(course) // 4)
    tried, errors = [], []
    for rate in RATES:
        place = np.empty_like(course)
        now = start[0]
        for i, row in enumerate(course):
            now = now + rate * (row - now)
            place[i] = now
        tried.append(place)
        errors.append(np.mean((course[ahead:] - place[:-ahead])[ahead // 2 :] ** 2, axis=0))
    best = np.argmin(np.array(errors), axis=0)
    place = np.take_along_axis(np.array(tried), best[None, None, :], axis=0)[0]
    return np.array(RATES)[best], place


def _white(quiet: Floats, smoothing: float, count: int) -> Floats:
    """Tell what variance each feature of white noise would have, at the least."""
    few = 1 + DEPENDENCE / count
    levels = smoothing / (2 - smoothing) * quiet * LEAST_ROOM
    scatters = np.full(len(quiet) + 1, SCATTER / (2 - SCATTER))
    return np.concatenate([levels, scatters]) * few


def _room(course: Floats, place: Floats, white: Floats) -> tuple[Floats, Floats, Floats]:
    """Measure room by age, the widest there is, and how far apart both were, standardised."""
    room = np.empty((AGES, course.shape[1]))
    begin = min(FIRST, len(course) // 8)
    longest = len(course) // 3
    for number in range(AGES):
        age = 2**number
        if age > longest:
            room[number] = 2 * room[number - 1]
            continue
        apart = _tamed((course[age:] - place[:-age])[begin:])
        room[number] = np.mean(apart**2, axis=0) * _doubt(apart)
    room = np.maximum(np.maximum.accumulate(room, axis=0), white)
    usual = _tamed(course)
    widest = np.maximum(np.mean(usual**2, axis=0) * _doubt(usual), room[0])
    last = (course[1:] - place[:-1])[begin:]
    return room, widest, last / np.sqrt(room[0])


def _tamed(rows: Floats) -> Floats:
    """Pull in what is far out: bad rows among the lessons must not make room for faults."""
    size = np.abs(rows)
    reach = TAME * np.maximum(1.4826 * np.median(size, axis=0), 0.5 * size.mean(axis=0))
    return np.clip(rows, -reach, reach)


def _doubt(rows: Floats) -> Floats:
    """Tell by how much a variance is widened, the more alike neighbouring rows are."""
    rows = rows - np.median(rows, axis=0)
    whole = np.maximum(np.sum(rows**2, axis=0), 1e-12)
    alike = np.clip(np.sum(rows[1:] * rows[:-1], axis=0) / whole, 0.0, MOST_ALIKE)
    looks = np.maximum(len(rows) * (1 - alike) / (1 + alike) - 1, LOOKS)
    wider: Floats = widening(looks, CONFIDENCE) ** 2
    return wider


def lines(scores: Floats) -> Floats:
    """Tell from scores `[n, 2]` on healthy time kept back what the two lines should be."""
    worst = np.array([held(scores[:, j], LASTING).max(initial=0.0) for j in range(2)])
    return np.clip(MARGIN * worst, 1.0, HIGHEST)


def early(count: int) -> int:
    """Tell how many of the rows the fit for trying the lines is made from."""
    return int(count * (1 - KEPT_BACK))


def rarer(count: int) -> float:
    """Tell how much farther a line may lie that so many rows support, 1 for few.

    A line is the tail that the lessons can tell; the greatest of n numbers grows as the root of
    2 ln n (R. A. Fisher, L. H. C. Tippett, Proc. Cambridge Phil. Soc. 24, 1928).
    """
    return math.sqrt(max(math.log(count) / math.log(FEW), 1.0))
