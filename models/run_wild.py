"""Wild values: single values of a channel that leap off and are gone again, as no wear does.

Each is held against the median of the five before it, so that every row is judged by what was known
then; the first five of a unit against their own, since before them nothing is said of it (after
F. R. Hampel: The influence curve and its role in robust estimation, JASA 69, 1974). A level that
stays is believed from its fourth row on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.readings import Bools, Floats
from models.run_table import RunTable

BEFORE = 5
USUAL = 0.99
FARTHER = 6.0
"""A leap is wild from so many times as far on as `USUAL` of all leaps at most are."""

MANY = 0.1
"""Leaps of more than this share of the units..."""

FEWEST = 5
"""...and of so many..."""

LATE = 0.65
"""...that come, in the mean, after so much of their lives, tell of the end: alarms, or a surge."""

SAME = 1e-9
"""Where values that do not leap differ by no more, the leaps are all that a channel says."""

LEAST = 2.0
"""And from so many spreads of its channel on; less does no harm."""


def learn(runs: RunTable, channels: Floats) -> Floats:
    """Tell from how far on a leap of each channel is wild; `channels[row, k]` in deviations."""
    found = np.full(channels.shape[1], np.inf)
    leap = _leaps(runs, channels)
    for k in range(channels.shape[1]):
        known = leap[np.isfinite(leap[:, k]), k]
        if len(known):
            far = max(FARTHER * float(np.quantile(known, USUAL)), LEAST)
            odd = leap[:, k] > far
            rest = channels[~odd & np.isfinite(channels[:, k]), k]
            still = not len(rest) or np.ptp(rest) < SAME
            found[k] = np.inf if still or _telling(runs, odd) else far
    return found


def _telling(runs: RunTable, odd: Bools) -> bool:
    """Tell whether rows are odd in many units, and late in their lives."""
    units = np.unique(runs.unit[odd])
    if len(units) < max(FEWEST, MANY * len(runs.called)):
        return False
    place = (np.arange(len(odd)) - runs.edges[runs.unit] + 1) / np.diff(runs.edges)[runs.unit]
    return float(np.mean([place[odd & (runs.unit == unit)].mean() for unit in units])) > LATE


def wild(runs: RunTable, channels: Floats, far: Floats) -> Bools:
    """Tell which values `[row, k]` leap off farther than `far[k]`."""
    found: Bools = _leaps(runs, channels) > far
    return found


def without(runs: RunTable, odd: Bools, names: tuple[str, ...]) -> RunTable:
    """Blank values `odd[row, k]` of the channels `names`."""
    values = runs.values.copy()
    for k, name in enumerate(names):
        values[odd[:, k], runs.names.index(name)] = np.nan
    return replace(runs, values=values)


def _leaps(runs: RunTable, channels: Floats) -> Floats:
    """Tell how far each value is from the median of those before it."""
    first = runs.edges[:-1]
    place = np.arange(len(channels)) - first[runs.unit]
    size = np.diff(runs.edges)[runs.unit]
    around = np.full((BEFORE, *channels.shape), np.nan)
    for k in range(BEFORE):
        row = np.where(place < BEFORE, first[runs.unit] + k, np.arange(len(channels)) - 1 - k)
        there = (place >= BEFORE) | (k < size)
        around[k, there] = channels[row[there]]
    found: Floats = np.abs(channels - _median(around))
    return found


def _median(around: Floats) -> Floats:
    """Return the median along the first axis; what is missing is left out."""
    ordered = np.sort(around, axis=0)  # what is missing comes last
    count = np.isfinite(ordered).sum(axis=0)
    low, high = (np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(around) - 1))
    found: Floats = sum(np.take_along_axis(ordered, at[None], axis=0)[0] for at in (low, high)) / 2
    return found
