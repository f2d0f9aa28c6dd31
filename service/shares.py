"""Shares: how much of its age a repair left a part, in one failure mode, where it left some."""

from __future__ import annotations

import numpy as np

from core.clock import Instant
from models.detector import State
from service.rules import NEVER


class Shares:
    """Keeps what repairs of each asset left of the age of its part, by the time of the work."""

    def __init__(self, assets: int) -> None:
        self._at = np.full((assets, 1), NEVER, np.int64)
        self._left = np.zeros((assets, 1))

    def note(self, asset: int, at: Instant, left: float) -> None:
        """Note what work at `at` left, 0 to 1; a later verdict on the same work counts."""
        place = np.flatnonzero((self._at[asset] == at) | (self._left[asset] == 0))
        if not len(place):
            empty = np.full((len(self._at), 1), NEVER, np.int64)
            self._at = np.concatenate([self._at, empty], axis=1)
            self._left = np.concatenate([self._left, np.zeros(empty.shape)], axis=1)
            place = np.array([self._at.shape[1] - 1])
        same = np.flatnonzero(self._at[asset] == at)
        chosen = int(same[0]) if len(same) else int(place[0])
        self._at[asset, chosen], self._left[asset, chosen] = at, left

    def of(self, asset: int, at: Instant) -> float:
        """Return what work at `at` left; 0 where nothing is known of it."""
        return float(self._left[asset][self._at[asset] == at].sum())

    def state(self) -> State:
        """Return what a restart needs."""
        return {"at": self._at.copy(), "left": self._left.copy()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._at = state["at"].astype(np.int64)
        self._left = state["left"].astype(np.float64)
