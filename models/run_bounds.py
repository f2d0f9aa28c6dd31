"""Bounds of what past runs were like: beyond them a model has seen nothing, whatever channels say.

Where rows of units begin, how far apart they are, how long channels stand still, how old units grow
and how far apart the ends of their lives lie.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

import numpy as np

from core.readings import Bools, Floats
from models.conformal import quantile
from models.run_spread import Spread
from models.run_table import Numbers, RunTable, spacing

SHORTEST = 5
"""How many rows a unit needs; by so many rows its first one may be late or early, too."""

FEW = 0.05
"""This share of the units learned from, those that begin last or first, may be odd..."""

BEYOND = 0.5
"""...where they lie beyond the others by more than this share of how far those do apart."""

UNEVEN = 1.5
"""How many times as far apart, or as near, rows may be as those that were learned from."""

RARELY = 0.01
"""Rows as far apart, or as near, as in no more than this share of those learned from are odd."""

LONGER = 2.0
"""A channel may stand still for so many times as long as it ever did."""

STILL = 10
"""A channel that shows the same for fewer rows than this may do so by chance."""

SAME = 1e-9
"""Values that differ by no more than this share are the same; means of equal ones do."""

QUIET = 5
"""A channel may say nothing for so many rows."""

ELDER = 1.5
"""Of so many times the age of the oldest unit ever seen nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What is still believed, in the table's own unit of time.

    A unit's rows begin between `earliest` and `latest` and are `nearest` to `farthest` apart
    (0 where no unit had two rows), no unit is older than `oldest` and no interval wider than
    `widest`. Channel k shows the same for no more than `still[k]` rows, and says nothing for no
    more than `quiet[k]`, or `QUIET` where that was not learned.
    """

    earliest: float
    latest: float
    nearest: float
    farthest: float
    oldest: float
    widest: float
    still: Floats
    quiet: Floats | None = None

    def early(self, runs: RunTable) -> Bools:
        """Tell the rows of units that begin before any that was learned from."""
        return self._first(runs) < self.earliest

    def late(self, runs: RunTable) -> Bools:
        """Tell the rows of units whose beginning was not seen."""
        return self._first(runs) > self.latest

    def scattered(self, runs: RunTable) -> Bools:
        """Tell where most rows of a unit, up to each, are farther apart than those learned from."""
        step = _steps(runs)
        return _mostly(runs, step > self.farthest, step > 0) & (self.farthest > 0)

    def crowded(self, runs: RunTable) -> Bools:
        """Tell where most of them are closer."""
        step = _steps(runs)
        return _mostly(runs, step < self.nearest, step >= 0)

    def frozen(self, runs: RunTable, values: Floats) -> Bools:
        """Tell which channels `[row, k]` stand still for longer than they ever did."""
        return standing(runs, values) > self.still

    def too_old(self, runs: RunTable) -> Bools:
        """Tell the rows of units far older than any that was learned from."""
        found: Bools = runs.time > self.oldest
        return found

    @staticmethod
    def _first(runs: RunTable) -> Floats:
        found: Floats = runs.time[runs.edges[:-1]][runs.unit]
        return found


def learn(runs: RunTable, values: Floats, channels: Floats, spread: Spread) -> Bounds:
    """Learn from training runs, `values` of their channels and the spread of the life left.

    `channels` are the values in deviations from what is usual, without those that are not believed.
    """
    first = np.sort(runs.time[runs.edges[:-1]])
    odd, slack = int(FEW * len(first)), SHORTEST * spacing(runs)
    room = BEYOND * (first[-1 - odd] - first[odd])
    low = float(max(first[0], first[odd] - room))
    high = float(min(first[-1], first[-1 - odd] + room))
    paces = _paces(runs)
    near, far = np.quantile(paces, [RARELY, 1 - RARELY]).tolist() if len(paces) else (0.0, 0.0)
    ends = [quantile(spread.left, spread.weight, level) for level in (0.05, 0.95)]
    eldest = float(runs.length.max())
    longest = standing(runs, values).max(axis=0, initial=0)
    often = np.quantile(silent(runs, channels), 1 - RARELY, axis=0)
    return Bounds(
        earliest=max(low - slack, 0.0) if low >= 0 else low - slack,
        latest=high + slack,
        nearest=near / UNEVEN,
        farthest=far * UNEVEN,
        oldest=max(ELDER * eldest, eldest),
        widest=ends[1] - ends[0],
        still=np.maximum(LONGER * longest, STILL - 1.0),
        quiet=np.maximum(LONGER * often, QUIET),
    )


def standing(runs: RunTable, values: Floats) -> Numbers:
    """Count for how many rows, up to each, a channel `[row, k]` has shown the same; gaps aside."""
    found = np.zeros(values.shape, np.int64)
    for rows in runs.parts():
        mine = values[rows]
        good = np.isfinite(mine)
        place = np.maximum.accumulate(np.where(good, np.arange(len(mine))[:, None], -1), axis=0)
        before = np.full_like(place, -1)
        before[1:] = place[:-1]
        last = np.take_along_axis(mine, np.maximum(before, 0), axis=0)
        with np.errstate(invalid="ignore"):
            same = (before >= 0) & (np.abs(mine - last) <= SAME * np.abs(mine))
        count = np.cumsum(good, axis=0)
        begun = np.maximum.accumulate(np.where(good & ~same, count, 0), axis=0)
        found[rows] = np.where(count > 0, count - begun + 1, 0)
    return found


def silent(runs: RunTable, channels: Floats) -> Numbers:
    """Count for how many rows, up to each, a channel `[row, k]` has said nothing."""
    row = np.arange(len(channels))[:, None]
    heard = np.maximum.accumulate(np.where(np.isfinite(channels), row, -1), axis=0)
    found: Numbers = row - np.maximum(heard, runs.edges[:-1][runs.unit][:, None] - 1)
    return found


def _steps(runs: RunTable) -> Floats:
    """Time since the row before of the same unit; NaN at the first one."""
    step = np.full(len(runs.time), np.nan)
    step[1:] = np.where(np.diff(runs.unit) == 0, np.diff(runs.time), np.nan)
    return step


def _mostly(runs: RunTable, odd: Bools, counted: Bools) -> Bools:
    """Tell in which rows more than half of what was counted so far in their unit is odd."""
    first = runs.edges[:-1][runs.unit]
    row = np.arange(len(odd))
    some, every = (
        np.cumsum(np.concatenate([[0], each]))[row + 1]
        - np.concatenate([[0], np.cumsum(each)])[first]
        for each in (odd & counted, counted)
    )
    found: Bools = 2 * some > every
    return found


def _paces(runs: RunTable) -> Floats:
    """Time between rows of a unit, as the middle one of those up to each row that is judged."""
    found: list[float] = []
    step = _steps(runs)
    for rows in runs.parts():
        sorted_: list[float] = []
        for place, one in enumerate(step[rows].tolist()):
            if one >= 0:
                insort(sorted_, one)
            if sorted_ and place + 1 >= SHORTEST:
                found.append(sorted_[len(sorted_) // 2])
    return np.array(found)
