"""Doubt about a unit: when nothing should be said of its life, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.run_features import smoothed
from models.run_table import Numbers, RunTable

SPAN = 5
"""Channels are looked at as means over so many rows, so that one wild value is no doubt."""

FARTHER = 1.5
"""How many times as far from what is usual as any row that was learned from is still believed."""

RIDGE = 0.05
"""Of the variance of channels; keeps the distance finite where two say the same."""

HEALTHY = 0.7
"""At this health and above a unit shows no wear to speak of."""

OLDER = 1.1
"""A unit without wear at so many times the age of the oldest ever seen so is none that we know."""

MISSING = 0.5
"""A unit of whose channels more than this share is silent is not judged."""

SHORTEST = 5
"""How many rows a unit needs."""

RECENT = 5
"""A regime is new where it was unknown in most of so many rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """What was seen while learning: the middle of smoothed channels, and what lies within `far`.

    `inverse` is that of their covariance; `oldest` the age of the oldest unit still healthy.
    """

    middle: Floats
    inverse: Floats
    far: float
    oldest: float

    def reasons(
        self, runs: RunTable, channels: Floats, known: Bools, health: Floats
    ) -> NDArray[np.object_]:
        """Say of each row why nothing is said of it; an empty text where something is."""
        found = np.full(len(runs.time), "", dtype=object)
        place = np.arange(len(runs.time)) - runs.edges[runs.unit]
        silent = ~np.isfinite(smoothed(runs, channels, SPAN))
        found[(health >= HEALTHY) & (runs.time > OLDER * self.oldest)] = "not_falling"
        found[_distance(runs, channels, self.middle, self.inverse) > self.far] = (
            "sensors_distrusted"
        )
        found[silent.mean(axis=1) > MISSING] = "channel_missing"
        found[_strange(known, place)] = "new_regime"
        found[place + 1 < SHORTEST] = "too_short"
        return found


def learn(runs: RunTable, channels: Floats, health: Floats) -> Doubt:
    """Learn from training runs; `health` of each row, by trees that were not fitted to its unit."""
    smooth = np.nan_to_num(smoothed(runs, channels, SPAN))
    middle = smooth.mean(axis=0)
    away = smooth - middle
    around = away.T @ away / len(away)
    inverse: Floats = np.linalg.inv(
        around + RIDGE * np.diag(np.diag(around)) + 1e-9 * np.eye(len(middle))
    )
    seen = np.arange(len(runs.time)) - runs.edges[runs.unit] + 1 >= SHORTEST
    farthest = float(_distance(runs, channels, middle, inverse)[seen].max(initial=0.0))
    well = health >= HEALTHY
    oldest = float(runs.time[well].max(initial=0.0))
    return Doubt(middle, inverse, FARTHER * farthest, oldest)


def _distance(runs: RunTable, channels: Floats, middle: Floats, inverse: Floats) -> Floats:
    """Tell how far smoothed channels are from the middle (Mahalanobis); silent ones lie in it."""
    smooth = smoothed(runs, channels, SPAN)
    away = np.where(np.isfinite(smooth), smooth - middle, 0.0)
    squared = np.einsum("ni,ij,nj->n", away, inverse, away)
    found: Floats = np.sqrt(np.maximum(squared, 0.0))
    return found


def _strange(known: Bools, place: Numbers) -> Bools:
    """Tell in which rows the regime has been unknown for most of the last rows of the unit."""
    total = np.cumsum(np.concatenate([[0], ~known]))
    row = np.arange(len(known))
    begin = row - np.minimum(place, RECENT - 1)
    share = (total[row + 1] - total[begin]) / (row + 1 - begin)
    found: Bools = share > 0.5
    return found
