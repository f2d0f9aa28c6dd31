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
"""Beyond so many deviations the normal distribution counts as 0 or 1."""

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
    fits = np.empty((len(parts), len(BENDS), len(Paths.__slots__)))
    for part, fit in zip(parts, fits, strict=True):
        _fit(hours, values, part, 1 / len(parts), BENDS, fit)
    return Paths(*np.ascontiguousarray(fits.reshape(-1, fits.shape[2]).T))


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


@kernel
def _fit(
    hours: Floats, values: Floats, part: int, share: float, bends: Floats, fit: Floats
) -> None:
    """Fit a line under each bend to one past; what becomes a `Paths` goes to `fit[b]`, in order.

    Bent time runs at the pace of hours at the last point. Here `fit[b, 5]` is a misfit at first.
    Where all of the past is at one time there is no line: all is NaN, and counts nowhere.
    """
    count = len(hours) // part
    if hours[-count] == hours[-1]:
        fit[:, :6], fit[:, 6] = np.nan, part
        return
    back, said = np.empty(count), np.empty(count)
    first, mean, size = len(hours) - count, 0.0, 0.0
    for i in range(count):
        back[i], said[i] = hours[first + i] - hours[-1], values[first + i]
        mean += said[i] / count
        size += said[i] ** 2
    for i in range(count):
        said[i] -= mean
    bent, left, least = np.empty(count), np.empty(count), np.inf
    for b in range(len(bends)):
        pace = bends[b] / part / -back[0]
        _line(back, said, pace, size, bent, left, fit[b])
        fit[b, 0], fit[b, 6] = pace, part
        fit[b, 1] += mean
        least = min(least, fit[b, 5])
    total = 0.0
    for b in range(len(bends)):
        fit[b, 5] = (fit[b, 5] / least) ** (-count * TRUST)
        total += fit[b, 5]
    for b in range(len(bends)):
        fit[b, 5] *= share / total


@kernel
def _line(
    back: Floats,
    said: Floats,
    pace: float,
    size: float,
    bent: Floats,
    left: Floats,
    fit: Floats,
) -> None:
    """Fit a line under one bend: level, drift, how unsure it is, diffusion and misfit."""
    count, mean = len(back), 0.0
    for i in range(count):
        bent[i] = _bent(back[i], pace)
        mean += bent[i] / count
    spread, along = 0.0, 0.0
    for i in range(count):
        spread += (bent[i] - mean) ** 2
        along += (bent[i] - mean) * said[i]
    drift, misfit = along / spread, 1e-12 * (1 + size)
    for i in range(count):
        left[i] = said[i] - drift * (bent[i] - mean)
        misfit += left[i] ** 2
    wandering, turning, move = 0.0, 0.0, 0.0
    for i in range(1, count):
        before, move = move, left[i] - left[i - 1]
        wandering += move * move
        turning += move * before
    jitter = max(-turning / (count - 2), 0.0)
    wandering = max(wandering - 2 * jitter * (count - 1), 0.0)
    diffusion = wandering / -bent[0] + 1e-9 * misfit / -back[0]
    unsure = math.sqrt(misfit / (count - 2) / spread + 1.2 * diffusion / -bent[0])
    fit[1], fit[2], fit[3], fit[4], fit[5] = -drift * mean, drift, unsure, diffusion, misfit


@kernel
def _bent(hours: float, pace: float) -> float:
    """Bend hours counted from the last point: exponential wear goes straight in it."""
    return hours if pace == 0 else math.expm1(min(pace * hours, 50.0)) / pace


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
        bent = _bent(time, pace[b])
        width = max(math.sqrt(max(diffusion[b], 1e-300) * bent), 1e-150)
        for k in range(len(nodes)):
            speed = drift[b] + unsure[b] * nodes[k]
            if speed > 0:
                ahead, beyond = (speed * bent - away[b]) / width, (speed * bent + away[b]) / width
                passed += share[b] / len(nodes) * _inverse_gaussian(ahead, beyond)
    return passed


@kernel
def _inverse_gaussian(ahead: float, beyond: float) -> float:
    """Tell how likely it has come by a time, from how far its mean is past the threshold by then.

    `ahead` is that and `beyond` how far past its mirror image, in deviations. The image's weight
    e^(2 drift away / diffusion) is e^((beyond^2 - ahead^2) / 2): both terms fall off alike.
    """
    if abs(ahead) > FARTHEST:
        return 1.0 if ahead > 0 else 0.0
    fall = math.exp(-ahead * ahead / 2)
    below = fall * _tail(abs(ahead))
    return min((below if ahead < 0 else 1 - below) + fall * _tail(beyond), 1.0)


@kernel
def _tail(z: float) -> float:
    """Tell the normal distribution function at -z over e^(-z^2 / 2), for z >= 0.

    Chebyshev fit of erfc: W. H. Press et al., Numerical Recipes, 3rd ed., 6.2.2.
    """
    t = 1 / (1 + z / math.sqrt(8.0))
    poly = 0.0
    for k in range(len(_ERFC)):
        poly = poly * t + _ERFC[len(_ERFC) - 1 - k]
    return t * math.exp(poly) / 2
