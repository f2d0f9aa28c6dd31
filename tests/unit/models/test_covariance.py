from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf as oracle

from models.covariance import ledoit_wolf


@pytest.mark.parametrize(("rows", "width"), [(12, 8), (40, 8), (400, 3)])
def test_it_agrees_with_scikit_learn(rows: int, width: int) -> None:
    rng = np.random.default_rng(rows)
    values = rng.normal(size=(rows, width)) @ rng.normal(size=(width, width))
    expected, amount = oracle(values)
    found, shrunk = ledoit_wolf(values)
    assert np.allclose(found, expected)
    assert shrunk == pytest.approx(amount)


def test_a_single_channel_is_left_as_it_is() -> None:
    values = np.random.default_rng(1).normal(0, 3, (200, 1))
    found, shrunk = ledoit_wolf(values)
    assert found[0, 0] == pytest.approx(values.var())
    assert shrunk == 0


def test_rows_without_any_spread_give_nothing() -> None:
    found, shrunk = ledoit_wolf(np.ones((5, 2)))
    assert (found == 0).all()
    assert shrunk == 0
