"""Backlogs: which assets are being caught up with, and when that has ended."""

from __future__ import annotations

import numpy as np

from core.readings import Bools
from models.detector import State
from service.watermark import Rows

QUIET_TICKS = 2
"""So many ticks without a reading of the backlog end it."""


class Backlog:
    """Holds for each asset of a class whether its newest reading came late out of a backlog."""

    def __init__(self, assets: int) -> None:
        self.catching_up = np.zeros(assets, np.bool_)
        self._ticks = np.zeros(assets, np.int64)
        self._any = False

    def update(self, asset: Rows, behind: Bools) -> list[int]:
        """Note one row per asset; returns the assets that have caught up."""
        if not self._any and not behind.any():
            return []
        ended = [int(number) for number in asset[self.catching_up[asset] & ~behind]]
        self.catching_up[asset] = behind
        self._ticks[asset] = 0
        self._any = bool(self.catching_up.any())
        return ended

    def tick(self) -> list[int]:
        """Let a tick pass; returns the assets whose backlog has run dry."""
        if not self._any:
            return []
        self._ticks[self.catching_up] += 1
        ended = self.catching_up & (self._ticks >= QUIET_TICKS)
        self.catching_up &= ~ended
        self._any = bool(self.catching_up.any())
        return [int(number) for number in np.flatnonzero(ended)]

    def state(self) -> State:
        """Return what a restart needs."""
        return {"catching_up": self.catching_up, "ticks": self._ticks}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.catching_up = state["catching_up"].astype(np.bool_)
        self._ticks = state["ticks"].astype(np.int64)
        self._any = bool(self.catching_up.any())
