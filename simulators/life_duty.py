"""How the machines of a simulated fleet are used: hours, starts and load of each day, and the air.

Some run without a stop, some in two shifts, some by day; each at a load of its own, which wanders,
and which for some steps up or down once, as when another product is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats

SHIFTS = ((23.6, 23.6, 0.15), (15.5, 0.0, 1.6), (9.5, 0.0, 2.6))
"""Hours of a working day, of a Sunday, and starts of a working day: of three kinds of duty."""

_SHARES = (0.4, 0.35, 0.25)
_YEAR = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class Duty:
    """Of each machine and day: hours run, starts, load as a share of the rating, air in °C."""

    hours: Floats
    starts: Floats
    load: Floats
    air: Floats


def duty(machines: int, days: int, rng: np.random.Generator) -> Duty:
    """Draw the use of some machines, arrays `[machine, day]`."""
    kind = rng.choice(len(SHIFTS), machines, p=_SHARES)
    working, sunday, starts = (np.array(one)[kind][:, None] for one in zip(*SHIFTS, strict=True))
    day = np.arange(days)
    hours = np.where(day % 7 == 6, sunday, working) * rng.uniform(0.94, 1.0, (machines, days))
    hours[(kind == 2)[:, None] & (day % 7 == 5)] = 0.0
    weeks = rng.random((machines, days // 7 + 1)) < 0.02
    hours[np.repeat(weeks, 7, axis=1)[:, :days]] = 0.0
    begun = np.where(hours > 0, rng.poisson(np.broadcast_to(starts, hours.shape)), 0)
    return Duty(hours, begun.astype(np.float64), _load(machines, days, rng), _air(day, rng))


def _load(machines: int, days: int, rng: np.random.Generator) -> Floats:
    own = rng.uniform(0.55, 0.92, machines)[:, None]
    step = rng.choice([-0.2, 0.0, 0.0, 0.15], machines)[:, None]
    since = rng.integers(0, days, machines)[:, None]
    load = own + step * (np.arange(days) >= since) + lasting((machines, days), 0.9, rng) * 0.06
    found: Floats = np.clip(load, 0.3, 1.1)
    return found


def _air(day: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.Generator) -> Floats:
    season = 20 - 8 * np.cos(2 * np.pi * day / _YEAR)
    found: Floats = season + 2.5 * lasting((1, len(day)), 0.7, rng)[0]
    return found


def lasting(shape: tuple[int, ...], keeps: float, rng: np.random.Generator) -> Floats:
    """Draw numbers of unit deviation that last along axis 1: `keeps` is how each is like the next.

    A first-order autoregression.
    """
    fresh = rng.normal(size=shape) * np.sqrt(1 - keeps**2)
    fresh[:, 0] /= np.sqrt(1 - keeps**2)
    for at in range(1, shape[1]):
        fresh[:, at] += keeps * fresh[:, at - 1]
    found: Floats = fresh
    return found
