"""Rate of change: how fast a channel rises or falls, against lines that are given.

The slope is that of a straight line through the last readings, weighted exponentially by age, so
that neither noise nor uneven times tell. As for plain limits the score is 1 at the warning line and
2 at the alarm line, linear between and beyond. What was said before a stop, or a long silence, says
nothing of how fast the machine changes after it.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from core.clock import HOUR, MINUTE
from core.plant import Asset, AssetClass, Mode
from core.quantity import Duration
from core.readings import Bools, Floats
from core.settings import Settings
from models.blame import share
from models.detector import Round, Scored, State, unknown_channel
from models.kernel import kernel
from models.learner import Rows, Told

SEEN = 0.6
"""Slopes are told as if times deviated by this part of `over` at least; in the end they do by all.

So little is made of the first readings after a stop.
"""

LONGEST = 3.0
"""After a silence of so many times `over` a channel begins anew."""


class Rate(Settings):
    """The fastest changes of one channel, in its canonical unit per hour, up or down."""

    warning: float | None = Field(default=None, gt=0)
    alarm: float | None = Field(default=None, gt=0)
    over: Duration = Field(default=HOUR, ge=MINUTE)

    @model_validator(mode="after")
    def _in_order(self) -> Rate:
        if self.warning is None and self.alarm is None:
            msg = "no line is given; allowed: warning, alarm"
            raise ValueError(msg)
        if self.warning is not None and self.alarm is not None and self.warning >= self.alarm:
            msg = f"warning ({self.warning}) must be below alarm ({self.alarm})"
            raise ValueError(msg)
        return self


class RateSettings(Settings):
    """Fixed lines on how fast some of a class's channels change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "rate", "changes": {"vibration": {"warning": 0.7, "alarm": 2}}}]
        }
    )

    kind: Literal["rate"] = "rate"
    changes: dict[str, Rate] = Field(min_length=1)


class _Lines(NamedTuple):
    """Per channel: `over` in nanoseconds (0: not judged), the speeds that score 1 and 2."""

    over: Floats
    warning: Floats
    alarm: Floats


class _Sums(NamedTuple):
    """Weighted sums over the past, first axis the asset; ages and levels from the last reading."""

    weight: Floats
    age: Floats
    square: Floats
    level: Floats
    both: Floats
    last: Floats
    said: NDArray[np.int64]


