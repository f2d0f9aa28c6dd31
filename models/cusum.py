"""CUSUM: small lasting shifts and slow drifts, added up channel by channel, to both sides.

What operating channels leave is summed where it is farther off than an allowance (E. S.
Page, Biometrika 41, 1954): half the shift to be found, and room for what is not known of the mean
and for slow wander. The sum scores 1 where healthy noise would bring it once in `one_in` readings
(D. Siegmund, Sequential Analysis, 1985), its variance widened as neighbouring readings are alike.
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
from models.baseline import fit, wander
from models.blame import share
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.mewma import LearnSettings, last
from models.parts import parts
from models.residual import Base, blank_base, kept_base, residuals, residuals_of

STALE = 20
"""For how many readings a channel that is missing is judged by what was added up."""

WILD = 4.0
"""Beyond how many deviations a single reading is pulled in."""

MOST = 2.0
"""How many lines a sum may grow to, so that it returns in time."""

SURE = 2.0
"""How many deviations of what is not known of the mean, and of slow wander, are allowed."""

MOST_ALIKE = 0.99
"""How alike neighbouring readings are taken to be at most."""

NOISY = 2.5
"""The band is so many deviations of single residuals to each side, beyond the allowance."""


class CusumSettings(Settings):
    """Small lasting shifts and slow drifts of single condition channels.

    `shift` is the smallest one worth finding, in deviations of what operating channels leave.
    Healthy noise passes the line once in `one_in` readings, nominally. Channels in `ignore` take
    no part.
    """

    kind: Literal["cusum"] = "cusum"
    learn: LearnSettings = LearnSettings()
    shift: float = Field(default=0.5, ge=0.1, le=5)
    one_in: int = Field(default=100_000, ge=1000)
    ignore: tuple[str, ...] = ()


class Known(NamedTuple):
    """What was learned, first axis the asset; `allowance` and `height` are in deviations."""

    learned: Bools
    allowance: Floats
    height: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row: the sums above and below."""

    above: Floats
    below: Floats
    missing: NDArray[np.int64]
    operating: Floats


class Cusum(Learner):
    """Learns each asset's noise, and adds up what goes beyond it."""

    moves = Moving._fields

    def __init__(
        self, settings: CusumSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings, self._op = settings, given.operating
        self._sure, self._over = given.sure, given.over
        super().__init__(settings.learn, given.judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        width, number = len(self._candidates), len(self._op)
        return blank_base(assets, width, number) | {
            "allowance": np.ones((assets, width)),
            "height": np.ones((assets, width)),
            "above": np.zeros((assets, width)),
            "below": np.zeros((assets, width)),
            "missing": np.zeros((assets, width), np.int64),
            "operating": np.full((assets, number), np.nan),
        }

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        settings, operating = self._settings, rows[:, self._op]
        base = fit(rows, operating, self._candidates, 0.1, self._sure, self._over)
        left = residuals_of(base, rows, operating)
        noise = np.where(base.judged, base.noise, 1.0)
        whole = np.maximum(np.sum(left**2, axis=0), 1e-12)
        alike = np.clip(np.sum(left[1:] * left[:-1], axis=0) / whole, 0.0, MOST_ALIKE)
        wider = (1 + alike) / (1 - alike)
        unknown = np.sqrt(wider / len(rows) + wander(left) / noise)
        allowance = settings.shift / 2 + SURE * unknown
        looks = settings.one_in * 2.0 * max(int(base.judged.sum()), 1)
        height = wider / (2 * allowance) * np.log1p(2 * allowance**2 * looks / wider)
        return kept_base(base) | {
            "noise": noise,
            "operating": last(operating),
            "allowance": allowance,
            "height": height,
        }

    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and add them up."""
        _judge_rows(
            rows,
            self._op,
            Base(*(kept[name] for name in Base._fields)),
            Known(*(kept[name] for name in Known._fields)),
            Moving(*(moving[name] for name in Moving._fields)),
            told,
        )


@kernel
def _judge_rows(
    rows: Rows, op: NDArray[np.intp], base: Base, known: Known, moving: Moving, told: Told
) -> None:
    width = rows.values.shape[1]
    expected, doubt, left, weight = np.empty((4, width))
    usable = np.empty(width, np.bool_)
    lever = np.empty(2 * len(op))
    for i in range(len(rows.asset)):
        a, s = rows.asset[i], rows.slot[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        row, operating = rows.values[i], moving.operating[s]
        if rows.repeated:
            operating = operating.copy()
        said, score = (
            residuals(row, op, a, operating, base, lever, 1.0, expected, doubt, left),
            math.nan,
        )
        for k in range(width):
            if not rows.repeated:
                _add(left[k], doubt[k], a, s, k, base, known, moving)
            usable[k] = base.judged[a, k] and moving.missing[s, k] <= STALE and said
            weight[k] = 0.0
            if usable[k]:
                found = max(moving.above[s, k], moving.below[s, k]) / known.height[a, k]
                weight[k] = found * found
                score = found if math.isnan(score) else max(score, found)
        if math.isnan(score):
            continue
        told.value[i] = score / known.line[a]
        share(weight, usable, told.blame[i])
        for k in range(width):
            if usable[k]:
                room = math.sqrt(base.noise[a, k] + doubt[k])
                far = (NOISY + known.allowance[a, k]) * room * base.spread[a, k]
                middle = base.centre[a, k] + expected[k] * base.spread[a, k]
                told.low[i, k], told.high[i, k] = middle - far, middle + far


@kernel
def _add(
    left: float, doubt: float, a: int, s: int, k: int, base: Base, known: Known, moving: Moving
) -> None:
    """Add what is left of a channel beyond its allowance, which is wider at a new load."""
    if math.isnan(left):
        moving.missing[s, k] += 1
        return
    moving.missing[s, k] = 0
    noise = math.sqrt(base.noise[a, k])
    off = min(max(left / noise, -WILD), WILD)
    allowance = known.allowance[a, k] + math.sqrt(doubt) / noise
    most = MOST * known.height[a, k] * known.line[a]
    moving.above[s, k] = min(max(moving.above[s, k] + off - allowance, 0.0), most)
    moving.below[s, k] = min(max(moving.below[s, k] - off - allowance, 0.0), most)
