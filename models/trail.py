"""Trail: the thinned past of one signal per asset, in a fixed number of mean values.

The means get coarser as the past grows: when the places are used up, neighbours are joined, until
together they reach back for the wanted window. From then on the oldest go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.readings import Floats, Instants
from models.detector import State

PLACES = 64
"""How many means are kept; even."""

_FIRST = 4

NEVER = np.iinfo(np.int64).min
"""Stands where nothing was taken yet."""


class Trail:
    """Means of a signal over stretches of readings, for every asset."""

    def __init__(self, assets: int, window: Span) -> None:
        self._window = window
        self._kept = _blank(assets)

    def add(self, asset: NDArray[np.intp], at: Instants, values: Floats) -> None:
        """Take one value of each of some assets; where time has stepped back, begin anew."""
        kept = self._kept
        for back in asset[at <= kept["latest"][asset]]:
            self.forget(int(back))
        kept["began"][asset] = np.where(kept["count"][asset] == 0, at, kept["began"][asset])
        kept["latest"][asset] = at
        kept["sum"][asset] += values
        kept["ages"][asset] += (at - kept["began"][asset]).astype(np.float64)
        kept["count"][asset] += 1
        for full in asset[kept["count"][asset] >= kept["each"][asset]]:
            self._close(int(full))

    def points(self, asset: int) -> tuple[Instants, Floats]:
        """Return when and what the means of an asset were, oldest first."""
        used = int(self._kept["used"][asset])
        return self._kept["at"][asset, :used].copy(), self._kept["mean"][asset, :used].copy()

    def forget(self, asset: int) -> None:
        """Drop the past of one asset."""
        for name, row in _blank(1).items():
            self._kept[name][asset] = row[0]

    def state(self) -> State:
        """Return everything kept."""
        return {f"trail_{name}": kept.copy() for name, kept in self._kept.items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._kept = {
            name: state[f"trail_{name}"].astype(kept.dtype) for name, kept in self._kept.items()
        }

    def _close(self, asset: int) -> None:
        kept = self._kept
        if kept["used"][asset] == PLACES:
            self._make_room(asset)
        place, count = int(kept["used"][asset]), int(kept["count"][asset])
        kept["at"][asset, place] = kept["began"][asset] + round(kept["ages"][asset] / count)
        kept["mean"][asset, place] = kept["sum"][asset] / count
        kept["used"][asset] = place + 1
        for name in ("sum", "ages", "count"):
            kept[name][asset] = 0

    def _make_room(self, asset: int) -> None:
        at, mean = self._kept["at"][asset], self._kept["mean"][asset]
        if at[-1] - at[0] >= self._window:
            at[:-1], mean[:-1] = at[1:].copy(), mean[1:].copy()
            self._kept["used"][asset] = PLACES - 1
            return
        half = PLACES // 2
        at[:half] = at[0::2] + (at[1::2] - at[0::2]) // 2
        mean[:half] = (mean[0::2] + mean[1::2]) / 2
        self._kept["used"][asset] = half
        self._kept["each"][asset] *= 2


def _blank(assets: int) -> dict[str, NDArray[Any]]:
    return {
        "at": np.zeros((assets, PLACES), np.int64),
        "mean": np.zeros((assets, PLACES)),
        "used": np.zeros(assets, np.int64),
        "each": np.full(assets, _FIRST, np.int64),
        "latest": np.full(assets, NEVER, np.int64),
        "began": np.zeros(assets, np.int64),
        "ages": np.zeros(assets),
        "sum": np.zeros(assets),
        "count": np.zeros(assets, np.int64),
    }
