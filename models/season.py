"""Season: what a channel reads at a time of day, and of the week where that tells clearly more.

The day is cut into bins; what a bin's readings averaged is folded into its baselines when the bin
is left, so that a day never is its own baseline. The first folds count alike, later ones by
exponential weights. The baseline of the weekday is taken where it has lately been clearly nearer
than that of all days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY
from core.readings import Floats
from models.kernel import kernel

BINS = 96
"""Bins of a day: a quarter of an hour each."""

SLOTS = 8 * BINS
"""One for each bin of any day, then those of the seven weekdays."""

DAYS, WEEKS = 14, 4
"""Over how many days, and weeks, a baseline is averaged."""

NEARER = 0.7
"""The weekday counts where its mean error is below this share of the day's."""

LATELY = 1000
"""Over how many readings errors are averaged."""

COMPARED = 3 * BINS
"""After how many readings that both could say something of they are compared."""

FARTHEST = 5.0
"""No reading counts for more than so many mean errors once a day's worth is known."""

OPEN = 6
"""Of the open bin: the slot of its weekday (negative: none), sum and count; then the two mean
errors and over how many readings they are."""

Folds = NDArray[np.uint8]
"""How often each slot was folded, up to as many as are averaged over."""

_SLOT, _SUM, _COUNT, _DAY, _WEEK, _BOTH = range(OPEN)


@kernel
def slot_of(at: int) -> int:
    """Tell the slot of the weekday and time of an instant."""
    return BINS + int(at // DAY % 7) * BINS + int(at % DAY * BINS // DAY)


@kernel
def expected(base: Floats, folds: Folds, opened: Floats, at: int) -> float:
    """Tell what the same time of earlier days or weeks read; NaN where none did."""
    slot = slot_of(at)
    number = slot % BINS
    if not folds[number] > 0:
        return np.nan
    nearer = opened[_WEEK] < NEARER * opened[_DAY] and opened[_BOTH] >= COMPARED
    return float(base[slot] if nearer and folds[slot] > 0 else base[number])


@kernel
def follow(base: Floats, folds: Folds, opened: Floats, at: int, value: float) -> None:
    """Take in a reading; where a new bin begins, the one that was open is folded."""
    slot, last = slot_of(at), int(opened[_SLOT])
    if slot != last:
        if last >= 0:
            mean = opened[_SUM] / opened[_COUNT]
            _fold(base, folds, last % BINS, mean, DAYS)
            _fold(base, folds, last, mean, WEEKS)
        opened[_SLOT], opened[_SUM], opened[_COUNT] = float(slot), 0.0, 0.0
    if folds[slot] > 0:
        opened[_BOTH] = min(opened[_BOTH] + 1.0, float(LATELY))
        _err(opened, _DAY, abs(value - base[slot % BINS]))
        _err(opened, _WEEK, abs(value - base[slot]))
    opened[_SUM] += value
    opened[_COUNT] += 1.0


@kernel
def _fold(base: Floats, folds: Folds, slot: int, mean: float, most: int) -> None:
    folds[slot] = min(folds[slot] + 1, most)
    base[slot] += (mean - base[slot]) / folds[slot]


@kernel
def _err(opened: Floats, which: int, error: float) -> None:
    if opened[_BOTH] > BINS and opened[which] > 0.0:
        error = min(error, FARTHEST * opened[which])
    opened[which] += (error - opened[which]) / opened[_BOTH]
