"""Season: what a channel reads at a time of day.

The day is cut into bins; what a bin's readings averaged is folded into its baseline when the bin is
left, so that a day never is its own baseline. The first days count alike, later ones by exponential
weights.
"""

from __future__ import annotations

import numpy as np

from core.clock import DAY
from core.readings import Floats
from models.kernel import kernel

BINS = 96
"""Bins of a day: a quarter of an hour each."""

DAYS = 14
"""Over how many days a baseline is averaged."""

OPEN = 3
"""What is kept of the bin that is open: its number (less than 0: none), the sum, the count."""


@kernel
def bin_of(at: int) -> int:
    """Tell the bin of the day of an instant."""
    return int((at % DAY) * BINS // DAY)


@kernel
def expected(base: Floats, folds: Floats, at: int) -> float:
    """Tell what the same time of earlier days read; NaN where none did."""
    number = bin_of(at)
    return base[number] if folds[number] > 0.0 else np.nan


@kernel
def follow(base: Floats, folds: Floats, opened: Floats, at: int, value: float) -> None:
    """Take in a reading; where a new bin begins, the one that was open is folded."""
    number = bin_of(at)
    last = int(opened[0])
    if number != last:
        if last >= 0:
            folds[last] = min(folds[last] + 1.0, float(DAYS))
            base[last] += (opened[1] / opened[2] - base[last]) / folds[last]
        opened[0], opened[1], opened[2] = float(number), 0.0, 0.0
    opened[1] += value
    opened[2] += 1.0
