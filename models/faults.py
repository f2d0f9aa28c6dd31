"""Fault signatures: pure functions on arrays, for simulators and drills.

Each returns what a fault makes of a healthy course, or how severe it is; nothing is changed in
place.
"""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats


def drift(values: Floats, at_hours: Floats, onset: float, per_hour: float) -> Floats:
    """Let a value run away by `per_hour` from the hour `onset` on."""
    return values + per_hour * np.maximum(at_hours - onset, 0.0)


def wear(elapsed_fraction: Floats, growth: float = 4.0) -> Floats:
    """Turn the used-up share of a life into severity: 0 until it begins, 1 at failure.

    It grows exponentially, the faster the larger `growth`; beyond failure it goes on growing.
    """
    used = np.maximum(elapsed_fraction, 0.0)
    severity: Floats = np.expm1(growth * used) / np.expm1(growth)
    return severity


def dropout(values: Floats, mask: Bools) -> Floats:
    """Lose the readings that `mask` marks: NaN."""
    return np.where(mask, np.nan, values)


def step(values: Floats, mask: Bools, size: float) -> Floats:
    """Move the values that `mask` marks by `size`."""
    return np.where(mask, values + size, values)


def unrest(values: Floats, mask: Bools, size: float, seed: int) -> Floats:
    """Add white noise with a standard deviation of `size` to what `mask` marks."""
    noise = np.random.default_rng(seed).normal(0.0, size, len(values))
    return np.where(mask, values + noise, values)
