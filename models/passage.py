"""First passage: when a drifting signal reaches its threshold, as a distribution.

The signal is taken as a Wiener process with drift, after its clock was bent so that exponential
wear becomes straight (G. A. Whitmore, F. Schenkelberg: Modelling accelerated degradation data
using Wiener diffusion with a time scale transformation, Lifetime Data Analysis 3, 1997). Several
bends are tried on several lengths of the past; each counts by how well it fits. The time to the
threshold is then inverse Gaussian, widened by what is not known of the drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.life import Remaining
from core.readings import Floats
from models.kernel import kernel

BENDS = np.arange(0.0, 12.5)
"""By how many e-folds the pace of wear may have grown over the past; 0 is a straight line."""

PASTS = (1, 2, 4)
"""Fits look at the whole past, its later half and its last quarter, and count alike."""

FEWEST = 8
"""How many points a fit needs."""

TRUST = 0.1
"""How fast belief in a fit falls with its misfit: below 0.5, since neighbours are alike."""

UNLIKELY = 1e-3
"""Below which weight a fit is left out."""

_NODES = np.array([-1.4652, -0.7916, -0.3661, 0.0, 0.3661, 0.7916, 1.4652])
"""The middles of seven equally likely parts of a normal distribution."""

_LEVELS = np.array([0.05, 0.5, 0.95])

NEAREST = 1e-6
"""An end is not looked for nearer than this share of the horizon."""

HALVINGS = 10
"""So often the way between is halved, in its logarithm: to a hundredth, straight within that."""

FARTHEST = 9.0
"""Beyond so many deviations the normal distribution counts as 1."""

_ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806,
    0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Straight fits, each to one past under one bend of the clock; all arrays are as long.

    `pace` is the bend per hour, `level` where the signal stands at the last point, `drift` how
    fast it moves per hour of bent time and `unsure` the standard error of that, `diffusion` the
    variance per such hour, `weight` how far to believe a fit, `past` which of the pasts it saw.
    """

    pace: Floats
    level: Floats
    drift: Floats
    unsure: Floats
    diffusion: Floats
    weight: Floats
    past: Floats

    def likely(self) -> Paths:
        """Leave out the fits that hardly count."""
        keep = self.weight > UNLIKELY
        return Paths(*(getattr(self, name)[keep] for name in self.__slots__))


