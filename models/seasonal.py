"""Seasonal: a baseline by time of day, and of the week where that tells more, channel by channel.

Each asset learns the profile of its days and weeks (`models/seasonal_fit.py`). What is left of a
reading is averaged over about an hour, and held against a reference that follows over days, within
the range where it was while learned: how far both may be apart is known by the hour. So a value
that is usual at noon is found at midnight. Operating channels take no part.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, field_validator

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.plant import Asset, AssetClass
from core.quantity import Duration
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.baseline import WILD
from models.blame import share
from models.kernel import kernel
from models.learner import Kept, Learner, Rows, Told
from models.lessons import Lessons
from models.parts import parts
from models.seasonal_fit import HOURS, SLOTS, learn

STALE = 4
"""For how many spans of smoothing a silent channel is judged by what it last said."""

SUSPECT = 0.8
"""From this part of its line on a channel's reference stands still."""

NOISY = 2.0
"""The band is at least so many deviations of single residuals to each side."""

FEWEST = 100
"""How many lessons it takes at least."""


class SeasonalSettings(Settings):
    """Each condition channel, by what it reads at this time of the day and of the week.

    It learns for the time `learn`, from one reading in `every`; weekdays are told apart from two
    weeks on. Residuals are averaged over the time `smoothing`, their reference over `reference`;
    `alone` says how many standard errors both may be apart. Days begin as in `timezone`. Channels
    in `ignore` take no part.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "seasonal", "learn": "2d"}]})

    kind: Literal["seasonal"] = "seasonal"
    learn: Duration = Field(default=14 * DAY, ge=2 * DAY, le=60 * DAY)
    every: Duration = Field(default=10 * MINUTE, ge=5 * MINUTE, le=HOUR)
    smoothing: Duration = Field(default=HOUR, ge=MINUTE, le=DAY)
    reference: Duration = Field(default=3 * DAY, ge=DAY, le=60 * DAY)
    alone: float = Field(default=4.0, ge=2, le=12)
    timezone: str = "UTC"
    ignore: tuple[str, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            msg = f"unknown time zone {name!r}; allowed: IANA names, such as Asia/Karachi or UTC"
            raise ValueError(msg) from None
        return name


class Enough(NamedTuple):
    """Lessons are complete once they span so much."""

    span: int

    def complete(self, lessons: Lessons, asset: int) -> bool:
        """Tell whether an asset has enough lessons."""
        return lessons.span(asset) >= self.span and int(lessons.count[asset]) >= FEWEST

    def progress(self, lessons: Lessons) -> Floats:
        """Tell per asset how much of the lessons is there, below 1."""
        done: Floats = np.minimum(lessons.spans() / self.span, lessons.count / FEWEST)
        return np.minimum(done, 0.99)


class Known(NamedTuple):
    """What was learned, first axis the asset; as `models/seasonal_fit.Fitted` has it."""

    learned: Bools
    judged: Bools
    centre: Floats
    spread: Floats
    profile: Floats
    room: Floats
    noise: Floats
    lowest: Floats
    highest: Floats
    line: Floats


class Moving(NamedTuple):
    """What goes on with every row; `moved` is when a channel last said something.

    `follows` tells where the reference may go along when the next reading comes.
    """

    smoothed: Floats
    level: Floats
    moved: NDArray[np.int64]
    follows: Bools


class Seasonal(Learner):
    """Learns each asset's days and weeks, and scores how far it has left them."""

    moves = Moving._fields

    def __init__(
        self, settings: SeasonalSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings, self._sure = settings, given.sure
        self._zone = None if settings.timezone == "UTC" else ZoneInfo(settings.timezone)
        super().__init__(Enough(settings.learn), given.judged, len(assets))

    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""
        shape = (assets, len(self._candidates))
        kept: Kept = {
            "judged": np.zeros(shape, np.bool_),
            "weekly": np.zeros(shape, np.bool_),
            "profile": np.zeros((*shape, SLOTS)),
            "room": np.ones((*shape, HOURS)),
            "moved": np.zeros(shape, np.int64),
            "follows": np.zeros(shape, np.bool_),
        }
        for name in ("centre", "lowest", "highest", "smoothed", "level"):
            kept[name] = np.zeros(shape)
        for name in ("spread", "noise"):
            kept[name] = np.ones(shape)
        return kept

    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows of one asset."""
        spans = self._settings.smoothing, self._settings.reference
        local = wall(at, self._zone)
        return learn(rows, at, local, self._candidates, spans, self._sure)._asdict()

    def alike(self, early: Kept, whole: Kept) -> bool:
        """Tell whether the early fit knew the same seasons."""
        knew, knows = early["profile"].any(axis=2), whole["profile"].any(axis=2)
        return np.array_equal(early["weekly"], whole["weekly"]) and np.array_equal(knew, knows)

    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and move means and references on."""
        settings = self._settings
        _judge_rows(
            rows,
            wall(rows.at, self._zone),
            (float(settings.smoothing), float(settings.reference), settings.alone),
            Known(*(kept[name] for name in Known._fields)),
            Moving(*(moving[name] for name in Moving._fields)),
            told,
        )

    def _due(self, asset: int, at: int) -> bool:
        return self._lessons.due(asset, at, self._settings.every)


@kernel
def _judge_rows(
    rows: Rows,
    local: Instants,
    given: tuple[float, float, float],
    known: Known,
    moving: Moving,
    told: Told,
) -> None:
    width = rows.values.shape[1]
    weight, away, expected = np.empty((3, width))
    usable = np.empty(width, np.bool_)
    for i in range(len(rows.asset)):
        a, s, at = rows.asset[i], rows.slot[i], rows.at[i]
        if not rows.live[i] or not known.learned[a]:
            continue
        hour, said, score = int(local[i] % DAY // HOUR), False, math.nan
        for k in range(width):
            expected[k] = _usual(known.profile[a, k], local[i])
            spoke = known.judged[a, k] and math.isfinite(rows.values[i, k])
            said = said or spoke
            if spoke and not rows.repeated:
                _move(rows.values[i, k], at, a, s, k, hour, given, expected[k], known, moving)
        for k in range(width):
            fresh = at - moving.moved[s, k] <= STALE * given[0]
            usable[k], weight[k] = known.judged[a, k] and fresh and said, 0.0
            away[k] = moving.smoothed[s, k] - moving.level[s, k]
            away[k] /= given[2] * known.line[a] * math.sqrt(known.room[a, k, hour])
            if usable[k]:
                weight[k] = away[k] * away[k]
                score = abs(away[k]) if math.isnan(score) else max(score, abs(away[k]))
        if math.isnan(score):
            continue
        told.value[i] = score
        share(weight, usable, told.blame[i])
        for k in range(width):
            if usable[k]:
                far = given[2] * known.line[a] * math.sqrt(known.room[a, k, hour])
                far = max(far, NOISY * math.sqrt(known.noise[a, k])) * known.spread[a, k]
                middle = expected[k] + moving.level[s, k]
                middle = known.centre[a, k] + middle * known.spread[a, k]
                told.low[i, k], told.high[i, k] = middle - far, middle + far
        for k in range(width):
            if usable[k] and not rows.repeated:
                moving.follows[s, k] = abs(away[k]) < SUSPECT and not rows.locked[i]


@kernel
def _move(
    value: float,
    at: int,
    a: int,
    s: int,
    k: int,
    hour: int,
    given: tuple[float, float, float],
    expected: float,
    known: Known,
    moving: Moving,
) -> None:
    """Let the reference of a channel go along, where it may, then the mean take a reading in."""
    gap = float(max(at - moving.moved[s, k], 0))
    if moving.follows[s, k]:
        part = -math.expm1(-gap / given[1])
        level = moving.level[s, k] + part * (moving.smoothed[s, k] - moving.level[s, k])
        moving.level[s, k] = min(max(level, known.lowest[a, k]), known.highest[a, k])
    left = (value - known.centre[a, k]) / known.spread[a, k] - expected - moving.level[s, k]
    far = WILD * math.sqrt(known.noise[a, k] + known.room[a, k, hour])
    left = min(max(left, -far), far) + moving.level[s, k] - moving.smoothed[s, k]
    moving.smoothed[s, k] += -math.expm1(-gap / given[0]) * left
    moving.moved[s, k] = at


def wall(at: Instants, zone: ZoneInfo | None) -> Instants:
    """Tell what the clocks of a zone show at instants, as if they stood at UTC."""
    if zone is None or not len(at):
        return np.ascontiguousarray(at, np.int64)
    hours, index = np.unique(at // HOUR, return_inverse=True)
    ahead = [_ahead(int(hour), zone) for hour in hours]
    shown: Instants = at + np.array(ahead, np.int64)[index]
    return shown


@lru_cache(maxsize=4096)
def _ahead(hour: int, zone: ZoneInfo) -> int:
    told = datetime.fromtimestamp(hour * 3600, zone).utcoffset()
    return 0 if told is None else round(told.total_seconds()) * SECOND


@kernel
def _usual(profile: Floats, local: int) -> float:
    """Read a profile at an instant of local time, between the middles of its bins."""
    place = (local % (7 * DAY)) / (7 * DAY) * SLOTS - 0.5
    first = math.floor(place)
    part = place - first
    return float(profile[first % SLOTS] * (1 - part) + profile[(first + 1) % SLOTS] * part)
