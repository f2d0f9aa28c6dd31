from __future__ import annotations

import pytest
from scipy.stats import binom

from models.binomial import band


@pytest.mark.parametrize("trials", [1, 7, 30, 2000])
@pytest.mark.parametrize("chance", [0.01, 0.3, 0.95])
def test_it_is_where_nine_in_ten_counts_lie(chance: float, trials: int) -> None:
    low, high = binom(trials, chance).ppf([0.05, 0.95]) / trials
    assert band(chance, trials) == pytest.approx((low, high))


def test_what_never_or_always_comes_has_no_width() -> None:
    assert band(0.0, 5) == (0.0, 0.0)
    assert band(1.0, 5) == (1.0, 1.0)
