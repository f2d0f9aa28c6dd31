"""Correlation: how strongly each channel scatters, and whether two still go along with each other.

What operating channels leave of a row is taken around its own quick mean, so that neither a new
level nor slow wander counts. Variances and covariances are averaged exponentially; the logarithm
of the former and Fisher's z of the correlations (R. A. Fisher, Metron 1, 1921) are held against
what they were while learned. The score is 1 where one is as many standard errors away as `alone`
says, and a little more the more pairs there are.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from core.plant import Asset, AssetClass
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.baseline import fit, smooth
from models.blame import share
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.mewma import LearnSettings, last
from models.parts import parts
from models.residual import Base, blank_base, doubt_of, kept_base, residuals, residuals_of

STALE = 20
"""For how many readings a channel that is missing is judged by what it last did."""

QUICK = 0.1
"""The weight of a new residual in the mean around which it is taken."""

WILD = 4.0
"""Beyond how many deviations a single one is pulled in."""

FLOOR = 1e-3
"""Below this part of the usual variance a channel stands as good as still."""

CLOSEST = 0.99
"""Correlations are taken to be no closer."""

NOISY = 2.5
"""The band is so many deviations to each side, at the most that a channel may scatter."""

LEAST = 0.7
"""White noise would have this part of the variance that theory says, at least."""


class CorrelationSettings(Settings):
    """How strongly condition channels scatter, and how they go along with each other.

    `smoothing` is the weight of a new reading in variances and covariances; `alone` says how many
    standard errors one may be away. Channels in `ignore` take no part.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "correlation", "smoothing": 0.1}]}
    )

    kind: Literal["correlation"] = "correlation"
    learn: LearnSettings = LearnSettings()
    smoothing: float = Field(default=0.03, gt=0.001, le=0.5)
    alone: float = Field(default=4.0, ge=2, le=12)
    ignore: tuple[str, ...] = ()


