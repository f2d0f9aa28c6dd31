"""First passage: when a drifting signal reaches its threshold, as a distribution.

The signal is taken as a Wiener process with drift, after its clock was bent so that exponential
wear becomes straight (G. A. Whitmore, F. Schenkelberg: Modelling accelerated degradation data
using Wiener diffusion with a time scale transformation, Lifetime Data Analysis 3, 1997). Several
bends are tried; each counts by how well it fits. The time to the threshold is then inverse
Gaussian, widened by what is not known of the drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import Remaining
from core.readings import Floats

BENDS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)
"""By how many e-folds the pace of wear may have grown over the window; 0 is a straight line."""

_NODES = np.array([-1.4652, -0.7916, -0.3661, 0.0, 0.3661, 0.7916, 1.4652])
"""The middles of seven equally likely parts of a normal distribution."""

_TIMES = 240

_ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806,
    0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Path:
    """One straight fit under one bend of the clock.

    `level` is where the signal stands now, `drift` its pace per unit of bent time and `unsure`
    the standard error of that, `diffusion` the variance per unit, `weight` how far to believe it.
    """

    bend: float
    span: float
    level: float
    drift: float
    unsure: float
    diffusion: float
    weight: float


def paths(hours: Floats, values: Floats, now: float) -> list[Path]:
    """Fit every bend to a thinned past; `hours` and `now` count from anywhere."""
    span = float(hours[-1] - hours[0])
    fits = [_fit(bend, span, hours, values, now) for bend in BENDS]
    misfits = np.array([misfit for _, misfit in fits])
    believed = (misfits / misfits.min()) ** (-len(hours) / 4)
    believed = believed / believed.sum()
    return [
        Path(path.bend, path.span, path.level, path.drift, path.unsure, path.diffusion, weight)
        for (path, _), weight in zip(fits, believed.tolist(), strict=True)
    ]


def remaining(found: list[Path], end: float, horizon: float) -> Remaining | None:
    """Mix the passages of all paths; None where the 95 % point lies beyond `horizon` hours."""
    times = np.geomspace(horizon * 1e-6, horizon, _TIMES)
    passed = np.zeros(_TIMES)
    for path in found:
        if path.weight > 1e-4:
            passed += path.weight * _passed(path, end, times)
    if passed[-1] < 0.95:
        return None
    points = np.interp([0.05, 0.5, 0.95], np.maximum.accumulate(passed), times)
    return Remaining(*points.tolist())


def falling(found: list[Path]) -> float:
    """Tell by how many standard errors the drift goes towards larger values."""
    return sum(path.weight * path.drift / path.unsure for path in found)


def _fit(bend: float, span: float, hours: Floats, values: Floats, now: float) -> tuple[Path, float]:
    """Fit a straight line in bent time, which runs at the pace of hours now."""
    bent = _bent(hours - now, bend, span)
    centre, mean = bent.mean(), values.mean()
    spread = float(np.sum((bent - centre) ** 2))
    drift = float(np.sum((bent - centre) * (values - mean))) / spread
    left = values - mean - drift * (bent - centre)
    misfit = float(np.sum(left**2)) + 1e-12 * (1 + float(np.sum(values**2)))
    steps, moves = np.diff(bent), np.diff(left)
    jitter = max(-float(np.mean(moves[1:] * moves[:-1])), 0.0) if len(moves) > 1 else 0.0
    wandering = max(float(np.sum(moves**2)) - 2 * jitter * len(moves), 0.0)
    diffusion = wandering / float(steps.sum()) + 1e-9 * misfit / span
    unsure = np.sqrt(misfit / (len(hours) - 2) / spread + 1.2 * diffusion / float(steps.sum()))
    level = mean - drift * float(centre)
    return Path(bend, span, float(level), drift, float(unsure), diffusion, 0.0), misfit


def _bent(hours: Floats, bend: float, span: float) -> Floats:
    """Bend time counted from now: exponential wear goes straight in it."""
    if bend == 0:
        return hours
    pace = bend / span
    bent: Floats = np.expm1(np.minimum(pace * hours, 50.0)) / pace
    return bent


def _passed(path: Path, end: float, times: Floats) -> Floats:
    """Tell with what probability the threshold is passed by each time from now."""
    away = end - path.level
    if away <= 0:
        return np.ones(len(times))
    bent = _bent(times, path.bend, path.span)[:, None]
    drift = path.drift + path.unsure * _NODES[None, :]
    moving = drift > 0
    pace = np.where(moving, drift, 1.0)
    width = np.sqrt(path.diffusion * bent)
    near = np.exp(_log_below((pace * bent - away) / width))
    beyond = 2 * pace * away / path.diffusion + _log_below(-(pace * bent + away) / width)
    chance = near + np.exp(np.minimum(beyond, 0.0))
    by_node: Floats = np.where(moving, np.minimum(chance, 1.0), 0.0)
    passed: Floats = by_node.mean(axis=1)
    return passed


def _log_below(z: Floats) -> Floats:
    """Logarithm of the normal distribution function, sound far into the tail.

    Chebyshev fit of erfc: W. H. Press et al., Numerical Recipes, 3rd ed., 6.2.2.
    """
    x = np.abs(z) / np.sqrt(2)
    t = 1 / (1 + x / 2)
    poly = np.zeros_like(t)
    for factor in reversed(_ERFC):
        poly = poly * t + factor
    tail = np.log(t) - x**2 + poly - np.log(2)
    below: Floats = np.where(z < 0, tail, np.log1p(-np.exp(tail)))
    return below
