"""The course of a recording, thinned while it is read, so that a long one can be drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats, Instants
from models.recording import Judged, Standing

SLICES = 500
"""Into how many slices the rows of an asset are thinned."""

MOST_ASSETS, MOST_CHANNELS = 50, 100
"""So many assets are followed, the first, and so many channels of each."""


@dataclass(slots=True, eq=False)
class Curve:
    """One asset's course: for each slice its time, the range of each channel, the highest score.

    `low[s, k]` to `high[s, k]` is what channel k said, `least` to `most` what was expected of it
    last; NaN where nothing is known. `learning[s]` and `alarm[s]` tell of any row in it. `blame[k]`
    sums over rows beyond the line.
    """

    rows: int
    at: Instants
    low: Floats
    high: Floats
    least: Floats
    most: Floats
    score: Floats
    alarm: NDArray[np.bool_]
    learning: NDArray[np.bool_]
    blame: Floats


class Curves:
    """Gathers the curves of a recording's assets."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)[:MOST_CHANNELS]
        self.assets: dict[str, Curve] = {}

    def expect(self, rows: Counter[str]) -> None:
        """Make room, knowing how many rows each asset will have."""
        for name, count in list(rows.items())[:MOST_ASSETS]:
            self.assets[name] = _blank(count, len(self.names))

    def add(self, asset: str, first: int, at: Instants, judged: Judged, values: Floats) -> None:
        """Take rows of one asset, of which the first is its row number `first`."""
        curve = self.assets.get(asset)
        if curve is None or not len(at):
            return
        places = (first + np.arange(len(at))) * len(curve.at) // max(curve.rows, 1)
        places = np.minimum(places, len(curve.at) - 1)
        edges = np.flatnonzero(np.diff(places, prepend=-1))
        into, width = places[edges], len(self.names)
        curve.at[into] = np.where(curve.at[into] == 0, at[edges], curve.at[into])
        said = values[:, :width]
        curve.low[into] = np.fmin(curve.low[into], np.fmin.reduceat(said, edges, axis=0))
        curve.high[into] = np.fmax(curve.high[into], np.fmax.reduceat(said, edges, axis=0))
        worst = np.fmax.reduceat(judged.value, edges)
        curve.score[into] = np.fmax(curve.score[into], worst)
        curve.alarm[into] |= np.logical_or.reduceat(judged.alarm, edges)
        early = judged.state == Standing.LEARNING
        curve.learning[into] |= np.logical_or.reduceat(early, edges)
        ends = np.append(edges[1:], len(at)) - 1
        curve.least[into], curve.most[into] = judged.low[ends, :width], judged.high[ends, :width]
        curve.blame += judged.blame[judged.alarm, :width].sum(axis=0)


def _blank(rows: int, width: int) -> Curve:
    count = max(1, min(SLICES, rows))
    unknown = np.full((count, width), np.nan)
    return Curve(
        rows,
        np.zeros(count, np.int64),
        unknown.copy(),
        unknown.copy(),
        unknown.copy(),
        unknown.copy(),
        np.full(count, np.nan),
        np.zeros(count, np.bool_),
        np.zeros(count, np.bool_),
        np.zeros(width),
    )
