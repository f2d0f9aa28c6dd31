"""Spectral: how a machine's vibration is shared out among bands and features, in decibels' manner.

Blocks of vibration become channels on arrival (`models/vibration.py`): levels, velocity, and the
energies at a bearing's fault frequencies, which are told in turns of the shaft and so keep to its
orders. All of them are positive, and vary by factors. So their logarithms are taken, less what
operating channels explain, and averaged exponentially. Two things are held against what was
learned: the gain, that is the mean of all, and the shape, that is how far each is from that mean.
More load or a sensor mounted anew moves the gain alone; a fault moves the shape.
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
from models.baseline import DEPENDENCE, WANDER, fit, smooth, wander
from models.blame import share
from models.detector import unknown_channel
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.mewma import LearnSettings, last
from models.parts import parts
from models.residual import Base, blank_base, doubt_of, kept_base, residuals, residuals_of

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

WILD = 6.0
"""Beyond how many deviations a single logarithm is pulled in."""

LEAST = 1e-3
"""Below this part of the least that is usual a channel stands as good as still."""

RARELY = 0.05
"""In less than this share of the lessons a channel may stand still, or lie below the least."""

NOISY = 2.5
"""The band is at least so many deviations of single logarithms to each side."""


class SpectralSettings(Settings):
    """How energies and levels of vibration are shared out, channel beside channel.

    `channels` are those that vary by factors; where none is named, all condition channels that were
    above 0 in 95 % of the lessons at least. `smoothing` is the weight of a new reading in the
    running mean; `alone` says how many standard errors one may be away.
    """

    kind: Literal["spectral"] = "spectral"
    learn: LearnSettings = LearnSettings()
    channels: tuple[str, ...] = ()
    smoothing: float = Field(default=0.1, gt=0.01, le=1)
    alone: float = Field(default=4.0, ge=2, le=12)


class Known(NamedTuple):
    """What was learned, first axis the asset: variances of what was averaged, all doubt added.

    `least[k]` stands for whatever is below it; `level`, `shape` and `gain` are the room of each,
    `part[k]` and `common` which part of a channel's doubt its shape, and the gain, are in.
    """

    learned: Bools
    least: Floats
    level: Floats
    shape: Floats
    gain: Floats
    part: Floats
    common: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row."""

    smoothed: Floats
    missing: NDArray[np.int64]
    operating: Floats
    lever: Floats


class Now(NamedTuple):
    """One row while it is judged."""

    told: Floats
    expected: Floats
    doubt: Floats
    left: Floats
    weight: Floats
    usable: Bools


