"""The cap on labels: up to which life left trees are asked to tell how much is left.

A new unit shows nothing yet, and trees that must tell 200 cycles from 300 by noise learn noise. So
labels end somewhere. Where, is seen by quick fits: the cap is taken by which the spread of the life
left, as it follows from what trees say, suits units left out best. Quantiles of the logarithm of
life are scored (pinball loss, a proper score), so that a tenth counts alike far from the end and
near it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.life import LEVELS
from core.readings import Floats
from models.conformal import votes
from models.run_spread import spread
from models.run_table import Numbers

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Caps that are tried, as shares of a usual life."""

ROWS = 8000
"""So many rows are enough to see it, and of those so many are remembered."""

REMEMBERED = 2500
FOLDS = 3
SOON = 0.01
"""This share of a usual life is added before the logarithm is taken: no less needs to be known."""


def best_cap(
    features: Floats, age: Floats, left: Floats, unit: Numbers, usual: float, seed: int
) -> float:
    """Return the cap by which units left out are told best; `usual` is a usual life."""
    few = np.random.default_rng(seed).permutation(len(left))[:ROWS]
    given = features[few], age[few], left[few], unit[few]
    loss = [_loss(*given, share * usual, usual) for share in SHARES]
    return _lowest(loss) * usual


def _lowest(loss: Sequence[float]) -> float:
    """Return the share with the least loss, between those tried by a parabola."""
    at = min(range(len(loss)), key=loss.__getitem__)
    if at in {0, len(loss) - 1}:
        return SHARES[at]
    before, least, after = loss[at - 1 : at + 2]
    bent = before - 2 * least + after
    step = SHARES[1] - SHARES[0]
    return SHARES[at] + step * (before - after) / (2 * bent) if bent > 0 else SHARES[at]


def _loss(
    features: Floats, age: Floats, left: Floats, unit: Numbers, cap: float, usual: float
) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import GroupKFold

    label, vote = np.minimum(left, cap), votes(unit)
    folds = list(GroupKFold(min(FOLDS, len(np.unique(unit)))).split(features, groups=unit))
    said, course = np.empty(len(left)), np.empty((len(left), len(LEVELS)))
    for seen, unseen in folds:
        booster = HistGradientBoostingRegressor(
            max_iter=80, learning_rate=0.1, max_leaf_nodes=8, max_features=0.3, random_state=0
        )
        said[unseen] = booster.fit(features[seen], label[seen]).predict(features[unseen])
    for seen, unseen in folds:
        past = seen[:REMEMBERED]
        known = spread(said[past], age[past], left[past], vote[past], cap)
        course[unseen] = known.of(said[unseen], age[unseen])[1]
    off = np.log(left + SOON * usual)[:, None] - np.log(course + SOON * usual)
    levels = np.array(LEVELS)
    return float(
        np.average(np.maximum(levels * off, (levels - 1) * off).mean(axis=1), weights=vote)
    )
