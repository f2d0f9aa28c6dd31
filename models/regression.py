"""Regression: what each condition channel should read at this load, and beside its fellows.

Each asset learns how its condition channels follow the operating ones, straight, bent and crossed,
and how they go along with each other (`models/regression_fit.py`). What is left is averaged
exponentially, and scores 1 where a channel is as many standard errors away as `alone` says. So a
machine under load is told from one that wears. A fault in one channel also moves what its fellows
are expected to read: the blame is the greater the better a fault in that channel alone explains
all that is left.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.plant import Asset, AssetClass
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.baseline import BENT, FARTHEST, WILD
from models.blame import share
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.mewma import LearnSettings, last
from models.parts import parts
from models.regression_fit import CROSSED, FAR, learn, terms

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

NOISY = 2.0
"""The band is at least so many deviations of single residuals to each side."""

SHARP = 4
"""To what power it counts how well a channel explains what is left."""


class RegressionSettings(Settings):
    """Each condition channel, by what the operating channels and its fellows make expected.

    `smoothing` is the weight of a new residual in the running mean; `alone` says how many standard
    errors that may be away. Without `fellows` a channel is told by operating channels alone.
    Channels in `ignore` take no part.
    """

    kind: Literal["regression"] = "regression"
    learn: LearnSettings = LearnSettings()
    smoothing: float = Field(default=0.1, gt=0.01, le=1)
    alone: float = Field(default=4.0, ge=2, le=12)
    fellows: bool = True
    ignore: tuple[str, ...] = ()


class Known(NamedTuple):
    """What was learned, first axis the asset; as `models/regression_fit.Fitted` has it."""

    learned: Bools
    judged: Bools
    centre: Floats
    spread: Floats
    op_centre: Floats
    op_spread: Floats
    plain: Floats
    weights: Floats
    precision: Floats
    lean: Floats
    noise: Floats
    room: Floats
    hidden: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row; `held` is what channels last said, standardised.

    `lever` is how far the operating point lately was from where it was learned, on average.
    """

    smoothed: Floats
    apart: Floats
    held: Floats
    missing: NDArray[np.int64]
    operating: Floats
    lever: Floats


class Now(NamedTuple):
    """One row while it is judged, all standardised."""

    term: Floats
    lever: Floats
    told: Floats
    bare: Floats
    expected: Floats
    doubt: Floats
    room: Floats
    weight: Floats
    usable: Bools


