"""Usage: how much each machine has been used, counted from what it says.

Hours run and starts come from the operating mode, a counter's use from its increments, and what a
channel measures as a rate is summed over time. Where nothing was said for a while, a counter tells
what was used meanwhile. For the rest: a machine that ran before and after a silence of at most a
day has run through it, one that stood at either end has stood, and of the rest nothing is known.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.clock import DAY, HOUR, Span
from core.plant import AssetClass, Mode, Role
from core.quantity import Duration
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.detector import Round, State, unknown_channel
from models.kernel import kernel
from models.trail import NEVER

HOURS_RUN, STARTS = "h run", "starts"
FROM_MODES = (HOURS_RUN, STARTS)
"""What is counted by the operating mode alone."""

BRIDGED: Span = DAY
"""A machine that runs at both ends of a silence of at most so long has run through it."""

PATIENCE = 10
"""So many readings after a counter has fallen, what it said before may come back."""

_RUN, _START, _COUNTER, _RATE = range(4)
_UNKNOWN, _STARTING = int(Mode.UNKNOWN), int(Mode.STARTING)


class UsageSettings(Settings):
    """In what the life of a machine is counted, and by what.

    `unit` is `h run` or `starts`, counted by the operating mode, or the words for what a `channel`
    tells: one with the role `counter` by its increments, any other as a rate, in units `per` so
    long. `window` is how much use the trend of health looks back over.
    """

    unit: str = Field(default=HOURS_RUN, min_length=1)
    channel: str | None = None
    per: Duration = Field(default=HOUR, gt=0)
    window: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> UsageSettings:
        if self.channel is None and self.unit not in FROM_MODES:
            msg = f"{self.unit!r} needs a channel that tells it; without one: h run, starts"
            raise ValueError(msg)
        if self.window is None and self.unit != HOURS_RUN:
            msg = f"say how many {self.unit} the trend of health looks back over, as window"
            raise ValueError(msg)
        return self


class Counted(NamedTuple):
    """What rows told of use, row by row.

    After each the `total`, what was `used` since the one before and over which `span`, whether that
    is `known`, and whether the row `told` anything at all.
    """

    total: Floats
    used: Floats
    span: Instants
    known: Bools
    told: Bools


class Usage:
    """Counts the use of every asset of a class, in the unit of its settings."""

    def __init__(self, settings: UsageSettings, asset_class: AssetClass, assets: int) -> None:
        names = asset_class.channel_names
        if settings.channel is not None and settings.channel not in names:
            raise unknown_channel(settings.channel, names)
        self._column = None if settings.channel is None else names.index(settings.channel)
        self._per = settings.per
        self._silence = asset_class.silent_after
        self._kind = _kind_of(settings, asset_class)
        self._kept = _blank(assets)

    def count(self, rows: Round) -> Counted:
        """Take rows in order of time; assets may repeat."""
        size = len(rows.asset)
        values = np.zeros(size) if self._column is None else rows.values[:, self._column]
        found = Counted(
            np.empty(size), np.zeros(size), np.zeros(size, np.int64),
            np.zeros(size, np.bool_), np.zeros(size, np.bool_),
        )  # fmt: skip
        mode = rows.mode.astype(np.int8)
        _count(
            rows.asset, rows.at, mode, np.ascontiguousarray(values), self._kind,
            self._silence, float(self._per), self._kept, found,
        )  # fmt: skip
        return found

    def state(self) -> State:
        """Return everything kept."""
        return {f"usage_{name}": kept.copy() for name, kept in self._kept._asdict().items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._kept = _Kept(
            *(
                state[f"usage_{name}"].astype(kept.dtype)
                for name, kept in self._kept._asdict().items()
            )
        )


class _Kept(NamedTuple):
    """What is kept of each asset: the last reading, whether it ran, and a counter's history.

    `before` is what a counter that has fallen said before, `since` what it counted since, and
    `readings` in how many.
    """

    at: Instants
    on: NDArray[np.int8]
    value: Floats
    before: Floats
    since: Floats
    readings: NDArray[np.int64]
    total: Floats


def _blank(assets: int) -> _Kept:
    return _Kept(
        np.full(assets, NEVER, np.int64),
        np.zeros(assets, np.int8),
        np.full(assets, np.nan),
        np.full(assets, np.nan),
        np.zeros(assets),
        np.zeros(assets, np.int64),
        np.zeros(assets),
    )


def _kind_of(settings: UsageSettings, asset_class: AssetClass) -> int:
    if settings.channel is None:
        return _RUN if settings.unit == HOURS_RUN else _START
    counts = asset_class.channel(settings.channel).role is Role.COUNTER
    return _COUNTER if counts else _RATE


@kernel
def _count(
    asset: NDArray[np.intp],
    at: Instants,
    mode: NDArray[np.int8],
    values: Floats,
    kind: int,
    silence: int,
    per: float,
    kept: _Kept,
    found: Counted,
) -> None:
    """Count row by row."""
    for i in range(len(asset)):
        a = asset[i]
        unknown = mode[i] == _UNKNOWN if kind <= _START else math.isnan(values[i])
        if unknown or at[i] <= kept.at[a]:
            found.total[i] = kept.total[a]
            continue
        on = mode[i] >= _STARTING
        if kept.at[a] != NEVER:
            span = at[i] - kept.at[a]
            found.told[i], found.span[i] = True, span
            if kind == _RUN:
                _ran(i, kept.on[a] == 1, on, span, silence, found)
            elif kind == _START:
                found.known[i] = True
                found.used[i] = 1.0 if on and kept.on[a] == 0 else 0.0
            elif kind == _COUNTER:
                found.known[i] = True
                found.used[i] = _counted(a, values[i], kept)
            elif span <= silence:
                found.known[i] = True
                found.used[i] = max((kept.value[a] + values[i]) / 2 * span / per, 0.0)
            else:
                found.known[i] = kept.on[a] == 0 or not on
            kept.total[a] += found.used[i]
        kept.at[a], kept.on[a], kept.value[a] = at[i], on, values[i]
        found.total[i] = kept.total[a]


@kernel
def _ran(i: int, was_on: bool, on: bool, span: int, silence: int, found: Counted) -> None:
    """Count the hours run over a stretch."""
    long = span > silence
    found.known[i] = not long or not (was_on and on) or span <= BRIDGED
    runs = was_on and (not long or (on and span <= BRIDGED))
    found.used[i] = span / HOUR if runs else 0.0


@kernel
def _counted(a: int, value: float, kept: _Kept) -> float:
    """Count a counter's increment; where it fell, what it counts from there.

    One that fell for a few readings only has not been set back: then it is as if it had not.
    """
    if value < kept.value[a]:
        if math.isnan(kept.before[a]):
            kept.before[a], kept.since[a], kept.readings[a] = kept.value[a], 0.0, 0
        return 0.0
    used = float(value - kept.value[a])
    if not math.isnan(kept.before[a]):
        kept.readings[a] += 1
        if value >= kept.before[a]:
            used = max(float(value - kept.before[a] - kept.since[a]), 0.0)
            kept.before[a] = np.nan
        elif kept.readings[a] > PATIENCE:
            kept.before[a] = np.nan
        else:
            kept.since[a] += used
    return used
