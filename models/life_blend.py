"""One answer from several sources of remaining life, weighed by how well each did where it counts.

The weights are those that would have given the least pinball loss on held-out units, drawn towards
equal ones while few are known. What sources say is averaged point by point of their distributions,
in the logarithm of time (K. C. Lichtendahl, Y. Grushka-Cockayne, R. L. Winkler: Is it better to
average probabilities or quantiles?, Management Science 59, 2013). How wide the answer must be
follows from the same units. A unit that has not failed counts as far as it is known: by what was
said to end before it did not (after A. Avati et al.: Countdown regression, UAI 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.life import LEVELS, CannotSay, Outlook, Remaining
from core.readings import Bools, Floats

FEWEST = 4
"""How many units must have failed before anything is said."""

USEFUL = 3.0
"""How many times as wide as the spread of all that was left of known lives an answer may be."""

SHRINK = 2.0
"""How many failed units equal weights, and normal residuals, are worth."""

STEP = 0.1
MOST = 6.0
"""How many halves of an interval points are moved at most."""

_SMALLEST = 1e-3
_EARLY, _MIDDLE, _LATE = (LEVELS.index(level) for level in (0.05, 0.5, 0.95))
_AT = np.array(LEVELS)


@dataclass(frozen=True, slots=True)
class LifeBlend:
    """Weights of sources by name, over how many failed units, and how answers are corrected.

    `moved` says where the points at `LEVELS` come to lie: 0 is the middle of what was said, -1 its
    5 % and 1 its 95 % point, in the logarithm of time. `usual` is the spread of what was left at
    all moments of known lives.
    """

    weights: Mapping[str, float]
    failures: int
    moved: tuple[float, ...]
    usual: float

    def say(self, sources: Mapping[str, Outlook]) -> tuple[Outlook, str]:
        """Give one answer and its basis; sources that cannot say lend their weight to the rest.

        Where none can, the reason of the weightiest stands.
        """
        speak = {
            name: said
            for name, said in sources.items()
            if isinstance(said, Remaining) and self.weights.get(name, 0.0) > 0
        }
        silent = {name: said for name, said in sources.items() if isinstance(said, CannotSay)}
        if not speak:
            return self._silence(silent), _basis({}, silent, self.failures)
        total = sum(self.weights[name] for name in speak)
        share = {name: self.weights[name] / total for name in speak}
        courses = {name: logs(course_of(said)) for name, said in speak.items()}
        log = sum((share[name] * courses[name] for name in speak), np.zeros(len(LEVELS)))
        points = np.exp(_moved(log, self.moved))
        basis = _basis(share, silent, self.failures)
        if points[_LATE] - points[_EARLY] > USEFUL * self.usual:
            words = "what is known spans too wide a time to be of use"
            return CannotSay("too_wide", words), basis
        means = [said.mean for said in speak.values()]
        mean = None
        if all(one is not None for one in means):
            mean = float(sum(share[n] * float(speak[n].mean or 0.0) for n in speak))
        course = tuple(points.tolist())
        return Remaining(course[_EARLY], course[_MIDDLE], course[_LATE], mean, course), basis

    def _silence(self, silent: Mapping[str, CannotSay]) -> CannotSay:
        if not silent:
            return CannotSay("too_few_failures", "no source of remaining life is known")
        return silent[max(silent, key=lambda name: self.weights.get(name, 0.0))]


def learn_blend(
    held: Mapping[str, Floats], time: Floats, ended: Bools, unit: NDArray[np.int64]
) -> LifeBlend | CannotSay:
    """Weigh sources by what they said of units that they had not learned from.

    `held[name][row, level]` is the remaining life at `LEVELS`, a row of NaN where a source could
    not say; `time[row]` is what was left in truth, or how much longer the unit was seen where it
    has not `ended`; `unit[row]` tells the units apart, of which each has one vote.
    """
    failures = len(np.unique(unit[ended]))
    if failures < FEWEST:
        words = f"{failures} of {FEWEST} failures that are needed have been seen"
        return CannotSay("too_few_failures", words)
    names = tuple(held)
    said = np.stack([logs(held[name]) for name in names])
    left, votes = logs(time), votes_of(unit)
    weights = _weights(said, left, ended, votes, failures)
    pooled = _pooled(said, weights)
    known = ended & np.isfinite(pooled[:, _MIDDLE])
    moved = _places(pooled[known], left[known], unit[known])
    low, high = (_share(time[ended], votes[ended], level) for level in (0.05, 0.95))
    told = dict(zip(names, weights.tolist(), strict=True))
    return LifeBlend(told, failures, moved, high - low)


def course_of(left: Remaining) -> Floats:
    """Give the remaining life at all `LEVELS`; the outer ones log-normally where only three are."""
    if left.course:
        return np.array(left.course)
    low, middle, high = (math.log(max(p, _SMALLEST)) for p in (left.p05, left.p50, left.p95))
    z = np.array([-2.326, -1.645, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.645, 2.326]) / 1.645
    found: Floats = np.exp(middle + np.where(z < 0, z * (middle - low), z * (high - middle)))
    return found


def logs(hours: Floats) -> Floats:
    """Take the logarithm of times, which may be 0."""
    found: Floats = np.log(np.maximum(hours, _SMALLEST))
    return found


def votes_of(unit: NDArray[np.int64]) -> Floats:
    """Weigh rows so that each unit has one vote; they sum to 1."""
    _, of, count = np.unique(unit, return_inverse=True, return_counts=True)
    found: Floats = 1.0 / count[of] / len(count)
    return found


def pinball(log: Floats, left: Floats, ended: Bools) -> Floats:
    """Tell the mean pinball loss of each row, `log[row, level]` against `left[row]`, both logs.

    (R. Koenker, G. Bassett: Regression quantiles, Econometrica 46, 1978.) What was said to end
    after a unit was last seen costs nothing. NaN where nothing was said.
    """
    off = left[:, None] - log
    late = np.where(ended[:, None], (_AT - 1) * off, 0.0)
    found: Floats = np.where(off >= 0, _AT * off, late).mean(axis=1)
    return found


def _moved(log: Floats, moved: tuple[float, ...]) -> Floats:
    """Move the points of a distribution to their places between and beyond its halves."""
    middle, to = log[_MIDDLE], np.array(moved)
    half = np.where(to < 0, middle - log[_EARLY], log[_LATE] - middle)
    found: Floats = middle + to * half
    return found


def _share(values: Floats, votes: Floats, level: float) -> float:
    """Tell below which value a share of the votes lies."""
    order = np.argsort(values)
    reached = np.cumsum(votes[order]) / votes.sum()
    place = min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)
    return float(values[order[place]])


def _weights(said: Floats, left: Floats, ended: Bools, votes: Floats, failures: int) -> Floats:
    count = len(said)
    if count == 1:
        return np.ones(1)
    best, found = math.inf, np.full(count, 1 / count)
    scale = None
    for weights in _simplex(count):
        loss = pinball(_pooled(said, weights), left, ended)
        known = np.isfinite(loss)
        if not known.any():
            continue
        mean = float(np.average(loss[known], weights=votes[known]))
        scale = mean if scale is None else scale
        pull = SHRINK / failures * scale * float(((weights - 1 / count) ** 2).sum())
        if mean + pull < best:
            best, found = mean + pull, weights
    return found


def _simplex(count: int) -> list[Floats]:
    """List weights that sum to 1; none is 0, so that each can speak where others cannot."""
    steps = round(1 / STEP)
    parts = [one for one in product(range(steps + 1), repeat=count) if sum(one) == steps]
    return [(np.array(one) + 0.05) / (steps + 0.05 * count) for one in parts]


def _pooled(said: Floats, weights: Floats) -> Floats:
    """Average `said[source, row, level]` over the sources that speak."""
    speak = np.isfinite(said[:, :, _MIDDLE])
    share = np.where(speak, weights[:, None], 0.0)
    total = share.sum(axis=0)
    summed = np.einsum("sr,srl->rl", share, np.where(speak[:, :, None], said, 0.0))
    found: Floats = np.where(total[:, None] > 0, summed / np.maximum(total, 1e-12)[:, None], np.nan)
    return found


def _places(log: Floats, left: Floats, unit: NDArray[np.int64]) -> tuple[float, ...]:
    """Tell where points must lie to hold on units to come, from where the truth lay on those seen.

    Quantiles of residuals in halves of the interval, each unit one vote, the outer ones as for one
    more unit (conformal prediction: A. Angelopoulos, S. Bates, 2021), drawn a little towards those
    of a normal distribution, and farther out by the factor of Student's distribution where units
    are few (W. S. Gosset, Biometrika 6, 1908). Late points are never drawn in: where work comes
    before failures, lives that were seen to fail are the shorter ones.
    """
    from scipy.stats import norm, t

    usual = norm.ppf(_AT) / norm.ppf(0.95)
    if not len(left):
        return tuple(usual.tolist())
    votes, units = votes_of(unit), len(np.unique(unit))
    off, middle = left - log[:, _MIDDLE], log[:, _MIDDLE]
    half = np.where(off < 0, middle - log[:, _EARLY], log[:, _LATE] - middle)
    part = off / np.maximum(half, 1e-9)
    outer = 0.5 + (_AT - 0.5) * (1 + 1 / units)
    seen = np.array([_share(part, votes, float(np.clip(one, 0.0, 1.0))) for one in outer])
    drawn = (units * seen + SHRINK * usual) / (units + SHRINK)
    few = float(t.ppf(0.95, units)) / float(norm.ppf(0.95)) * math.sqrt(1 + 1 / units)
    drawn = np.where(_AT > 0.5, np.maximum(drawn, usual), drawn)
    places = np.clip(drawn[_MIDDLE] + few * (drawn - drawn[_MIDDLE]), -MOST, MOST)
    return tuple(np.maximum.accumulate(places).tolist())


def _basis(share: Mapping[str, float], silent: Mapping[str, CannotSay], failures: int) -> str:
    """Say which sources were used, how much, and why others were not."""
    ordered = sorted(share.items(), key=lambda one: -one[1])
    used = ", ".join(f"{name} {100 * part:.0f} %" for name, part in ordered)
    not_used = "; ".join(f"{name}: {said.words}" for name, said in silent.items())
    said = f"{used or 'no source'}, weighed on {failures} failures"
    return f"{said}; not used: {not_used}" if not_used else said
