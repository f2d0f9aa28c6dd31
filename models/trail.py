"""Trail: the thinned past of one signal per asset, in a fixed number of mean values.

The means get coarser as the past grows: when the places are used up, neighbours are joined, until
together they reach back for the wanted window. From then on the oldest go.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.readings import Floats, Instants
from models.detector import State
from models.kernel import kernel

PLACES = 64
"""How many means are kept; even."""

_FIRST = 4

NEVER = -(2**63)
"""Stands where nothing was taken yet."""


class Trail:
    """Means of a signal over stretches of readings, for every asset."""

    def __init__(self, assets: int, window: Span) -> None:
        self._window = window
        self._kept = _blank(assets)

    def add(self, asset: NDArray[np.intp], at: Instants, values: Floats) -> None:
        """Take values in order of time; where time has stepped back, begin anew."""
        add_all(asset, at, values, self._window, Kept(*self._kept.values()))

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


class Kept(NamedTuple):
    """What is kept, first axis the asset."""

    at: Instants
    mean: Floats
    used: Instants
    each: Instants
    latest: Instants
    began: Instants
    ages: Floats
    total: Floats
    number: Instants


@kernel
def add_all(asset: NDArray[np.intp], at: Instants, values: Floats, window: int, kept: Kept) -> None:
    """Add values one after another; assets may repeat."""
    for i in range(len(asset)):
        a = asset[i]
        if at[i] <= kept.latest[a]:
            _forget(a, kept)
        if kept.number[a] == 0:
            kept.began[a] = at[i]
        kept.latest[a] = at[i]
        kept.total[a] += values[i]
        kept.ages[a] += float(at[i] - kept.began[a])
        kept.number[a] += 1
        if kept.number[a] >= kept.each[a]:
            _close(a, window, kept)


@kernel
def _forget(a: int, kept: Kept) -> None:
    kept.at[a] = 0
    kept.mean[a] = 0.0
    kept.used[a], kept.each[a], kept.latest[a] = 0, _FIRST, NEVER
    kept.began[a], kept.number[a] = 0, 0
    kept.ages[a], kept.total[a] = 0.0, 0.0


@kernel
def _close(a: int, window: int, kept: Kept) -> None:
    if kept.used[a] == PLACES:
        _make_room(a, window, kept)
    place, count = kept.used[a], kept.number[a]
    kept.at[a, place] = kept.began[a] + int(np.rint(kept.ages[a] / count))
    kept.mean[a, place] = kept.total[a] / count
    kept.used[a] = place + 1
    kept.total[a], kept.ages[a], kept.number[a] = 0.0, 0.0, 0


@kernel
def _make_room(a: int, window: int, kept: Kept) -> None:
    at, mean = kept.at[a], kept.mean[a]
    if at[PLACES - 1] - at[0] >= window:
        for j in range(PLACES - 1):
            at[j], mean[j] = at[j + 1], mean[j + 1]
        kept.used[a] = PLACES - 1
        return
    half = PLACES // 2
    for j in range(half):
        at[j] = at[2 * j] + (at[2 * j + 1] - at[2 * j]) // 2
        mean[j] = (mean[2 * j] + mean[2 * j + 1]) / 2
    kept.used[a] = half
    kept.each[a] *= 2


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
