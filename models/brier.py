"""Brier score and concordance of chances to fail, where many outcomes were censored.

What was censored before a time is not counted at it; what was seen counts for as many as would have
been censored in its place: one over the chance of not having been censored until its end, or until
that time where it outlasted it (E. Graf et al., Statistics in Medicine 18, 1999; weights that
depend on covariates: T. A. Gerds, M. Schumacher, Biometrical Journal 48, 2006).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.readings import Bools, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of parts: after `time[n]` each failed, or was censored where not `failed`.

    `kept(rows, times)` returns the chance that those rows are not censored by those times, and
    `reached(rows, times)` that they are not before; `times` has the shape of `rows`, or `[n, h]`.
    """

    time: Floats
    failed: Bools
    kept: Callable[[np.ndarray, Floats], Floats]
    reached: Callable[[np.ndarray, Floats], Floats]

    def weights(self, times: Floats) -> tuple[Floats, Floats]:
        """Return the weight `[n, h]` of each as one failed by each time, and as one that was not.

        One of both is 0; both are where it was censored.
        """
        rows = np.arange(len(self.time))
        end = 1 / np.maximum(self.reached(rows, self.time), 1e-9)
        by = (self.time[:, None] <= times) & self.failed[:, None]
        still = self.time[:, None] > times
        ahead = np.broadcast_to(times, by.shape)
        return by * end[:, None], still / np.maximum(self.kept(rows, ahead), 1e-9)


def brier(outcomes: Outcomes, chances: Floats, times: Floats) -> Floats:
    """Return the weighted squared error `[n, h]` of chances `[n, h]` to fail by each time.

    Its mean over rows is the Brier score at each time.
    """
    failed, whole = outcomes.weights(times)
    return failed * (1 - chances) ** 2 + whole * chances**2


def integrated(error: Floats, times: Floats) -> Floats:
    """Return the mean over time of `error[n, h]`, times from 0 on, by the trapezoid rule."""
    found: Floats = np.trapezoid(error, times, axis=1) / (times[-1] - times[0])
    return found


def concordance(outcomes: Outcomes, chance: Floats, until: float) -> float:
    """Return in what share of pairs the one that failed first had been given the higher chance.

    Pairs count whose first end is a failure by `until`, each by its weight; equal chances count
    one half (H. Uno et al., Statistics in Medicine 30, 2011).
    """
    agreed, all_ = 0.0, 0.0
    time, failed = outcomes.time, outcomes.failed
    first = np.flatnonzero(failed & (time <= until))
    weight = 1 / np.maximum(outcomes.reached(first, time[first]), 1e-9)
    for end in np.unique(time[first]):
        own = time[first] == end
        longer = np.flatnonzero((time > end) | ((time == end) & ~failed))
        other = 1 / np.maximum(outcomes.reached(longer, np.full(len(longer), end)), 1e-9)
        higher = np.sign(chance[first[own], None] - chance[longer]) / 2 + 0.5
        agreed += float(weight[own] @ (higher @ other))
        all_ += float(weight[own].sum() * other.sum())
    return agreed / all_ if all_ else float("nan")


def observed(outcomes: Outcomes, time: float) -> tuple[Floats, Floats]:
    """Return for each row the weight of its failure by `time`, and its weight in all.

    The sum of the first over that of the second is the share seen to fail.
    """
    failed, whole = outcomes.weights(np.array([time]))
    return failed[:, 0], failed[:, 0] + whole[:, 0]