class Spectral(Learner):
    """Learns how each asset's vibration is shared out, and scores how much that has changed."""

    moves = Moving._fields

    def __init__(
        self, settings: SpectralSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        names, given = asset_class.channel_names, parts(asset_class)
        for name in settings.channels:
            if name not in names:
                raise unknown_channel(name, names)
        named = np.array([name in settings.channels for name in names], np.bool_)
        judged = named if settings.channels else given.judged
        self._settings, self._sure = settings, given.sure
        self._op = given.operating[~judged[given.operating]]
        super().__init__(settings.learn, judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        width, number = len(self._candidates), len(self._op)
        return blank_base(assets, width, number) | {
            "least": np.ones((assets, width)),
            "level": np.ones((assets, width)),
            "shape": np.ones((assets, width)),
            "gain": np.ones(assets),
            "part": np.ones((assets, width)),
            "common": np.ones(assets),
            "smoothed": np.zeros((assets, width)),
            "missing": np.zeros((assets, width), np.int64),
            "operating": np.full((assets, number), np.nan),
            "lever": np.zeros((assets, 2 * number)),
        }

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        operating, rate = rows[:, self._op], self._settings.smoothing
        held = _usually_least(rows)
        positive = self._candidates & (held > 0)
        least = LEAST * np.where(positive, held, 1.0)
        logs = np.where(positive, np.log(np.maximum(rows, least)), 0.0)
        base = fit(logs, operating, positive, rate, self._sure)
        left = residuals_of(base, logs, operating)
        noise = np.where(base.judged, base.noise, 1.0)
        if not base.judged.any():
            return kept_base(base)
        count = int(base.judged.sum())
        shape = np.where(base.judged, left - left.sum(axis=1, keepdims=True) / count, 0.0)
        gain = left.sum(axis=1, keepdims=True) / count
        return kept_base(base) | {
            "noise": noise,
            "operating": last(operating),
            "least": least,
            "level": _room(left, rate),
            "shape": _room(shape, rate),
            "gain": _room(gain, rate)[0],
            "part": shape.var(axis=0) / noise,
            "common": gain.var() / noise[base.judged].mean(),
            "smoothed": smooth(left, rate)[-1],
        }

    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and move the running means on."""
        _judge_rows(
            rows,
            self._op,
            (self._settings.smoothing, self._settings.alone),
            Base(*(kept[name] for name in Base._fields)),
            Known(*(kept[name] for name in Known._fields)),
            Moving(*(moving[name] for name in Moving._fields)),
            told,
        )


def _usually_least(rows: Floats) -> Floats:
    """Tell what each channel is hardly ever below, 0 where it never speaks.

    Not the least of all: a block in which a sensor said nothing must not end its being judged.
    """
    said = np.isfinite(rows)
    ordered = np.sort(np.where(said, rows, np.inf), axis=0)
    place = (RARELY * said.sum(axis=0)).astype(np.intp)
    least = np.take_along_axis(ordered, place[None, :], axis=0)[0]
    found: Floats = np.where(np.isfinite(least), least, 0.0)
    return found


def _room(left: Floats, rate: float) -> Floats:
    """Tell the variance that smoothed rows may have, all doubt added."""
    noise = np.maximum(left.var(axis=0), 1e-6)
    settled = smooth(left, rate)[min(int(2 / rate), len(left) // 4) :]
    room = np.maximum(np.mean(settled**2, axis=0) * doubt_of(settled), noise * rate / (2 - rate))
    wide: Floats = room + WANDER**2 * wander(left) + (1 + DEPENDENCE) / len(left) * noise
    return wide


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
    own = np.empty((5, width))
    now = Now(own[0], own[1], own[2], own[3], own[4], np.empty(width, np.bool_))
    rate = given[0]
    for i in range(len(rows.asset)):
        a, s = rows.asset[i], rows.slot[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        operating, lever = moving.operating[s], moving.lever[s]
        if rows.repeated:
            operating, lever, rate = operating.copy(), lever.copy(), 0.0
        for k in range(width):
            now.told[k] = rows.values[i, k]
            if base.judged[a, k] and math.isfinite(now.told[k]):
                now.told[k] = math.log(max(now.told[k], known.least[a, k]))
        said = residuals(
            now.told, op, a, operating, base, lever, rate, now.expected, now.doubt, now.left
        )
        for k in range(width):
            if not rows.repeated:
                _move(now.left[k], now.doubt[k], a, s, k, rate, base, moving)
            now.usable[k] = base.judged[a, k] and moving.missing[s, k] <= STALE and said
        score = _weigh(a, s, known, moving, now) / (given[1] * known.line[a])
        if math.isnan(score):
            continue
        told.value[i] = score
        share(now.weight, now.usable, told.blame[i])
        for k in range(width):
            if now.usable[k]:
                far = given[1] * known.line[a] * math.sqrt(known.level[a, k] + now.doubt[k])
                far = max(far, NOISY * math.sqrt(base.noise[a, k]))
                low, high = now.expected[k] - far, now.expected[k] + far
                told.low[i, k] = _power(base.centre[a, k] + low * base.spread[a, k])
                told.high[i, k] = _power(base.centre[a, k] + high * base.spread[a, k])


@kernel
def _power(log: float) -> float:
    """Turn a logarithm back, within what a number can be."""
    return math.exp(min(max(log, -700.0), 700.0))


@kernel
def _move(
    left: float, doubt: float, a: int, s: int, k: int, rate: float, base: Base, moving: Moving
) -> None:
    """Take what is left of a channel into its mean, a wild one pulled in."""
    if math.isnan(left):
        moving.missing[s, k] += 1
        return
    moving.missing[s, k] = 0
    far = WILD * math.sqrt(base.noise[a, k] + doubt)
    moving.smoothed[s, k] += rate * (min(max(left, -far), far) - moving.smoothed[s, k])


@kernel
def _weigh(a: int, s: int, known: Known, moving: Moving, now: Now) -> float:
    """Score shape and gain in standard errors, NaN where there is neither; fills the weights."""
    width = len(now.usable)
    count, gain, doubt, shape = 0, 0.0, 0.0, 0.0
    for k in range(width):
        now.weight[k] = 0.0
        if now.usable[k]:
            count += 1
            gain += (moving.smoothed[s, k] - gain) / count
            doubt = max(doubt, now.doubt[k])
    if count == 0:
        return math.nan
    for k in range(width):
        if now.usable[k]:
            off = moving.smoothed[s, k] - gain
            room = known.shape[a, k] + known.part[a, k] * now.doubt[k]
            now.weight[k] = off * off / room
            shape = max(shape, math.sqrt(now.weight[k]))
    common = abs(gain) / math.sqrt(known.gain[a] + known.common[a] * doubt)
    for k in range(width):  # what is left behind by another is away from the mean as well
        if now.usable[k]:
            off = moving.smoothed[s, k]
            own = off * off / (known.level[a, k] + now.doubt[k])
            now.weight[k] = own if common > shape else now.weight[k] * (own + 1e-9)
    return max(shape, common)
