"""Single: a detector for series of which nothing is known beforehand, and no training file is had.

Each channel is judged by itself, causally, from the first hundred readings on: how rare is it to
see something so unlike all that was seen before (`models/aspects.py`)? The score is 1 where that is
as rare as one reading in `one_in`. What was told is no news: after a score at its height, a lower
one stands back for `quiet` readings. It goes on learning what is normal but where a finding stands;
there the score stays what it is.
"""

from __future__ import annotations

from math import log10
from typing import Literal, TypeVar

import numpy as np
from pydantic import ConfigDict, Field

from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats
from core.settings import Settings
from models.aspects import Memory, blank
from models.detector import Round, Scored, State
from models.news import News, no_news
from models.parts import parts
from models.rarities import again, run

_Kept = TypeVar("_Kept", Memory, News)

_NEWS = "news_"


class SingleSettings(Settings):
    """Readings unlike all that was seen before, channel by channel, with no training.

    It judges after `warmup` readings. A score of 1 is as rare as one reading in `one_in` on a
    healthy series. After something was told, what is no rarer counts for no more than half the
    line, for up to `quiet` readings. Levels are averaged over `short` readings, and over twelve
    times as many. Channels in `ignore` take no part.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "single"}]})

    kind: Literal["single"] = "single"
    warmup: int = Field(default=150, ge=50, le=5000)
    one_in: int = Field(default=10_000, ge=100)
    quiet: int = Field(default=200, ge=0, le=10_000)
    short: int = Field(default=24, ge=2, le=1000)
    ignore: tuple[str, ...] = ()


class Single:
    """Judges each condition channel of each asset by what was ever seen of it."""

    def __init__(
        self, settings: SingleSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        self._judged = parts(asset_class, settings.ignore).judged
        self._settings = settings
        self._line = log10(settings.one_in * max(int(self._judged.sum()), 1))
        self._memory = blank(len(assets), len(self._judged))
        self._news = no_news(len(assets))

    def score(self, rows: Round) -> Scored:
        """Judge rows; NaN while too little was seen, or nothing was measured."""
        return self._run(rows, move=False)

    def observe(self, rows: Round) -> None:
        """Learn from rows, but for the locked ones, and remember what was told."""
        self._run(rows, move=True)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return self._run(rows, move=True)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return _named(self._memory, self._news)

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Learn nothing more: what is seen is learned as it is observed, but where locked."""

    def readiness(self) -> Floats:
        """Tell how much of the warm-up the best known channel has had."""
        rows = self._memory.rows[:, self._judged]
        if not rows.shape[1]:
            return np.zeros(len(rows))
        done: Floats = np.minimum(rows.max(axis=1) / self._settings.warmup, 1.0)
        return done

    def forget(self, asset: int) -> None:
        """Forget all that was seen of one asset."""
        fresh = _named(blank(1, len(self._judged)), no_news(1))
        for name, mine in self.moving().items():
            mine[asset] = fresh[name][0]

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: array.copy() for name, array in self.moving().items()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._memory = _taken(self._memory, state, "")
        self._news = _taken(self._news, state, _NEWS)

    def _run(self, rows: Round, *, move: bool) -> Scored:
        count, width = rows.values.shape
        value = np.full(count, np.nan)
        blame, low, high = np.zeros((count, width)), *np.full((2, count, width), np.nan)
        locked = np.zeros(count, np.bool_) if rows.locked is None else rows.locked
        running = rows.mode == Mode.RUNNING
        settings = self._settings
        given = (self._line, float(settings.quiet), settings.warmup, settings.short)
        told = (rows.asset, rows.at, rows.values, running, np.ascontiguousarray(locked))
        out, kept = (value, blame, low, high), (self._memory, self._news)
        if rows.repeated:
            again(told, self._judged, given, *kept, out)
        else:
            run(told, self._judged, given, *kept, out, move)
        return Scored(value, blame, low, high)


def _named(memory: Memory, news: News) -> State:
    return memory._asdict() | {_NEWS + name: array for name, array in news._asdict().items()}


def _taken(kept: _Kept, state: State, prefix: str) -> _Kept:
    """Copy a state's arrays into a tuple of the same names, keeping their types."""
    arrays = [np.array(state[prefix + name], one.dtype) for name, one in kept._asdict().items()]
    return type(kept)(*arrays)
