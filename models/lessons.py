"""Lessons: the rows of healthy running that assets are still learning from, kept until used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant, Span
from core.readings import Floats
from models.detector import State


class Lessons:
    """A growing buffer per asset, let go as soon as the asset has learned."""

    def __init__(self, assets: int, channels: int) -> None:
        self._channels = channels
        self._rows: dict[int, Floats] = {}
        self.count = np.zeros(assets, np.int64)
        self._began = np.zeros(assets, np.int64)
        self._ended = np.zeros(assets, np.int64)

    def add(self, asset: int, at: Instant, values: Floats) -> None:
        """Keep one row."""
        number = int(self.count[asset])
        rows = self._rows.get(asset)
        if rows is None or number == len(rows):
            grown = np.full((max(64, 2 * number), self._channels), np.nan)
            if rows is not None:
                grown[:number] = rows
            self._rows[asset] = rows = grown
        rows[number] = values
        if number == 0:
            self._began[asset] = at
        self._ended[asset] = at
        self.count[asset] = number + 1

    def due(self, asset: int, at: Instant, every: Span) -> bool:
        """Tell whether so much time is over since the last row of an asset."""
        return int(self.count[asset]) == 0 or at >= int(self._ended[asset]) + every

    def began(self, asset: int) -> Instant:
        """Tell when the first kept row was measured."""
        return int(self._began[asset])

    def span(self, asset: int) -> Span:
        """Tell how long the kept rows stretch."""
        return int(self._ended[asset] - self._began[asset])

    def spans(self) -> NDArray[np.int64]:
        """Tell for every asset how long its kept rows stretch."""
        stretch: NDArray[np.int64] = self._ended - self._began
        return stretch

    def rows(self, asset: int) -> Floats:
        """Return the rows kept for an asset, oldest first."""
        found = self._rows.get(asset)
        return np.empty((0, self._channels)) if found is None else found[: self.count[asset]]

    def drop(self, asset: int) -> None:
        """Let go of the rows of an asset."""
        self._rows.pop(asset, None)
        self.count[asset] = self._began[asset] = self._ended[asset] = 0

    def state(self) -> State:
        """Return what is kept, as arrays as long as the longest buffer."""
        longest = int(self.count.max(initial=0))
        rows = np.full((len(self.count), longest, self._channels), np.nan)
        for asset, kept in self._rows.items():
            rows[asset, : self.count[asset]] = kept[: self.count[asset]]
        return {
            "lessons": rows,
            "lessons_count": self.count.copy(),
            "lessons_began": self._began.copy(),
            "lessons_ended": self._ended.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self.count = state["lessons_count"].astype(np.int64)
        self._began = state["lessons_began"].astype(np.int64)
        self._ended = state["lessons_ended"].astype(np.int64)
        rows: NDArray[np.float64] = state["lessons"].astype(np.float64)
        self._rows = {
            int(asset): rows[asset, : self.count[asset]].copy()
            for asset in np.flatnonzero(self.count)
        }
