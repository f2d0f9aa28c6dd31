"""The acceleration of a rolling bearing as a sensor on its housing sees it, healthy or struck.

The model is the usual one (McFadden and Smith 1984; Randall and Antoni 2011): each pass over a
defect rings a resonance that dies out; the passes slip a little, so that their times wander.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from models.bearing import Bearing


@dataclass(frozen=True, slots=True)
class Housing:
    """What carries the bearing: its resonance in Hz, damping ratio, and levels in m/s2.

    `noise` is the standard deviation of what is always there, `unbalance` the amplitude of the
    shaft's own turn.
    """

    resonance: float = 3200.0
    damping: float = 0.03
    noise: float = 1.0
    unbalance: float = 2.0


def acceleration(
    bearing: Bearing,
    rpm: float,
    rate: float,
    count: int,
    rng: np.random.Generator,
    *,
    fault: str | None = None,
    strength: float = 8.0,
    slip: float = 0.01,
    housing: Housing | None = None,
) -> Floats:
    """Make `count` samples in m/s2 at `rate` Hz.

    `fault` is one of `models.bearing.FAULTS`; `strength` is the peak of its ringing in m/s2. Each
    interval between two strikes varies by the share `slip`. A defect that turns with the shaft,
    or with the cage, is loaded once a turn, and its strikes swell and fade.
    """
    housing = housing or Housing()
    at = np.arange(count) / rate
    shaft = rpm / 60
    made = rng.normal(0, housing.noise, count)
    made += housing.unbalance * np.sin(2 * np.pi * (shaft * at + rng.random()))
    if fault is not None:
        strikes = _strikes(bearing.frequencies(rpm)[fault], at[-1], slip, rng)
        load = _load(bearing, fault, shaft, strikes)
        made += strength * _ringing(at, strikes, load, housing)
    return made


def _strikes(frequency: float, lasts: float, slip: float, rng: np.random.Generator) -> Floats:
    """Time the strikes, from before the block's start so that it starts in the midst."""
    expected = int((lasts * frequency + 10) * 1.2)
    steps = (1 + slip * rng.normal(size=expected)) / frequency
    times = np.cumsum(steps) - (5 + rng.random()) / frequency
    found: Floats = times[times < lasts]
    return found


def _load(bearing: Bearing, fault: str, shaft: float, strikes: Floats) -> Floats:
    """Weigh each strike by where its defect is: only the outer race's stays in the loaded zone."""
    turns = {"bpfo": 0.0, "bpfi": shaft, "bsf": bearing.orders["ftf"] * shaft}.get(fault, 0.0)
    return 0.5 + 0.5 * np.cos(2 * np.pi * turns * strikes)


def _ringing(at: Floats, strikes: Floats, load: Floats, housing: Housing) -> Floats:
    made = np.zeros(len(at))
    turn = 2 * np.pi * housing.resonance
    lasts = 8 / (housing.damping * turn)
    for strike, weight in zip(strikes, load, strict=True):
        first, last = np.searchsorted(at, (strike, strike + lasts))
        since = at[first:last] - strike
        made[first:last] += weight * np.exp(-housing.damping * turn * since) * np.sin(turn * since)
    return made
