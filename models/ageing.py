"""Ageing: the life left of a part that has reached some age, in the condition it is in now.

Any model that tells how hazard gathers with age, and by what factor condition multiplies it, gives
the chance to fail within any time, given that the part is whole now:
1 - exp(-risk (H(age + time) - H(age))). Several models are mixed by their chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.life import LEVELS, Outlook, Remaining, declined
from core.readings import Floats

_ROUNDS = 60
_STEPS = 400


class Hazard(Protocol):
    """What hazard a part gathers as it ages."""

    def cumulative(self, ages: Floats) -> Floats:
        """Return the hazard gathered from new to each age, at a risk of 1."""
        ...

    def risk(self, covariates: Floats) -> Floats:
        """Return the factor on hazard for each row of `covariates[n, p]`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Parts as they stand: `age[n]` and covariates `[n, p]`.

    `now` holds for the time `fresh` and `later` after that, for covariates that tell of the next
    hours only, as an error of today.
    """

    age: Floats
    now: Floats
    later: Floats
    fresh: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Models with the weight of each; the weights sum to 1."""

    models: Sequence[Hazard]
    weights: Sequence[float]

    def chances(self, standing: Standing, times: Floats) -> Floats:
        """Return the chance of each part to fail within each of `times[h]` or `times[n, h]`."""
        ahead = np.broadcast_to(times, (len(standing.age), np.shape(times)[-1]))
        age = standing.age[:, None]
        turn = age + np.minimum(ahead, standing.fresh)
        told = np.zeros(ahead.shape)
        for model, weight in zip(self.models, self.weights, strict=True):
            soon = model.cumulative(turn) - model.cumulative(age)
            then = model.cumulative(age + ahead) - model.cumulative(turn)
            now, later = model.risk(standing.now), model.risk(standing.later)
            told -= weight * np.expm1(-(now[:, None] * soon + later[:, None] * then))
        return told

    def left(self, standing: Standing, farthest: float) -> list[Outlook]:
        """Return the life left of each part; none is told where its middle lies beyond `farthest`.

        A late end beyond `farthest` is told as `farthest`, and the mean counts no time beyond it.
        """
        levels = np.array(LEVELS)
        low = np.zeros((len(standing.age), len(levels)))
        high = np.full(low.shape, farthest)
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            short = self.chances(standing, middle) < levels
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        times = np.linspace(0.0, farthest, _STEPS)
        mean = np.asarray(np.trapezoid(1 - self.chances(standing, times), times, axis=1))
        return [
            _told(points, float(average), farthest)
            for points, average in zip(high, mean, strict=True)
        ]


def _told(points: Floats, mean: float, farthest: float) -> Outlook:
    at = dict(zip(LEVELS, points.tolist(), strict=True))
    if at[0.5] >= farthest * (1 - 1e-6):
        words = f"it more likely than not outlasts {farthest:g}, and no more is told"
        return declined("too_wide", words)
    return Remaining(at[0.05], at[0.5], at[0.95], mean, tuple(points.tolist()))
