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
    found = learned(rows, label, hidden, 32, rounds, 0.3, 0.02, [5, 6])
    for seed, (weight, bias) in zip([5, 6], found, strict=True):
        net = MLPRegressor(
            hidden_layer_sizes=hidden,
            alpha=0.3,
            learning_rate_init=0.02,
            batch_size=min(32, count),
            random_state=seed,
        )
        for _ in range(rounds):
            net.partial_fit(rows, label)
        for mine, theirs in zip((*weight, *bias), (*net.coefs_, *net.intercepts_), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_networks_taught_in_step_are_those_taught_alone() -> None:
    rows = np.random.default_rng(4).normal(size=(300, 6))
    lesson = (rows, np.abs(rows[:, 0]), (8, 4), 64, 4, 0.1, 0.01)
    together = learned(*lesson, [1, 2, 3])
    for seed, (weight, bias) in zip([1, 2, 3], together, strict=True):
        ((alone, shift),) = learned(*lesson, [seed])
        assert all(map(np.array_equal, weight, alone))
        assert all(map(np.array_equal, bias, shift))
    assert not np.array_equal(together[0][0][0], together[1][0][0])
