"""Aspects: the ways in which one reading of a channel can be new, and what they are measured by.

The value itself; its distance from the same time of earlier days; how rough the last readings were;
and how far the short mean has left the long one. Each is looked up among all that was seen of it
(`models/novelty.py`); the rarities of the four, as logarithms, are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats
from models import season
from models.kernel import kernel
from models.novelty import (
    APART,
    PLACES,
    RECORDS,
    enter,
    nearest,
    place,
    rarity,
    strangeness,
)

ASPECTS = 4
"""The value, its distance from the season, roughness, and the shift of level."""

ROUGH, SLOW = 2, 12
"""How many times longer than the short mean those of roughness and of the slow level are."""

BEFORE = 8
"""So many values must be known before a distance says anything."""

HUGE = 1e150
"""What is larger is taken as this large."""

SETTLING = 100
"""At most so many rows, and two thirds of the warm-up, only fill the memory: against nothing,
everything is strange."""

LAST, SHORT, LONG, ROUGHNESS = 0, 1, 2, 3

Counts = NDArray[np.int64]


class Memory(NamedTuple):
    """What is kept of all channels of all assets; the first axes are the asset and the channel.

    Per aspect: `points`, what was seen, and `records`, the strangest of it; how many of these are
    `held` and `entered`; how many values were `seen`, and `ranked` by strangeness; their mean
    `centre` and mean absolute deviation `scatter`. `trail`: last value, short mean, long mean,
    roughness. `rows`: readings learned from. `base`, `folds`, `opened`: the season. `said`: the
    rarity that was found last.
    """

    points: Floats
    records: Floats
    held: Counts
    entered: Counts
    seen: Counts
    ranked: Counts
    centre: Floats
    scatter: Floats
    trail: Floats
    rows: Counts
    base: Floats
    folds: season.Folds
    opened: Floats
    said: Floats


def blank(assets: int, channels: int) -> Memory:
    """Make the memory of channels of which nothing was seen."""
    shape = (assets, channels)
    aspects = (*shape, ASPECTS)
    opened = np.zeros((*shape, season.OPEN))
    opened[..., 0] = -1.0
    return Memory(
        points=np.zeros((*aspects, PLACES)),
        records=np.zeros((*aspects, RECORDS)),
        held=np.zeros(aspects, np.int64),
        entered=np.zeros(aspects, np.int64),
        seen=np.zeros(aspects, np.int64),
        ranked=np.zeros(aspects, np.int64),
        centre=np.zeros(aspects),
        scatter=np.zeros(aspects),
        trail=np.zeros((*shape, 4)),
        rows=np.zeros(shape, np.int64),
        base=np.zeros((*shape, season.SLOTS)),
        folds=np.zeros((*shape, season.SLOTS), np.uint8),
        opened=opened,
        said=np.zeros(shape),
    )


@kernel
def moved(trail: Floats, rows: int, value: float, short: int) -> tuple[float, float, float, float]:
    """Work out the trail after a reading, the short mean over so many."""
    if rows == 0:
        return value, value, value, 0.0
    count = rows + 1
    quick = trail[SHORT] + (value - trail[SHORT]) / min(count, short)
    slow = trail[LONG] + (value - trail[LONG]) / min(count, SLOW * short)
    change = abs(value - trail[LAST]) - trail[ROUGHNESS]
    return value, quick, slow, trail[ROUGHNESS] + change / min(count, ROUGH * short)


@kernel
def counts(m: int, rows: int, short: int) -> bool:
    """Tell whether an aspect says something yet: a mean must have been many times a new one."""
    return rows >= (0, 0, 10 * ROUGH * short, SLOW * short)[m]


@kernel
def seen_as(
    value: float, expected: float, trail: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Measure a reading in all aspects; NaN where one has nothing to go by."""
    return value, value - expected, trail[3], trail[1] - trail[2]


@kernel
def strange(memory: Memory, a: int, k: int, m: int, measure: float) -> float:
    """Tell how strange a measure is; NaN where too little is known of it."""
    if np.isnan(measure) or memory.seen[a, k, m] < BEFORE:
        return np.nan
    distance = nearest(memory.points[a, k, m], memory.held[a, k, m], measure)
    return strangeness(distance, memory.scatter[a, k, m])


@kernel
def rare(memory: Memory, a: int, k: int, m: int, found: float) -> float:
    """Tell how rare it is to be so strange, as -log10 of a probability; 0 where it is NaN."""
    if np.isnan(found):
        return 0.0
    tail = memory.records[a, k, m]
    return rarity(tail, memory.entered[a, k, m], memory.ranked[a, k, m], found)


@kernel
def learn(memory: Memory, a: int, k: int, m: int, measure: float, found: float) -> None:
    """Add a measure to what was seen of its aspect, and how strange it was, but for NaN."""
    if np.isnan(measure):
        return
    if not np.isnan(found):
        memory.entered[a, k, m] = enter(memory.records[a, k, m], memory.entered[a, k, m], found)
        memory.ranked[a, k, m] += 1
    apart = APART * memory.scatter[a, k, m]
    points = memory.points[a, k, m]
    memory.held[a, k, m] = place(points, memory.held[a, k, m], measure, apart)
    memory.seen[a, k, m] += 1
    count = memory.seen[a, k, m]
    off = measure - memory.centre[a, k, m] if count > 1 else 0.0
    memory.scatter[a, k, m] += (abs(off) - memory.scatter[a, k, m]) / count
    memory.centre[a, k, m] += (measure - memory.centre[a, k, m]) / count
