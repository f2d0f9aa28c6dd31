"""Teaching corrects a network as scikit-learn does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from models.teaching import learned


@pytest.mark.parametrize(
    ("hidden", "count", "rounds"),
    [((8, 4), 300, 6), ((5,), 64, 1), ((16, 8, 4), 40, 3)],
    ids=["with a last batch that is short", "whole batches, once", "one batch"],
)
def test_weights_are_those_that_scikit_learn_finds(
    hidden: tuple[int, ...], count: int, rounds: int
) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(count, 7))
    label = np.abs(rows[:, 0]) + 0.1 * rows[:, 1]
    net = MLPRegressor(
        hidden_layer_sizes=hidden,
        alpha=0.3,
        learning_rate_init=0.02,
        batch_size=min(32, count),
        random_state=5,
    )
    for _ in range(rounds):
        net.partial_fit(rows, label)
    weight, bias = learned(rows, label, hidden, 32, rounds, 0.3, 0.02, 5)
    for mine, theirs in zip((*weight, *bias), (*net.coefs_, *net.intercepts_), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_another_seed_finds_other_weights() -> None:
    rows = np.random.default_rng(4).normal(size=(50, 3))
    one, other = (learned(rows, rows[:, 0], (4,), 32, 2, 0.1, 0.01, seed) for seed in (1, 2))
    assert not np.array_equal(one[0][0], other[0][0])
