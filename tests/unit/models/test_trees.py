"""Trees as arrays say what scikit-learn says of them."""

from __future__ import annotations

import numpy as np

from models.trees import grown


def test_trees_say_what_scikit_learn_says_also_of_what_is_missing() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 5))
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nansum(x[:, :2], axis=1) + rng.normal(0, 0.1, 600)
    booster = HistGradientBoostingRegressor(max_iter=30, random_state=0).fit(x, y)
    assert np.allclose(grown(booster).predict(x), booster.predict(x))
