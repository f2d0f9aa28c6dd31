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
from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats
from core.settings import Settings
from models.detector import Round, Scored, State, unknown_channel

NEVER = np.iinfo(np.int64).min
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
        self._high = _Side([row.warning for row in rows], [row.alarm for row in rows], 1.0)
        self._low = _Side([row.low_warning for row in rows], [row.low_alarm for row in rows], -1.0)
        self._limited = np.array([name in settings.channels for name in names])
        self._always = np.array([not row.only_running for row in rows])
        self._ready = np.ones(len(assets))
        self._hold = asset_class.silent_after
        self._last = np.full((len(assets), len(names)), np.nan)
        self._said_at = np.full((len(assets), len(names)), NEVER, np.int64)

    def score(self, rows: Round) -> Scored:
        """Judge rows; NaN where no limited channel could be judged."""
        values = self._known(rows)
        running = (rows.mode == Mode.RUNNING)[:, None]
        judged = self._limited & (running | self._always) & np.isfinite(values)
        scores = np.maximum(self._high.score(values), self._low.score(values))
        scores = np.where(judged, scores, 0.0)
        value = np.where(judged.any(axis=1), scores.max(axis=1), np.nan)
        low = np.where(judged, self._low.line, np.nan)
        high = np.where(judged, self._high.line, np.nan)
        return Scored(value, _blame(scores, judged), low, high, values)

    def observe(self, rows: Round) -> None:
        """Remember what each limited channel said; forget it where it stands or is not believed."""
        said = self._limited & np.isfinite(rows.values)
        self._last[rows.asset] = np.where(said, rows.values, self._last[rows.asset])
        said_at = np.where(said, rows.at[:, None], self._said_at[rows.asset])
        void = (rows.mode != Mode.RUNNING)[:, None] & ~self._always
        if rows.refused is not None:
            void |= rows.refused
        self._said_at[rows.asset] = np.where(void, NEVER, said_at)

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

    def _known(self, rows: Round) -> Floats:
        """Fill in what limited channels last said; a row that says nothing at all stays so."""
        values = rows.values
        missing = self._limited & ~np.isfinite(values)
        if rows.refused is not None:
            missing &= ~rows.refused
        if not missing.any():
            return values
        said_at, now = self._said_at[rows.asset], rows.at[:, None]
        fresh = (said_at <= now) & (said_at >= now - self._hold)
        speaks = np.isfinite(values).any(axis=1, keepdims=True)
        return np.where(missing & fresh & speaks, self._last[rows.asset], values)


class _Side:
    """The upper or the lower lines of all channels, `sign` telling which."""

    def __init__(self, warning: list[float | None], alarm: list[float | None], sign: float) -> None:
        warn = np.array([np.nan if line is None else line for line in warning], np.float64)
        trip = np.array([np.nan if line is None else line for line in alarm], np.float64)
        self.line = np.where(np.isnan(warn), trip, warn)
        self._sign = sign
        self._both = ~np.isnan(warn) & ~np.isnan(trip)
        self._only_alarm = np.isnan(warn) & ~np.isnan(trip)
        alone = np.where(self.line == 0, 1.0, np.abs(self.line))
        self._scale = np.where(self._both, np.abs(trip - warn), alone)

    def score(self, values: Floats) -> Floats:
        """Score each value against its lines, 0 where there is none or it is far inside."""
        beyond = self._sign * (values - self.line) / self._scale
        only_warning = np.where(beyond > 0, 1 + beyond / (1 + np.abs(beyond)), 1 + beyond)
        only_alarm = np.where(beyond >= 0, 2 + beyond, 1 + beyond)
        score = np.where(self._only_alarm, only_alarm, only_warning)
        score = np.where(self._both, 1 + beyond, score)
        return np.where(np.isnan(score), 0.0, np.maximum(score, 0.0))


_NO_LIMIT = Limit.model_construct()


def _blame(scores: Floats, judged: Bools) -> Floats:
    """Share the blame by what lies beyond the lines; by nearness to them where nothing does."""
    beyond = np.maximum(scores - 1, 0)
    weight = np.where((beyond > 0).any(axis=1, keepdims=True), beyond, scores)
    flat = (weight <= 0).all(axis=1, keepdims=True)
    weight = np.where(flat, judged.astype(np.float64), weight)
    total = weight.sum(axis=1, keepdims=True)
    share: Floats = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    return share
