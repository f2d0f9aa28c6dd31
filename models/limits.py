"""Plain limits: ISO zones and other fixed lines per channel.

The score of a channel is 1 at its warning line and 2 at its alarm line, linear between and
beyond, so that a rule at score 1 is the warning and a rule at score 2 the alarm. A channel with
a warning line only comes close to 2 and never reaches it; one with an alarm line only stays below
1 until its line and is 2 there. Delays belong to the rules.

A channel that a reading does not carry is judged by what it last said, for as long as the class
lets it be silent: many gateways send each value in a message of its own, or only on change. What
was said before a stop says nothing of the machine after it, so it is not held across one.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.detector import Round, Scored, State, unknown_channel
from models.kernel import kernel

NEVER = -(2**63)
"""Stands where a channel has said nothing yet."""


class Limit(Settings):
    """The lines of one channel, in its canonical unit. `source` says where they come from."""

    warning: float | None = None
    alarm: float | None = None
    low_warning: float | None = None
    low_alarm: float | None = None
    source: str = ""
    only_running: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Limit:
        names = ("low_alarm", "low_warning", "warning", "alarm")
        given = [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]
        if not given:
            msg = f"no line is given; allowed: {', '.join(names)}"
            raise ValueError(msg)
        for (lower, below), (upper, above) in itertools.pairwise(given):
            if below >= above:
                msg = f"{lower} ({below}) must be below {upper} ({above})"
                raise ValueError(msg)
        return self


class LimitsSettings(Settings):
    """Fixed lines on some of a class's channels."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "limits", "channels": {"vibration": {"warning": 4, "alarm": 8}}}]
        }
    )

    kind: Literal["limits"] = "limits"
    channels: dict[str, Limit] = Field(min_length=1)


