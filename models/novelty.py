"""Novelty: how far a value is from all that was ever seen, and how rare such a distance is.

What was seen is kept as sorted points, no two of them nearer than the values scatter, so that a
lifetime fits into a few kilobytes. A value's distance to the nearest point is taken in units of the
scatter, and its logarithm is held against the largest that were met before, beyond which it is
taken to fall off exponentially (peaks over threshold: J. Pickands, Statistical inference using
extreme order statistics, Annals of Statistics 3, 1975).
"""

from __future__ import annotations

from math import exp, inf, log, log10

import numpy as np

from core.readings import Floats
from models.kernel import kernel

PLACES = 256
"""How many points are kept."""

RECORDS = 40
"""How many of the largest distances are kept: the tail starts at the least of them."""

APART = 0.05
"""How far from all others a point must lie to be kept, in units of the scatter."""

NEAR = 0.1
"""Distances well below this share of the scatter are all alike."""

FAINTEST = 0.05
"""The least decay length that is believed, in units of the logarithm of a distance."""

SHARE = 0.02
"""The tail is at most this share of what was seen."""

FEWEST = 3
"""Of so many records a tail can be made."""

EARLIEST = 15
"""After so many distances the tail says something."""

RAREST = 12.0
"""Nothing is said to be rarer than one in ten to this power."""


@kernel
def rank(points: Floats, held: int, value: float) -> int:
    """Count the sorted points that lie below a value."""
    low, high = 0, held
    while low < high:
        middle = (low + high) // 2
        if points[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def nearest(points: Floats, held: int, value: float) -> float:
    """Tell how far a value is from the nearest of the sorted points; infinite where none is."""
    above = rank(points, held, value)
    distance = inf
    if above < held:
        distance = points[above] - value
    if above > 0:
        distance = min(distance, value - points[above - 1])
    return distance


@kernel
def place(points: Floats, held: int, value: float, apart: float) -> int:
    """Keep a value that lies `apart` from all points; returns how many are held now.

    Where no place is left, the point whose neighbours are nearest to each other goes, never the
    lowest or the highest.
    """
    if held > 0 and not nearest(points, held, value) > apart:
        return held
    if held == len(points):
        held = _thin(points, held)
    at = rank(points, held, value)
    for j in range(held, at, -1):
        points[j] = points[j - 1]
    points[at] = value
    return held + 1


@kernel
def _thin(points: Floats, held: int) -> int:
    least, gone = inf, 1
    for j in range(1, held - 1):
        width = points[j + 1] - points[j - 1]
        if width < least:
            least, gone = width, j
    for j in range(gone, held - 1):
        points[j] = points[j + 1]
    return held - 1


@kernel
def strangeness(distance: float, scatter: float) -> float:
    """Bring a distance to a scale on which its tail falls off evenly."""
    if scatter > 0.0:
        return min(log(distance / scatter + NEAR), 100.0)
    return log(NEAR) if distance == 0.0 else 0.0


@kernel
def tail(records: Floats, entered: int, seen: int) -> tuple[float, float, int, float]:
    """Describe the tail: its start, its decay length, from how many records, -log10 of its share.

    The start is infinite where too little was seen.
    """
    count = min(entered, max(FEWEST, int(SHARE * seen) + 1))
    if seen < EARLIEST or count < FEWEST:
        return inf, FAINTEST, 0, 0.0
    start = records[count - 1]
    above = 0.0
    for j in range(count - 1):
        above += records[j] - start
    return start, max(above / (count - 1), FAINTEST), count - 1, log10(seen / count)


@kernel
def rarity(records: Floats, entered: int, seen: int, strange: float) -> float:
    """Tell how rare a strangeness is, as -log10 of its probability; 0 below the tail.

    What few records say of the decay is unsure, so the tail is that of the predictive distribution.
    """
    start, decay, count, share = tail(records, entered, seen)
    if not strange > start:
        return 0.0
    return min(share + (count + 1) * log10(1.0 + (strange - start) / decay / count), RAREST)


@kernel
def reach(records: Floats, entered: int, seen: int, rare: float, scatter: float) -> float:
    """Tell at what distance a value would be so rare; NaN where nothing can be said."""
    start, decay, count, share = tail(records, entered, seen)
    if start == inf:
        return np.nan
    beyond = 10.0 ** (max(rare - share, 0.0) / (count + 1)) - 1.0
    return scatter * max(exp(min(start + decay * count * beyond, 100.0)) - NEAR, 0.0)


@kernel
def enter(records: Floats, entered: int, strange: float) -> int:
    """Keep a strangeness where it is among the largest; returns how many are kept now."""
    if entered == len(records):
        if strange <= records[entered - 1]:
            return entered
        entered -= 1
    at = entered
    while at > 0 and records[at - 1] < strange:
        records[at] = records[at - 1]
        at -= 1
    records[at] = strange
    return entered + 1