class Regression(Learner):
    """Learns how each asset's channels hang together and scores how far one has left that."""

    moves = Moving._fields

    def __init__(
        self, settings: RegressionSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings, self._op, self._sure = settings, given.operating, given.sure
        self._width = len(given.judged)
        super().__init__(settings.learn, given.judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        width, number = self._width, len(self._op)
        size = terms(number)
        kept: Kept = {
            "judged": np.zeros((assets, width), np.bool_),
            "op_centre": np.zeros((assets, number)),
            "op_spread": np.ones((assets, number)),
            "plain": np.zeros((assets, size, width)),
            "weights": np.zeros((assets, size + width, width)),
            "precision": np.zeros((assets, 2 * number, 2 * number)),
            "held": np.full((assets, width), np.nan),
            "missing": np.zeros((assets, width), np.int64),
            "operating": np.full((assets, number), np.nan),
            "lever": np.zeros((assets, 2 * number)),
        }
        for name in ("centre", "lean", "smoothed", "apart"):
            kept[name] = np.zeros((assets, width))
        for name in ("spread", "noise", "room", "hidden"):
            kept[name] = np.ones((assets, width))
        return kept

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        settings = self._settings
        found = learn(
            rows,
            self._op,
            self._candidates,
            settings.smoothing,
            fellows=settings.fellows,
            sure=self._sure,
        )
        return {**found._asdict(), "operating": last(rows[:, self._op])}

    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and move the running means on."""
        _judge_rows(
            rows,
            self._op,
            (self._settings.smoothing, self._settings.alone),
            Known(*(kept[name] for name in Known._fields)),
            Moving(*(moving[name] for name in Moving._fields)),
            told,
        )


@kernel
def _judge_rows(
    rows: Rows,
    op: NDArray[np.intp],
    given: tuple[float, float],
    known: Known,
    moving: Moving,
    told: Told,
) -> None:
    width, number = rows.values.shape[1], len(op)
    own = np.empty((6, width))
    term, lever = np.empty(known.plain.shape[1]), np.empty(2 * number)
    usable = np.empty(width, np.bool_)
    now = Now(term, lever, own[0], own[1], own[2], own[3], own[4], own[5], usable)
    for i in range(len(rows.asset)):
        a, s = rows.asset[i], rows.slot[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        said = False
        for k in range(width):
            said = said or (known.judged[a, k] and math.isfinite(rows.values[i, k]))
        _expect(rows.values[i], op, a, s, 0.0 if rows.repeated else given[0], known, moving, now)
        if not rows.repeated:
            _move(rows.values[i], op, a, s, given[0], known, moving, now)
        for k in range(width):
            now.usable[k] = known.judged[a, k] and moving.missing[s, k] <= STALE and said
        score = _weigh(a, s, given[1], known, moving, now)
        if math.isnan(score):
            continue
        told.value[i] = score / known.line[a]
        share(now.weight, now.usable, told.blame[i])
        for k in range(width):
            if now.usable[k]:
                far = given[1] * known.line[a] * math.sqrt(now.room[k])
                far = max(far, NOISY * math.sqrt(known.noise[a, k])) * known.spread[a, k]
                middle = known.centre[a, k] + now.expected[k] * known.spread[a, k]
                told.low[i, k], told.high[i, k] = middle - far, middle + far


@kernel
def _expect(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    s: int,
    rate: float,
    known: Known,
    moving: Moving,
    now: Now,
) -> None:
    """Work out what each channel should read, by operating channels alone and by all."""
    width, size = len(row), len(now.term)
    _terms(row, op, a, s, known, moving, now)
    reach = 0.0
    lever = moving.lever[s]
    for p in range(len(lever)):
        lever[p] += rate * (now.lever[p] - lever[p])
    for p in range(len(lever)):
        for q in range(len(lever)):
            reach += lever[p] * known.precision[a, p, q] * lever[q]
    for k in range(width):
        now.bare[k] = 0.0
        for t in range(size):
            now.bare[k] += now.term[t] * known.plain[a, t, k]
        now.told[k] = (row[k] - known.centre[a, k]) / known.spread[a, k]
        if not math.isfinite(row[k]) or not known.judged[a, k]:
            now.told[k] = math.nan
    for k in range(width):
        now.doubt[k] = reach * known.lean[a, k]
        now.expected[k] = 0.0
        for t in range(size):
            now.expected[k] += now.term[t] * known.weights[a, t, k]
        for j in range(width):
            weight = known.weights[a, size + j, k]
            if weight == 0.0:
                continue
            fellow = now.told[j]
            if math.isnan(fellow) and moving.missing[s, j] < STALE:
                fellow = moving.held[s, j]
            if math.isnan(fellow):
                fellow = now.bare[j]
                now.doubt[k] += weight * weight * known.hidden[a, j]
            now.expected[k] += weight * min(max(fellow, -FAR), FAR)


@kernel
def _terms(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    s: int,
    known: Known,
    moving: Moving,
    now: Now,
) -> None:
    """Make the terms of a row as `models/regression_fit.expanded` does."""
    number = len(op)
    now.term[0] = 1.0
    for p in range(number):
        value = row[op[p]]
        if not math.isfinite(value):
            value = moving.operating[s, p]
        standard = (value - known.op_centre[a, p]) / known.op_spread[a, p]
        if math.isnan(standard):
            standard = 0.0
        standard = min(max(standard, -FARTHEST), FARTHEST)
        bent = min(max(standard, -BENT), BENT)
        now.term[1 + p], now.term[1 + number + p] = standard, bent * bent - 1.0
        now.term[1 + 2 * number + p] = bent * bent * bent - 3.0 * bent
        now.lever[p], now.lever[number + p] = standard, standard * standard - 1.0
    if number <= CROSSED:
        place = 1 + 3 * number
        for p in range(number):
            for q in range(p + 1, number):
                now.term[place] = min(max(now.term[1 + p], -BENT), BENT)
                now.term[place] *= min(max(now.term[1 + q], -BENT), BENT)
                place += 1


@kernel
def _move(
    row: Floats,
    op: NDArray[np.intp],
    a: int,
    s: int,
    rate: float,
    known: Known,
    moving: Moving,
    now: Now,
) -> None:
    """Move the running means on by a row, a single wild reading pulled in."""
    for p in range(len(op)):
        if math.isfinite(row[op[p]]):
            moving.operating[s, p] = row[op[p]]
    for k in range(len(row)):
        if math.isnan(now.told[k]):
            moving.missing[s, k] += 1
            continue
        moving.missing[s, k], moving.held[s, k] = 0, now.told[k]
        far = WILD * math.sqrt(known.noise[a, k] + known.room[a, k] + now.doubt[k])
        left = min(max(now.told[k] - now.expected[k], -far), far)
        moving.smoothed[s, k] += rate * (left - moving.smoothed[s, k])
        far = WILD * math.sqrt(known.hidden[a, k])
        left = min(max(now.told[k] - now.bare[k], -far), far)
        moving.apart[s, k] += rate * (left - moving.apart[s, k])


@kernel
def _weigh(a: int, s: int, alone: float, known: Known, moving: Moving, now: Now) -> float:
    """Score the channel that is farthest away, NaN where there is none; fills the weights."""
    width, size = len(now.usable), len(now.term)
    score = math.nan
    for k in range(width):
        now.room[k], now.weight[k] = known.room[a, k] + now.doubt[k], 0.0
        if now.usable[k]:
            found = abs(moving.smoothed[s, k]) / (alone * math.sqrt(now.room[k]))
            score = found if math.isnan(score) else max(score, found)
    best = 0.0
    for j in range(width):
        if not now.usable[j]:
            continue
        along, own = 0.0, 0.0
        for k in range(width):
            if now.usable[k]:
                moved = 1.0 if k == j else -known.weights[a, size + j, k]
                along += moved * moving.smoothed[s, k] / now.room[k]
                own += moved * moved / now.room[k]
        now.weight[j] = along * along / own
        best = max(best, now.weight[j])
    for j in range(width):
        if now.usable[j] and best > 0.0:
            bare = moving.apart[s, j] * moving.apart[s, j] / known.hidden[a, j]
            now.weight[j] = (now.weight[j] / best) ** SHARP * (bare + 1e-9)
    return score