class Speed:
    """Judges how fast channels change by given lines; the worst gives the score."""

    def __init__(
        self, settings: RateSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        names = asset_class.channel_names
        for name in settings.changes:
            if name not in names:
                raise unknown_channel(name, names)
        over, warning, alarm = np.zeros((3, len(names)))
        for name, rate in settings.changes.items():
            k = names.index(name)
            over[k] = rate.over
            warning[k], alarm[k] = _both(rate)
        self._lines = _Lines(over, warning, alarm)
        self._kept = _blank(len(assets), len(names))

    def score(self, rows: Round) -> Scored:
        """Judge rows; NaN where no limited channel says anything."""
        copied = {name: kept[rows.asset] for name, kept in self.moving().items()}
        return self._run(rows, _named(copied), np.arange(len(rows.asset)))

    def observe(self, rows: Round) -> None:
        """Follow what channels say; begin anew where the machine stands."""
        self.judge(rows)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return self._run(rows, self._kept, rows.asset)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return self._kept._asdict()

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Learn nothing: the lines are given."""

    def readiness(self) -> Floats:
        """Judge from the first readings on."""
        return np.ones(len(self._kept.said))

    def forget(self, asset: int) -> None:
        """Forget what one asset said."""
        for kept, fresh in zip(self._kept, _blank(1, self._kept.said.shape[1]), strict=True):
            kept[asset] = fresh[0]

    def state(self) -> State:
        """Return the sums."""
        return {name: kept.copy() for name, kept in self._kept._asdict().items()}

    def restore(self, state: State) -> None:
        """Take over the sums."""
        for name, kept in self._kept._asdict().items():
            kept[...] = state[name].astype(kept.dtype).reshape(kept.shape)

    def _run(self, rows: Round, sums: _Sums, slot: NDArray[np.intp]) -> Scored:
        shape = rows.values.shape
        told = Told(
            np.full(shape[0], np.nan),
            np.zeros(shape),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
        )
        given = Rows(
            np.ascontiguousarray(rows.asset, np.intp),
            np.ascontiguousarray(slot, np.intp),
            np.ascontiguousarray(rows.at, np.int64),
            np.ascontiguousarray(rows.values, np.float64),
            rows.mode == Mode.RUNNING,
            np.zeros(shape[0], np.bool_),
            rows.repeated,
        )
        _judge_rows(given, self._lines, sums, told)
        return Scored(*told)


def _both(rate: Rate) -> tuple[float, float]:
    """Tell the speeds that score 1 and 2; one that is alone stands for both sides of itself."""
    if rate.warning is None:
        return (rate.alarm or 0.0) / 2, rate.alarm or 0.0
    return rate.warning, 2 * rate.warning if rate.alarm is None else rate.alarm


def _blank(assets: int, channels: int) -> _Sums:
    sums = np.zeros((6, assets, channels))
    kept: State = dict(zip(_Sums._fields[:-1], (part.copy() for part in sums), strict=True))
    return _named(kept | {"said": np.zeros((assets, channels), np.int64)})


def _named(kept: State) -> _Sums:
    arrays: dict[str, Any] = dict(kept)
    return _Sums(**arrays)


@kernel
def _judge_rows(rows: Rows, lines: _Lines, sums: _Sums, told: Told) -> None:
    width = rows.values.shape[1]
    weight, usable = np.empty(width), np.empty(width, np.bool_)
    for i in range(len(rows.asset)):
        s, score = rows.slot[i], math.nan
        for k in range(width):
            weight[k], usable[k] = 0.0, False
            value, over = rows.values[i, k], lines.over[k]
            if not over > 0.0:
                continue
            if not rows.live[i]:
                if not rows.repeated:
                    sums.weight[s, k] = 0.0
                continue
            if not math.isfinite(value):
                continue
            if not rows.repeated:
                _take(value, rows.at[i], over, s, k, sums)
            if not sums.weight[s, k] > 0.0:
                continue
            slope, middle = _slope(over, s, k, sums)
            fast, span = abs(slope), lines.alarm[k] - lines.warning[k]
            found = fast / lines.warning[k]
            if found > 1.0:
                found = 1.0 + (fast - lines.warning[k]) / span
            usable[k], weight[k] = True, min(found, 1e6) ** 4
            score = found if math.isnan(score) else max(score, found)
            room = lines.warning[k] * over / HOUR
            told.low[i, k], told.high[i, k] = middle - room, middle + room
        if not math.isnan(score):
            told.value[i] = min(score, 1e6)
            share(weight, usable, told.blame[i])


@kernel
def _take(value: float, at: int, over: float, s: int, k: int, sums: _Sums) -> None:
    """Take a reading into the sums, all measured from it: time in `over`, back from now."""
    gap = (at - sums.said[s, k]) / over
    if not (sums.weight[s, k] > 0.0 and 0.0 <= gap <= LONGEST):
        sums.weight[s, k] = sums.age[s, k] = sums.square[s, k] = 0.0
        sums.level[s, k] = sums.both[s, k] = 0.0
        gap, sums.last[s, k] = 0.0, value
    fade, step = math.exp(-gap), sums.last[s, k] - value
    step = min(max(step, -1e150), 1e150)
    weight, age = sums.weight[s, k], sums.age[s, k]
    level, both = sums.level[s, k], sums.both[s, k]
    sums.both[s, k] = fade * (both + step * age - gap * (level + step * weight))
    sums.square[s, k] = fade * (sums.square[s, k] - 2.0 * gap * age + gap * gap * weight)
    sums.level[s, k] = fade * (level + step * weight)
    sums.age[s, k] = fade * (age - gap * weight)
    sums.weight[s, k] = fade * weight + 1.0
    sums.last[s, k], sums.said[s, k] = value, at


@kernel
def _slope(over: float, s: int, k: int, sums: _Sums) -> tuple[float, float]:
    """Tell the slope per hour, and the mean level."""
    weight = sums.weight[s, k]
    age, level = sums.age[s, k] / weight, sums.level[s, k] / weight
    spread = max(sums.square[s, k] / weight - age * age, SEEN * SEEN)
    slope = (sums.both[s, k] / weight - age * level) / spread
    return slope * HOUR / over, sums.last[s, k] + level
