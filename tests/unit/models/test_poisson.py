"""The interval of a rate: Garwood's table, and what no event at all still allows."""

from __future__ import annotations

import math

import pytest

from models.poisson import interval


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.3640, 121.6268)],
)
def test_the_bounds_are_those_of_the_table(count: int, low: float, high: float) -> None:
    assert interval(count, 1.0) == pytest.approx((low, high), abs=1e-4)


def test_twice_the_time_halves_the_rate() -> None:
    once, twice = interval(7, 1.0), interval(7, 2.0)
    assert twice == pytest.approx((once[0] / 2, once[1] / 2))


def test_no_time_says_nothing() -> None:
    assert interval(0, 0.0) == (0.0, math.inf)
