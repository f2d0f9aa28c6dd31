"""Change: a channel that leaves where it lately was, faster and farther than it ever did.

A fault often moves a channel by less than the machine itself wanders in a day, but at once. So the
smoothed residual is also held against a slower mean of itself. To count, it must have left both:
that mean by more than it ever does in so short a time, and the whole range in which it was learned.

A channel whose neighbouring readings resemble each other wanders of its own accord, and a change
of it says less: its room is widened as the variance of a mean is by autocorrelation of first order
(1 + r) / (1 - r), G. E. P. Box, G. M. Jenkins: Time Series Analysis, 1970.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from models.kernel import step
from models.student import widening

SLOWER = 0.1
"""The weight of a new value in the slow mean, as a part of that in the fast one."""

AT_ONCE = 4.0
"""How many standard errors a channel must be away from its slow mean."""

BEYOND = 0.2
"""How far beyond the learned range a channel must be, in halves of that range."""

WANDERING = 0.25
"""Which part of the variance of its slow wander a channel may show at once."""

MOST_ALIKE = 0.99
"""How alike neighbouring readings are taken to be at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    """How a machine's channels change while it is healthy, in standardised residuals.

    `low` and `high` bound the smoothed residuals, a margin included; `change` is the variance of
    their distance from the slow mean, all doubt added; `slow` is the slow mean now.
    """

    low: Floats
    high: Floats
    change: Floats
    slow: Floats


def habit(residual: Floats, smoothed: Floats, slow: Floats, wander: Floats, rate: float) -> Habit:
    """Learn from residuals `[n, k]`, their smoothed course, and the slow mean of that course.

    `wander[k]` is the variance of slow wander, doubt added; `rate` made the smoothed course.
    """
    count = len(residual)
    settled = slice(min(int(2 / rate), count // 4), None)
    low, high = smoothed[settled].min(axis=0), smoothed[settled].max(axis=0)
    margin = BEYOND * (high - low) / 2
    looks = np.full(residual.shape[1], max(count * rate / (2 - rate) - 1, 1.0))
    seen = (smoothed - slow)[settled].var(axis=0) * widening(looks, AT_ONCE) ** 2
    # A coarse sensor may hardly have moved: it has at least the room of white noise of its spread.
    least = np.maximum(seen, rate / (2 - rate))
    alike = _alike(residual)
    change = least * (1 + alike) / (1 - alike) + WANDERING * wander
    return Habit(low - margin, high + margin, change, slow[-1])


@step
def departure(smoothed: float, slow: float, change: float, low: float, high: float) -> float:
    """Score a channel: 1 where it is as far from its slow mean, and out of its range, as counts."""
    away = (smoothed - slow) / (AT_ONCE * math.sqrt(change))
    out = (smoothed - (low + high) / 2) / max((high - low) / 2, 1e-6)
    return min(abs(away), abs(out)) if away * out > 0 else 0.0


def _alike(residual: Floats) -> Floats:
    """Estimate the autocorrelation of neighbouring readings, 0 where there is none or less."""
    centred = residual - residual.mean(axis=0)
    whole = np.sum(centred**2, axis=0)
    shared = np.sum(centred[1:] * centred[:-1], axis=0)
    alike: Floats = np.clip(shared / np.maximum(whole, 1e-12), 0.0, MOST_ALIKE)
    return alike