class Limits:
    """Judges what each channel last said against fixed lines; the worst gives the score."""

    def __init__(
        self, settings: LimitsSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        names = asset_class.channel_names
        for name in settings.channels:
            if name not in names:
                raise unknown_channel(name, names)
        rows = [settings.channels.get(name, _NO_LIMIT) for name in names]
        self._high = _side([row.warning for row in rows], [row.alarm for row in rows], 1.0)
        self._low = _side([row.low_warning for row in rows], [row.low_alarm for row in rows], -1.0)
        self._limited = np.array([name in settings.channels for name in names])
        self._always = np.array([not row.only_running for row in rows])
        self._ready = np.ones(len(assets))
        self._hold = asset_class.silent_after
        self._last = np.full((len(assets), len(names)), np.nan)
        self._said_at = np.full((len(assets), len(names)), NEVER, np.int64)

    def score(self, rows: Round) -> Scored:
        """Judge rows; NaN where no limited channel could be judged."""
        unmoved = self._last[rows.asset], self._said_at[rows.asset]
        return self._judge(rows, np.arange(len(rows.asset)), *unmoved)

    def observe(self, rows: Round) -> None:
        """Remember what each limited channel said; forget it where it stands or is not believed."""
        self._judge(rows, rows.asset, self._last, self._said_at)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return self._judge(rows, rows.asset, self._last, self._said_at)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return {"last": self._last, "said_at": self._said_at}

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Learn nothing: the lines are given."""

    def readiness(self) -> Floats:
        """Judge from the first reading on."""
        return self._ready.copy()

    def forget(self, asset: int) -> None:
        """Forget what one asset said."""
        self._last[asset] = np.nan
        self._said_at[asset] = NEVER

    def state(self) -> State:
        """Return what was last said, and when."""
        return {"last": self._last.copy(), "said_at": self._said_at.copy()}

    def restore(self, state: State) -> None:
        """Take over what was last said."""
        self._last = state["last"].astype(np.float64)
        self._said_at = state["said_at"].astype(np.int64)

    def _judge(
        self, rows: Round, slot: NDArray[np.intp], last: Floats, said_at: Instants
    ) -> Scored:
        values = np.array(rows.values, np.float64, order="C")
        shape = values.shape
        value, blame = np.full(shape[0], np.nan), np.zeros(shape)
        low, high = np.full(shape, np.nan), np.full(shape, np.nan)
        _judge_rows(
            slot,
            rows.at,
            values,
            rows.mode >= Mode.RUNNING,
            np.zeros((0, shape[1]), np.bool_) if rows.refused is None else rows.refused,
            rows.repeated,
            self._limited,
            self._always,
            self._hold,
            self._high,
            self._low,
            last,
            said_at,
            value,
            blame,
            low,
            high,
        )
        return Scored(value, blame, low, high, values)


class _Side(NamedTuple):
    """The upper or the lower lines of all channels, `sign` telling which."""

    line: Floats
    scale: Floats
    both: Bools
    only_alarm: Bools
    sign: float


def _side(warning: list[float | None], alarm: list[float | None], sign: float) -> _Side:
    warn = np.array([np.nan if line is None else line for line in warning], np.float64)
    trip = np.array([np.nan if line is None else line for line in alarm], np.float64)
    line = np.where(np.isnan(warn), trip, warn)
    both = ~np.isnan(warn) & ~np.isnan(trip)
    alone = np.where(line == 0, 1.0, np.abs(line))
    scale = np.where(both, np.abs(trip - warn), alone)
    return _Side(line, scale, both, np.isnan(warn) & ~np.isnan(trip), sign)


_NO_LIMIT = Limit.model_construct()


@kernel
def _judge_rows(
    slot: NDArray[np.intp],
    at: Instants,
    values: Floats,
    running: Bools,
    refused: Bools,
    repeated: bool,
    limited: Bools,
    always: Bools,
    hold: int,
    upper: _Side,
    lower: _Side,
    last: Floats,
    said_at: Instants,
    value: Floats,
    blame: Floats,
    low: Floats,
    high: Floats,
) -> None:
    """Judge rows in time order, and note what they said under `slot`; `values` become judged."""
    count, width = values.shape
    scores = np.empty(width)
    judged = np.empty(width, np.bool_)
    said = np.empty(width, np.bool_)
    for i in range(count):
        s, speaks, any_judged, worst = slot[i], False, False, 0.0
        for k in range(width):
            said[k] = math.isfinite(values[i, k])
            speaks = speaks or said[k]
        for k in range(width):
            barred = len(refused) > 0 and refused[i, k]
            told = values[i, k]
            fresh = said_at[s, k] <= at[i] and said_at[s, k] >= at[i] - hold
            if limited[k] and not said[k] and not barred and speaks and fresh:
                values[i, k] = last[s, k]
            judged[k] = limited[k] and (running[i] or always[k]) and math.isfinite(values[i, k])
            scores[k] = 0.0
            if judged[k]:
                any_judged = True
                scores[k] = max(_beyond(values[i, k], k, upper), _beyond(values[i, k], k, lower))
                low[i, k], high[i, k] = lower.line[k], upper.line[k]
                worst = max(worst, scores[k])
            if not repeated:
                if limited[k] and said[k]:
                    last[s, k], said_at[s, k] = told, at[i]
                if barred or (not running[i] and not always[k]):
                    said_at[s, k] = NEVER
        if any_judged:
            value[i] = worst
            _blame(scores, judged, worst, blame[i])


@kernel
def _beyond(value: float, k: int, side: _Side) -> float:
    """Score a value against its lines on one side, 0 where there is none or it is far inside."""
    beyond = side.sign * (value - side.line[k]) / side.scale[k]
    if math.isnan(beyond):
        return 0.0
    score = 1.0 + beyond
    if side.only_alarm[k]:
        score = 2.0 + beyond if beyond >= 0 else 1.0 + beyond
    elif not side.both[k] and beyond > 0:
        score = 1.0 + beyond / (1.0 + abs(beyond))
    return float(max(score, 0.0))


@kernel
def _blame(scores: Floats, judged: Bools, worst: float, blame: Floats) -> None:
    """Share the blame by what lies beyond the lines; by nearness to them where nothing does."""
    total, flat = 0.0, worst <= 0.0
    for k in range(len(scores)):
        if flat:
            weight = 1.0 if judged[k] else 0.0
        else:
            weight = max(scores[k] - 1.0, 0.0) if worst > 1.0 else scores[k]
        blame[k] = weight
        total += weight
    for k in range(len(scores)):
        blame[k] = blame[k] / total if total > 0.0 else 0.0