def paths(hours: Floats, values: Floats) -> Paths:
    """Fit every bend to every past of `values[n]` at `hours[n]`, which rise."""
    parts = [part for part in PASTS if part == 1 or len(hours) // part >= FEWEST]
    fits = [_fits(hours, values, part, 1 / len(parts)) for part in parts]
    joined = {
        name: np.concatenate([getattr(fit, name) for fit in fits]) for name in Paths.__slots__
    }
    return Paths(**joined)


def remaining(found: Paths, end: float, horizon: float) -> Remaining | None:
    """Mix the passages of all paths, in hours from the last point.

    None where the 95 % point lies beyond `horizon` hours.
    """
    likely = found.likely()
    away = np.maximum(end - likely.level, 0.0)
    share = likely.weight / likely.weight.sum()
    points = np.empty(len(_LEVELS))
    mixed = share, likely.pace, away, likely.drift, likely.unsure, likely.diffusion, _NODES
    if not _find(_LEVELS, horizon, *mixed, points):
        return None
    early, middle, late = points.tolist()
    return Remaining(early, middle, late)


def rising(found: Paths) -> float:
    """Tell by how many standard errors the signal rises, in the past where that is surest."""
    sure = found.weight * found.drift / found.unsure
    pasts = [found.past == part for part in np.unique(found.past)]
    return max(float(sure[past].sum() / found.weight[past].sum()) for past in pasts)


def _fits(hours: Floats, values: Floats, part: int, share: float) -> Paths:
    """Fit straight lines in bent time, which runs at the pace of hours at the last point."""
    count = len(hours) // part
    back, said = hours[-count:] - hours[-1], values[-count:]
    pace = BENDS / part / -back[0]
    bent = _bent(back, pace)
    off = bent - bent.mean(axis=1, keepdims=True)
    spread = np.einsum("bn,bn->b", off, off)
    drift = np.einsum("bn,n->b", off, said - said.mean()) / spread
    left = said - said.mean() - drift[:, None] * off
    misfit = np.einsum("bn,bn->b", left, left) + 1e-12 * (1 + float(np.sum(said**2)))
    moves, length = np.diff(left, axis=1), -bent[:, 0]
    jitter = np.maximum(-np.mean(moves[:, 1:] * moves[:, :-1], axis=1), 0.0)
    wandering = np.einsum("bn,bn->b", moves, moves) - 2 * jitter * moves.shape[1]
    diffusion = np.maximum(wandering, 0.0) / length + 1e-9 * misfit / -back[0]
    unsure = np.sqrt(misfit / (count - 2) / spread + 1.2 * diffusion / length)
    level = said.mean() - drift * bent.mean(axis=1)
    weight = (misfit / misfit.min()) ** (-count * TRUST)
    weight = share * weight / weight.sum()
    return Paths(pace, level, drift, unsure, diffusion, weight, np.full(len(pace), float(part)))


def _bent(hours: Floats, pace: Floats) -> Floats:
    """Bend hours counted from the last point, `[b, n]`: exponential wear goes straight in it."""
    straight = pace[:, None] == 0
    bend = np.where(straight, 1.0, pace[:, None])
    return np.where(straight, hours, np.expm1(np.minimum(bend * hours, 50.0)) / bend)


@kernel
def _find(
    levels: Floats,
    horizon: float,
    share: Floats,
    pace: Floats,
    away: Floats,
    drift: Floats,
    unsure: Floats,
    diffusion: Floats,
    nodes: Floats,
    points: Floats,
) -> bool:
    """Find when the threshold is passed with each probability; tells whether by the horizon."""
    last = _passed(horizon, share, pace, away, drift, unsure, diffusion, nodes)
    if last < levels[-1]:
        return False
    near, before = horizon * NEAREST, 0.0
    for k in range(len(levels)):
        low, high, below, above = near, horizon, before, last
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high)
            passed = _passed(middle, share, pace, away, drift, unsure, diffusion, nodes)
            if passed < levels[k]:
                low, below = middle, passed
            else:
                high, above = middle, passed
        part = (levels[k] - below) / (above - below) if above > below else 1.0
        points[k] = low + min(max(part, 0.0), 1.0) * (high - low)
        near, before = low, below
    return True


@kernel
def _passed(
    time: float,
    share: Floats,
    pace: Floats,
    away: Floats,
    drift: Floats,
    unsure: Floats,
    diffusion: Floats,
    nodes: Floats,
) -> float:
    """Tell with what probability the threshold is passed by a time from the last point."""
    passed = 0.0
    for b in range(len(share)):
        if away[b] <= 0:
            passed += share[b]
            continue
        bent = time if pace[b] == 0 else math.expm1(min(pace[b] * time, 50.0)) / pace[b]
        spread = max(diffusion[b], 1e-300)
        width = max(math.sqrt(spread * bent), 1e-150)
        for k in range(len(nodes)):
            speed = drift[b] + unsure[b] * nodes[k]
            if speed <= 0:
                continue
            chance = math.exp(_log_below((speed * bent - away[b]) / width))
            beyond = 2 * speed * away[b] / spread + _log_below(-(speed * bent + away[b]) / width)
            passed += share[b] * min(chance + math.exp(min(beyond, 0.0)), 1.0) / len(nodes)
    return passed


@kernel
def _log_below(z: float) -> float:
    """Logarithm of the normal distribution function, sound far into the tail.

    Chebyshev fit of erfc: W. H. Press et al., Numerical Recipes, 3rd ed., 6.2.2.
    """
    if z > FARTHEST:
        return 0.0
    x = abs(z) / math.sqrt(2.0)
    t = 1 / (1 + x / 2)
    poly = 0.0
    for k in range(len(_ERFC)):
        poly = poly * t + _ERFC[len(_ERFC) - 1 - k]
    tail = math.log(t) - x * x + poly - math.log(2.0)
    return tail if z < 0 else math.log1p(-math.exp(tail))