class Known(NamedTuple):
    """What was learned, first axis the asset.

    `quiet[k]` is the variance around the quick mean. `usual[j, k]` and `room[j, k]` are mean and
    variance of the measures: Fisher's z of each pair, on the diagonal logarithms of variance.
    """

    learned: Bools
    quiet: Floats
    usual: Floats
    room: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row."""

    quick: Floats
    cov: Floats
    missing: NDArray[np.int64]
    operating: Floats


class Now(NamedTuple):
    """One row while it is judged."""

    expected: Floats
    doubt: Floats
    left: Floats
    weight: Floats
    usable: Bools


class Correlation(Learner):
    """Learns how each asset's channels scatter, and scores how much that has changed."""

    moves = Moving._fields

    def __init__(
        self, settings: CorrelationSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings, self._op = settings, given.operating
        self._sure, self._over = given.sure, given.over
        super().__init__(settings.learn, given.judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        width, number = len(self._candidates), len(self._op)
        square = (assets, width, width)
        return blank_base(assets, width, number) | {
            "quiet": np.ones((assets, width)),
            "usual": np.zeros(square),
            "room": np.ones(square),
            "quick": np.zeros((assets, width)),
            "cov": np.zeros(square),
            "missing": np.zeros((assets, width), np.int64),
            "operating": np.full((assets, number), np.nan),
        }

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        operating, rate = rows[:, self._op], self._settings.smoothing
        base = fit(rows, operating, self._candidates, rate, self._sure, self._over)
        left = residuals_of(base, rows, operating)
        quick = smooth(left, QUICK)
        step = left[1:] - quick[:-1]
        quiet = np.where(base.judged, np.maximum(_tame_variance(step), 1e-9), 1.0)
        cov, course = _walk(np.clip(step / np.sqrt(quiet), -WILD, WILD), rate)
        settled = course[min(int(1 / rate), len(course) // 3) :]
        usual = np.median(settled, axis=0)
        away = settled - usual
        room = np.mean(away**2, axis=0) * doubt_of(away.reshape(len(away), -1)).reshape(usual.shape)
        white = rate / (2 - rate) * (1 + np.eye(len(usual))) + 1 / len(step)
        return kept_base(base) | {
            "operating": last(operating),
            "quiet": quiet,
            "usual": usual,
            "room": np.maximum(room, LEAST * white),
            "quick": quick[-1],
            "cov": cov,
        }

    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and move variances on."""
        _judge_rows(
            rows,
            self._op,
            (self._settings.smoothing, self._settings.alone),
            Base(*(kept[name] for name in Base._fields)),
            Known(*(kept[name] for name in Known._fields)),
            Moving(*(moving[name] for name in Moving._fields)),
            told,
        )


def _tame_variance(step: Floats) -> Floats:
    """Estimate the variance of each column, hardly moved by wild rows."""
    size = np.abs(step)
    middle = 1.4826 * np.median(size, axis=0)
    reach = 3.0 * np.where(middle > 0, middle, size.mean(axis=0))
    found: Floats = np.clip(step, -reach, reach).var(axis=0)
    return found


def _walk(step: Floats, rate: float) -> tuple[Floats, Floats]:
    """Average products of rows; returns those at the end and the course of the measures."""
    cov = np.einsum("ni,nj->ij", step, step) / len(step)
    course = np.empty((len(step), *cov.shape))
    for i, row in enumerate(step):
        cov = cov + rate * (np.outer(row, row) - cov)
        course[i] = cov
    power = np.einsum("nkk->nk", course)
    size = np.sqrt(np.maximum(power[:, :, None] * power[:, None, :], FLOOR * FLOOR))
    told = np.arctanh(np.clip(course / size, -CLOSEST, CLOSEST))
    index = np.arange(cov.shape[0])
    told[:, index, index] = np.log(np.maximum(power, FLOOR))
    return cov, told


@kernel
def _judge_rows(
    rows: Rows,
    op: NDArray[np.intp],
    given: tuple[float, float],
    base: Base,
    known: Known,
    moving: Moving,
    told: Told,
) -> None:
    width = rows.values.shape[1]
    own = np.empty((4, width))
    now = Now(own[0], own[1], own[2], own[3], np.empty(width, np.bool_))
    lever = np.empty(2 * len(op))
    for i in range(len(rows.asset)):
        a, s = rows.asset[i], rows.slot[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        row, operating = rows.values[i], moving.operating[s]
        if rows.repeated:
            operating = operating.copy()
        said = residuals(row, op, a, operating, base, lever, 1.0, now.expected, now.doubt, now.left)
        for k in range(width):
            now.expected[k] += moving.quick[s, k]
        if not rows.repeated:
            _move(a, s, given[0], base, known, moving, now)
        count = 0
        for k in range(width):
            now.usable[k] = base.judged[a, k] and moving.missing[s, k] <= STALE and said
            count += 1 if now.usable[k] else 0
        if count == 0:
            continue
        alone = math.sqrt(given[1] * given[1] + 2.0 * math.log(count * (count + 1) / 2))
        told.value[i] = _weigh(a, s, known, moving, now) / (alone * known.line[a])
        share(now.weight, now.usable, told.blame[i])
        for k in range(width):
            if now.usable[k]:
                most = known.usual[a, k, k] + alone * known.line[a] * math.sqrt(known.room[a, k, k])
                far = NOISY * math.sqrt(known.quiet[a, k] * math.exp(min(most, 20.0)))
                middle = base.centre[a, k] + now.expected[k] * base.spread[a, k]
                told.low[i, k] = middle - far * base.spread[a, k]
                told.high[i, k] = middle + far * base.spread[a, k]


@kernel
def _move(a: int, s: int, rate: float, base: Base, known: Known, moving: Moving, now: Now) -> None:
    """Take what is left of a row into the quick means and the products around them."""
    width = len(now.left)
    for k in range(width):
        if math.isnan(now.left[k]):
            moving.missing[s, k] += 1
            now.weight[k] = math.nan
            continue
        moving.missing[s, k] = 0
        step = now.left[k] - moving.quick[s, k]
        room = math.sqrt(known.quiet[a, k] + now.doubt[k])
        now.weight[k] = min(max(step / room, -WILD), WILD)
        far = 3.0 * WILD * room
        moving.quick[s, k] += QUICK * min(max(step, -far), far)
    for j in range(width):
        for k in range(width):
            both = now.weight[j] * now.weight[k]
            if not math.isnan(both):
                moving.cov[s, j, k] += rate * (both - moving.cov[s, j, k])


@kernel
def _weigh(a: int, s: int, known: Known, moving: Moving, now: Now) -> float:
    """Find the measure that is farthest away, in standard errors; fills the weights."""
    width, worst = len(now.usable), 0.0
    for k in range(width):
        now.weight[k] = 0.0
    for j in range(width):
        for k in range(j, width):
            if not now.usable[j] or not now.usable[k]:
                continue
            power = moving.cov[s, j, j] * moving.cov[s, k, k]
            told = math.log(max(moving.cov[s, j, j], FLOOR))
            if j != k:
                told = moving.cov[s, j, k] / math.sqrt(max(power, FLOOR * FLOOR))
                told = math.atanh(min(max(told, -CLOSEST), CLOSEST))
            away = abs(told - known.usual[a, j, k]) / math.sqrt(known.room[a, j, k])
            worst = max(worst, away)
            now.weight[j] += away**4
            now.weight[k] += away**4
    return worst
