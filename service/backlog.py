"""Backlogs: which assets are being caught up with, when that has ended, and what is none.

A backlog shrinks. Readings that stay as old as they are come from a clock that differs from ours,
or by a way that takes so long: that lag is then taken as given, and what is beyond it is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.clock import MINUTE, Instant, Span
from core.readings import Bools, Instants
from models.detector import State
from service.watermark import Rows

QUIET_TICKS = 2
"""So many ticks without a reading of the backlog end it."""

STANDING = 10 * MINUTE
"""A lag that has not shrunk for so long, while readings came, is no backlog.

Any backlog that comes in a little faster than its own time gets a minute shorter within it; what
is held for nothing still reaches a person in time.
"""

SHRINKS = 10
"""A backlog gets smaller by a minute, or by the part one in so many where that is less."""

LONGEST_STEP = STANDING // 2
"""At most so much of the time between two readings counts: a link that was down shrinks nothing."""

_KEPT = ("catching_up", "ticks", "offset", "least", "stood", "heard")


@dataclass(frozen=True, slots=True, eq=False)
class Lagging:
    """What is thought of the lag of a round's rows.

    `behind` marks rows out of a backlog. The others are assets: those that have caught up, those
    whose lag has turned out to be standing, and those that stand behind no longer.
    """

    behind: Bools
    caught_up: list[int]
    standing: list[int]
    ended: list[int]


class Backlog:
    """Holds for each asset of a class whether its newest reading came late out of a backlog.

    `offset` is the lag that was found to be standing, 0 where none was.
    """

    def __init__(self, assets: int, limit: Span) -> None:
        self._limit = limit
        self.catching_up = np.zeros(assets, np.bool_)
        self.offset = np.zeros(assets, np.int64)
        self._ticks = np.zeros(assets, np.int64)
        self._least = np.zeros(assets, np.int64)
        self._stood = np.zeros(assets, np.int64)
        self._heard = np.zeros(assets, np.int64)
        self._any = False

    def update(self, asset: Rows, lag: Instants, at: Instant) -> Lagging:
        """Note one row per asset, `lag` old as it came in, journalled at `at`."""
        late = lag > self._limit
        if not self._any and not late.any():
            return Lagging(late, [], [], [])
        offset = self.offset[asset]
        now = np.where(late, np.minimum(offset, lag), 0)
        over = late & (lag - now > self._limit)
        standing = self._stands(asset, lag, at, over)
        now = np.where(standing, lag, now)
        behind: Bools = over & ~standing
        caught_up = asset[self.catching_up[asset] & ~behind]
        self.catching_up[asset] = behind
        self.offset[asset] = now
        self._ticks[asset] = 0
        self._note()
        begun, ended = (offset == 0) & (now > 0), (offset > 0) & (now == 0)
        return Lagging(behind, caught_up.tolist(), asset[begun].tolist(), asset[ended].tolist())

    def _stands(self, asset: Rows, lag: Instants, at: Instant, over: Bools) -> Bools:
        """Tell which lags beyond the limit have not shrunk for too long."""
        least = self._least[asset]
        shrunk = (least == 0) | (lag <= least - np.minimum(least // SHRINKS, MINUTE))
        step = np.clip(at - self._heard[asset], 0, LONGEST_STEP)
        stood = np.where(over & ~shrunk, self._stood[asset] + step, 0)
        standing: Bools = over & (stood >= STANDING)
        goes_on = over & ~standing
        self._stood[asset] = np.where(goes_on, stood, 0)
        self._least[asset] = np.where(goes_on, np.where(shrunk, lag, least), 0)
        self._heard[asset] = np.where(goes_on, at, 0)
        return standing

    @property
    def stands(self) -> bool:
        """Whether anything is behind, or was until just now."""
        return self._any

    def tick(self) -> list[int]:
        """Let a tick pass; returns the assets whose backlog has run dry."""
        if not self.catching_up.any():
            return []
        self._ticks[self.catching_up] += 1
        ended = self.catching_up & (self._ticks >= QUIET_TICKS)
        self.catching_up &= ~ended
        return [int(number) for number in np.flatnonzero(ended)]

    def state(self) -> State:
        """Return what a restart needs."""
        kept = (
            self.catching_up, self._ticks, self.offset, self._least, self._stood, self._heard,
        )  # fmt: skip
        return dict(zip(_KEPT, kept, strict=True))

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.catching_up = state["catching_up"].astype(np.bool_)
        self._ticks = state["ticks"].astype(np.int64)
        self.offset = state["offset"].astype(np.int64)
        self._least = state["least"].astype(np.int64)
        self._stood = state["stood"].astype(np.int64)
        self._heard = state["heard"].astype(np.int64)
        self._note()

    def _note(self) -> None:
        self._any = bool((self._least | self.offset | self.catching_up).any())
