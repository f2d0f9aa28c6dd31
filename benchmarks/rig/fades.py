"""Fades: simulated signals on their way from healthy (0) to their end (1), with their true end.

They wander, flutter and recover as batteries and bearings do; settings are chosen on even seeds and
told on odd ones, so that no recorded unit's future is needed to choose any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats

KINDS = ("linear", "slowing", "hastening", "exponential", "late", "knee")
SHARES = (0.4, 0.5, 0.6, 0.7)
"""At which shares of its life a fade is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Fade:
    """One simulated unit: `way[n]` reading by reading, first at its end at index `end`."""

    kind: str
    way: Floats
    end: int

    def until(self, share: float) -> Floats:
        """Return what was seen of it by a share of its life."""
        return self.way[: int(share * self.end)]


def fade(kind: str, seed: int) -> Fade:
    """Make one fade that ends; the same for the same seed."""
    rng = np.random.default_rng((KINDS.index(kind), seed))
    while True:
        life = float(np.exp(rng.normal(np.log(130), 0.4)))
        way = _path(kind, _used(int(3 * life), life, rng), rng)
        way = way + _unrest(way, life, rng)
        ended = np.flatnonzero(way >= 1)
        if len(ended) and ended[0] >= 40:
            return Fade(kind, way, int(ended[0]))


def _used(rows: int, life: float, rng: np.random.Generator) -> Floats:
    """Make the use until each reading, in lives: it is now heavier, now lighter, for long times."""
    keeps, spread = np.exp(-1 / (rng.uniform(0.1, 0.4) * life)), rng.uniform(0.0, 0.5)
    heavy, steps = np.zeros(rows), rng.normal(0, 1, rows)
    heavy[0] = steps[0]
    for n in range(1, rows):
        heavy[n] = keeps * heavy[n - 1] + np.sqrt(1 - keeps**2) * steps[n]
    used: Floats = np.cumsum(np.exp(spread * heavy - spread**2 / 2)) / life
    return used


def _path(kind: str, time: Floats, rng: np.random.Generator) -> Floats:
    """Make the path by itself; time is use, in shares of the life that it would have."""
    if kind == "linear":
        return time
    if kind == "slowing":
        slower: Floats = time ** rng.uniform(0.55, 0.9)
        return slower
    if kind == "hastening":
        faster: Floats = time ** rng.uniform(1.2, 2.5)
        return faster
    if kind == "exponential":
        rate = rng.uniform(1.0, 4.0)
        grown: Floats = np.expm1(rate * time) / np.expm1(rate)
        return grown
    if kind == "late":
        onset = rng.uniform(0.1, 0.35)
        late: Floats = (np.maximum(time - onset, 0) / (1 - onset)) ** rng.uniform(1.0, 1.6)
        return late
    knee, ratio = rng.uniform(0.2, 0.6), rng.uniform(0.5, 2.0)
    bent = np.minimum(time, knee) + ratio * np.maximum(time - knee, 0)
    found: Floats = bent / (knee + ratio * (1 - knee))
    return found


def _unrest(path: Floats, life: float, rng: np.random.Generator) -> Floats:
    """Make wander on the clock of the path, noise, and recoveries, of which a part may last."""
    steps = np.maximum(np.diff(path, prepend=path[0]), 0.0)
    wander = np.cumsum(rng.normal(0, 1, len(path)) * np.sqrt(steps)) * rng.uniform(0.0, 0.06)
    noise = rng.normal(0, float(np.exp(rng.uniform(np.log(0.003), np.log(0.03)))), len(path))
    rate, size = rng.uniform(0, 8) / life, rng.uniform(0.03, 0.2)
    back, fades = np.zeros(len(path)), np.exp(-1 / rng.uniform(2.0, 12.0))
    kept, lasts = 0.0, rng.uniform(0.0, 0.6)
    for n in range(1, len(path)):
        back[n] = kept + fades * (back[n - 1] - kept)
        if rng.random() < rate:
            gained = rng.exponential(size)
            back[n] += gained
            kept += lasts * gained
    unrest: Floats = wander + noise - back
    return unrest
