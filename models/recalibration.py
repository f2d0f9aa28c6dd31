"""Recalibration: from what was foretold to what came, learned from units kept out of the fit.

For each time the share that failed, as a function that never falls of the chance that was foretold
(isotonic regression: R. E. Barlow et al., 1972; B. Zadrozny, C. Elkan, KDD 2002), each outcome by
the weight that censoring calls for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from models.brier import Outcomes

KNOTS = 12
"""Into so many groups of alike chances outcomes are gathered, that single ones may not lead."""


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """What came, `came[h, k]`, where `foretold[h, k]` was said, for each of h times."""

    foretold: Floats
    came: Floats

    def corrected(self, chances: Floats) -> Floats:
        """Return chances `[n, h]` as they should have been, rising with time."""
        found = [
            np.interp(chances[:, h], (0.0, *self.foretold[h], 1.0), (0.0, *self.came[h], 1.0))
            for h in range(chances.shape[1])
        ]
        rising: Floats = np.maximum.accumulate(np.stack(found, axis=1), axis=1)
        return rising


def learn(outcomes: Outcomes, chances: Floats, times: Floats) -> Recalibration:
    """Learn from what was said, `chances[n, h]` by `times[h]`, of units that were kept out."""
    from scipy.optimize import isotonic_regression

    failed, whole = outcomes.weights(times)
    foretold, came = np.empty((len(times), KNOTS)), np.empty((len(times), KNOTS))
    for h in range(len(times)):
        order = np.argsort(chances[:, h], kind="stable")
        groups = np.array_split(order, KNOTS)
        weight = np.array([max(float((failed + whole)[one, h].sum()), 1e-9) for one in groups])
        share = np.array([float(failed[one, h].sum()) for one in groups]) / weight
        foretold[h] = [float(chances[one, h].mean()) for one in groups]
        came[h] = isotonic_regression(share, weights=weight).x
    return Recalibration(foretold, came)
