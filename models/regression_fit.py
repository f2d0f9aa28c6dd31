"""Regression fit: how each condition channel follows the operating ones, and its fellows.

Least squares with a ridge, responses pulled in by Huber's rule (P. J. Huber, Robust Statistics,
1981, section 7.8). Bent and crossed terms, and the other condition channels, are taken per channel
only where they tell stretches of time better that were kept out of the fit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.baseline import (
    BENT,
    CLIP,
    DEPENDENCE,
    FARTHEST,
    RIDGE,
    WANDER,
    dependence,
    features,
    filled,
    fit,
    smooth,
)
from models.baseline import wander as wander_of
from models.student import widening

HUBER = 1.345
"""Beyond how many deviations a residual counts no more than that."""

FOLDS = 4
"""Into how many stretches of time the lessons are cut to compare models."""

GAIN = 0.95
"""More terms are taken where they bring the mean error below this part of what it was."""

CROSSED = 6
"""Up to so many operating channels, their products are tried."""

FAR = 4.0
"""Beyond how many deviations a fellow channel is taken to be no farther."""

CONFIDENCE = 2.5
"""At how many standard deviations the little that was seen is made up for."""

_ROUNDS = 8


class Fitted(NamedTuple):
    """What is learned of one asset: t terms, k channels, o operating channels.

    Channels are standardised as `(x - centre) / spread`. `plain[t, k]` tells a channel by operating
    channels alone, `weights[t + k, k]` by all; `noise` and `room` are the variances of single and
    of smoothed residuals, all doubt added; `lean` is the doubt per unit of leverage, `precision`
    gives that; `hidden` the variance of what `plain` does not tell. `smoothed` and `apart` are the
    smoothed residuals of both at the end.
    """

    judged: Bools
    centre: Floats
    spread: Floats
    op_centre: Floats
    op_spread: Floats
    plain: Floats
    weights: Floats
    precision: Floats
    lean: Floats
    noise: Floats
    room: Floats
    hidden: Floats
    smoothed: Floats
    apart: Floats


def terms(number: int) -> int:
    """Tell how many terms so many operating channels make."""
    crossed = number * (number - 1) // 2 if number <= CROSSED else 0
    return 1 + 3 * number + crossed


def learn(
    values: Floats,
    op: NDArray[np.intp],
    candidates: Bools,
    rate: float,
    *,
    fellows: bool,
    sure: Any,
) -> Fitted:
    """Learn from rows `values[n, k]` of one asset."""
    base = fit(values, values[:, op], candidates, rate, sure)
    standard = (filled(values) - base.centre) / base.spread
    design = expanded((filled(values[:, op]) - base.op_centre) / base.op_spread)
    width, few = values.shape[1], 1 + 2 * len(op)
    others = np.clip(np.where(base.judged, standard, 0.0), -FAR, FAR)
    plain = np.zeros((design.shape[1], width))
    weights = np.zeros((design.shape[1] + width, width))
    left, bare = np.zeros_like(standard), np.zeros_like(standard)
    for k in np.flatnonzero(base.judged):
        response = standard[:, k]
        simple = np.arange(few)
        ranked = [simple, np.arange(design.shape[1])]
        chosen, bare[:, k], error = _best(design, response, ranked)
        plain[chosen, k] = _huber(design[:, chosen], response)
        weights[chosen, k], left[:, k] = plain[chosen, k], bare[:, k]
        mates = np.flatnonzero(base.judged & (np.arange(width) != k))
        if not fellows or not len(mates):
            continue
        whole = np.concatenate([design, others], axis=1)
        wider = np.concatenate([chosen, design.shape[1] + mates])
        tried = _kept_out(whole[:, wider], response)
        if _error(tried) < GAIN * error:
            left[:, k] = tried
            weights[:, k] = 0.0
            weights[wider, k] = _huber(whole[:, wider], response)
    left, bare = _tamed(left), _tamed(bare)
    noise, room, smoothed = _room(left, rate)
    hidden, _, apart = _room(bare, rate)
    straight = features((filled(values[:, op]) - base.op_centre) / base.op_spread)
    looks = np.maximum(dependence(straight, left, base.precision), DEPENDENCE)
    return Fitted(
        base.judged,
        base.centre,
        base.spread,
        base.op_centre,
        base.op_spread,
        plain,
        weights,
        base.precision,
        noise * looks,
        noise,
        room,
        hidden,
        smoothed[-1],
        apart[-1],
    )


def expanded(standard: Floats) -> Floats:
    """Make terms `[n, t]` of standardised operating channels: one, straight, bent, and crossed."""
    known = np.clip(np.where(np.isnan(standard), 0.0, standard), -FARTHEST, FARTHEST)
    bent = np.clip(known, -BENT, BENT)
    number = known.shape[1]
    parts = [np.ones((len(known), 1)), known, bent**2 - 1, bent**3 - 3 * bent]
    if number <= CROSSED:
        first, second = np.triu_indices(number, 1)
        parts.append(bent[:, first] * bent[:, second])
    return np.concatenate(parts, axis=1)


def _best(
    design: Floats, response: Floats, ranked: list[NDArray[np.intp]]
) -> tuple[NDArray[np.intp], Floats, float]:
    """Choose between sets of terms, the simplest first; returns it, what it left, and its error."""
    chosen, left, error = ranked[0], response, np.inf
    for some in ranked:
        tried = _kept_out(design[:, some], response)
        if _error(tried) < GAIN * error or not np.isfinite(error):
            chosen, left, error = some, tried, _error(tried)
    return chosen, left, error


def _kept_out(design: Floats, response: Floats) -> Floats:
    """Return what is left of each stretch of time by a fit to the others."""
    left = np.empty_like(response)
    for part in np.array_split(np.arange(len(response)), FOLDS):
        rest = np.ones(len(response), np.bool_)
        rest[part] = False
        left[part] = response[part] - design[part] @ _huber(design[rest], response[rest])
    return left


def _error(left: Floats) -> float:
    """Measure what is left, wild rows hardly counting."""
    return float(np.mean(np.abs(_tamed(left))))


def _huber(design: Floats, response: Floats) -> Floats:
    """Regress, wild responses pulled in to Huber's bound around what is expected of them."""
    gram = np.einsum("np,nq->pq", design, design) + RIDGE * np.eye(design.shape[1])
    inverse = np.linalg.inv(gram)
    weights = inverse @ (design.T @ response)
    for _ in range(_ROUNDS):
        told = design @ weights
        left = response - told
        reach = HUBER * max(1.4826 * float(np.median(np.abs(left))), 1e-9)
        weights = inverse @ (design.T @ (told + np.clip(left, -reach, reach)))
    found: Floats = weights
    return found


def _tamed(left: Floats) -> Floats:
    """Pull in what is far out: wild rows among the lessons must not make room for faults."""
    size = np.abs(left)
    middle = np.median(size, axis=0)
    reach = CLIP * np.where(middle > 0, 1.4826 * middle, size.mean(axis=0))
    return np.clip(left, -reach, reach)


def _room(left: Floats, rate: float) -> tuple[Floats, Floats, Floats]:
    """Tell the variances of residuals and of smoothed ones, widened, and the smoothed course."""
    noise = np.maximum(left.var(axis=0), 1e-9)
    smoothed = smooth(left, rate)
    settled = smoothed[min(int(2 / rate), len(left) // 4) :]
    looks = np.full(left.shape[1], max(len(left) * rate / (2 - rate) - 1, 2.0))
    room = np.mean(settled**2, axis=0) * widening(looks, CONFIDENCE) ** 2
    room = np.maximum(room, noise * rate / (2 - rate))
    room = room + WANDER**2 * wander_of(left) + (1 + DEPENDENCE) / len(left) * noise
    return noise, room, smoothed
