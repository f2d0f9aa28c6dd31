"""Density: how far a row is from all that was seen, where healthy rows make no ellipse.

A machine with two ways of running, or whose channels turn about each other, is healthy in several
places and between them is not. Each asset learns some points that stand for its healthy rows
(`models/density_fit.py`), in residuals of what operating channels explain. The logarithm of the
distance to the nearest one is averaged exponentially; the score is 1 where that is as many standard
errors above the usual as `alone` says.
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
from models.baseline import fit
from models.blame import share
from models.density_fit import FLOOR, learn
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.mewma import LearnSettings, last
from models.parts import parts
from models.residual import Base, blank_base, kept_base, residuals, residuals_of

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

WILD = 6.0
"""Beyond how many deviations above the usual a single distance is pulled in."""

NOISY = 2.5
"""The band is at least so many usual distances to each side of the nearest point."""

FAR = 100.0
"""Beyond how many deviations a channel is taken to be no farther."""


class DensitySettings(Settings):
    """All condition channels together, by how far they are from anything that was seen.

    Healthy rows are stood for by `points`, at most. `smoothing` is the weight of a new reading in
    the running mean; `alone` says how many standard errors that may be above the usual. Channels
    in `ignore` take no part.
    """

    kind: Literal["density"] = "density"
    learn: LearnSettings = LearnSettings()
    points: int = Field(default=96, ge=8, le=256)
    smoothing: float = Field(default=0.2, gt=0.01, le=1)
    alone: float = Field(default=4.0, ge=2, le=12)
    ignore: tuple[str, ...] = ()


class Known(NamedTuple):
    """What was learned, first axis the asset; as `models/density_fit.Cloud` has it."""

    learned: Bools
    scale: Floats
    points: Floats
    usual: Floats
    single: Floats
    room: Floats
    each: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row: the smoothed distance, and its squares by channel.

    `held` is where each channel last was.
    """

    far: Floats
    squares: Floats
    held: Floats
    missing: NDArray[np.int64]
    operating: Floats


class Now(NamedTuple):
    """One row while it is judged."""

    expected: Floats
    doubt: Floats
    left: Floats
    point: Floats
    square: Floats
    usable: Bools


class Density(Learner):
    """Learns where each asset is when it is healthy, and scores how far from there it is."""

    moves = Moving._fields

    def __init__(
        self, settings: DensitySettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings, self._op = settings, given.operating
        self._sure, self._over = given.sure, given.over
        super().__init__(settings.learn, given.judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        width, number = len(self._candidates), len(self._op)
        return blank_base(assets, width, number) | {
            "scale": np.ones((assets, width)),
            "points": np.full((assets, self._settings.points, width), np.inf),
            "usual": np.zeros(assets),
            "single": np.ones(assets),
            "room": np.ones(assets),
            "each": np.ones((assets, width)),
            "far": np.zeros(assets),
            "squares": np.zeros((assets, width)),
            "held": np.zeros((assets, width)),
            "missing": np.full((assets, width), STALE + 1, np.int64),
            "operating": np.full((assets, number), np.nan),
        }

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        settings, operating = self._settings, rows[:, self._op]
        base = fit(rows, operating, self._candidates, settings.smoothing, self._sure, self._over)
        found = kept_base(base) | {"operating": last(operating)}
        chosen = np.flatnonzero(base.judged)
        if not len(chosen):
            return found
        width = len(base.judged)
        each, points = np.ones(width), np.full((settings.points, width), np.inf)
        scale = np.sqrt(np.where(base.judged, base.noise, 1.0))
        left = (residuals_of(base, rows, operating) / scale)[:, chosen]
        cloud = learn(left, settings.points, settings.smoothing)
        points[: len(cloud.points)] = 0.0
        points[: len(cloud.points), chosen] = cloud.points
        each[chosen] = cloud.each
        return found | {
            "scale": scale,
            "points": points,
            "usual": np.array(cloud.usual),
            "single": np.array(cloud.single),
            "room": np.array(cloud.room),
            "each": each,
            "far": np.array(cloud.last),
            "squares": each,
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
    lever = np.empty(2 * len(op))
    for i in range(len(rows.asset)):
        a, s = rows.asset[i], rows.slot[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        row, operating = rows.values[i], moving.operating[s]
        if rows.repeated:
            operating = operating.copy()
        said = residuals(row, op, a, operating, base, lever, 1.0, now.expected, now.doubt, now.left)
        if not rows.repeated:
            _hold(a, s, base, known, moving, now)
        count = 0
        for k in range(width):
            now.usable[k] = base.judged[a, k] and moving.missing[s, k] <= STALE and said
            count += 1 if now.usable[k] else 0
        if count == 0:
            continue
        found = _nearest(a, s, known, moving, now) / count
        if not rows.repeated:
            _move(a, s, given[0], found, known, moving, now)
        room = given[1] * known.line[a] * math.sqrt(known.room[a])
        told.value[i] = max(moving.far[s], 0.0) / room
        for k in range(width):
            now.square[k] = moving.squares[s, k] / known.each[a, k] if now.usable[k] else 0.0
            if not now.usable[k]:
                continue
            most = math.sqrt(math.exp(min(known.usual[a] + room, 20.0)) * count)
            most = max(most, NOISY * math.sqrt(known.each[a, k])) * known.scale[a, k]
            middle = now.expected[k] + now.point[k] * known.scale[a, k]
            told.low[i, k] = base.centre[a, k] + (middle - most) * base.spread[a, k]
            told.high[i, k] = base.centre[a, k] + (middle + most) * base.spread[a, k]
        share(now.square, now.usable, told.blame[i])


@kernel
def _hold(a: int, s: int, base: Base, known: Known, moving: Moving, now: Now) -> None:
    """Note where channels are, in deviations, less far where the operating point is new."""
    for k in range(len(now.left)):
        if math.isnan(now.left[k]):
            moving.missing[s, k] += 1
            continue
        doubt = math.sqrt(1.0 + now.doubt[k] / base.noise[a, k])
        moving.held[s, k] = min(max(now.left[k] / known.scale[a, k] / doubt, -FAR), FAR)
        moving.missing[s, k] = 0


@kernel
def _nearest(a: int, s: int, known: Known, moving: Moving, now: Now) -> float:
    """Find the nearest point by the usable channels, and return the squared distance to it."""
    least, best = math.inf, 0
    for p in range(known.points.shape[1]):
        whole = 0.0
        for k in range(len(now.usable)):
            if now.usable[k]:
                off = moving.held[s, k] - known.points[a, p, k]
                whole += off * off
        if whole < least:
            least, best = whole, p
    for k in range(len(now.usable)):
        now.point[k] = known.points[a, best, k]
    return least


@kernel
def _move(
    a: int, s: int, rate: float, found: float, known: Known, moving: Moving, now: Now
) -> None:
    """Take a row's distance into the running means, a wild one pulled in."""
    far = min(math.log(found + FLOOR) - known.usual[a], WILD * math.sqrt(known.single[a]))
    moving.far[s] += rate * (far - moving.far[s])
    for k in range(len(now.usable)):
        if now.usable[k]:
            off = moving.held[s, k] - now.point[k]
            moving.squares[s, k] += rate * (off * off - moving.squares[s, k])
