"""Fault signatures: pure functions on arrays, for simulators and drills.

Each takes a healthy course and returns what a fault would have made of it; nothing is changed in
place. Randomness enters only by a generator that is handed in.
"""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats


def step(values: Floats, onset_index: int, size: float) -> Floats:
    """Shift everything from `onset_index` on by `size`."""
    changed = values.astype(np.float64)
    changed[onset_index:] += size
    return changed


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


def ramp(values: Floats, elapsed_fraction: Floats, size: float, growth: float = 4.0) -> Floats:
    """Add wear that reaches `size` at failure."""
    return values + size * wear(elapsed_fraction, growth)


def oscillation(
    values: Floats, at_hours: Floats, onset: float, amplitude: float, period_hours: float
) -> Floats:
    """Add a sine from the hour `onset` on."""
    since = at_hours - onset
    wave = amplitude * np.sin(2 * np.pi * since / period_hours)
    return values + np.where(since >= 0, wave, 0.0)


def stuck(values: Floats, onset_index: int) -> Floats:
    """Hold the value of `onset_index` from there on."""
    held = values.astype(np.float64)
    if 0 <= onset_index < len(held):
        held[onset_index:] = held[onset_index]
    return held


def spike(values: Floats, indexes: Floats, size: float) -> Floats:
    """Add `size` to single readings."""
    changed = values.astype(np.float64)
    changed[indexes.astype(np.intp)] += size
    return changed


def noise(rng: np.random.Generator, values: Floats, sigma: float, onset_index: int = 0) -> Floats:
    """Add white noise of standard deviation `sigma` from `onset_index` on."""
    shaken = values.astype(np.float64)
    shaken[onset_index:] += rng.normal(0.0, sigma, len(shaken[onset_index:]))
    return shaken


def dropout(values: Floats, mask: Bools) -> Floats:
    """Lose the readings that `mask` marks: NaN."""
    return np.where(mask, np.nan, values)
