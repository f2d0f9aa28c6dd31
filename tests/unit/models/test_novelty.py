"""How far a value is from all that was seen, and how rare that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.novelty import (
    PLACES,
    RAREST,
    RECORDS,
    enter,
    nearest,
    place,
    rarity,
    reach,
    strangeness,
)


def filled(values: list[float], apart: float = 0.0, places: int = PLACES) -> tuple[np.ndarray, int]:
    points, held = np.zeros(places), 0
    for value in values:
        held = place(points, held, value, apart)
    return points, held


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(-1e6, 1e6))
def test_the_nearest_point_is_the_nearest_of_all(values: list[float], value: float) -> None:
    points, held = filled(values)
    assert nearest(points, held, value) == min(abs(value - each) for each in values)


def test_nothing_seen_is_infinitely_far() -> None:
    assert nearest(np.zeros(3), 0, 1.0) == np.inf


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=100), st.floats(0.1, 10))
def test_kept_points_are_sorted_and_apart_and_near_all_that_was_seen(
    values: list[float], apart: float
) -> None:
    points, held = filled(values, apart)
    assert (np.diff(points[:held]) > apart).all()
    assert max(nearest(points, held, value) for value in values) <= apart


def test_where_no_place_is_left_the_lowest_and_the_highest_stay() -> None:
    values = np.random.default_rng(1).normal(size=300)
    points, held = filled(values.tolist(), places=20)
    assert held == 20
    assert points[0] == values.min()
    assert points[-1] == values.max()
    assert (np.diff(points) > 0).all()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=150))
def test_records_are_the_largest_in_order(values: list[float]) -> None:
    records, entered = np.zeros(RECORDS), 0
    for value in values:
        entered = enter(records, entered, value)
    assert records[:entered].tolist() == sorted(values, reverse=True)[:RECORDS]


def test_a_rarity_is_about_the_share_of_values_that_go_so_far() -> None:
    rng = np.random.default_rng(2)
    records, entered = np.zeros(RECORDS), 0
    for value in rng.exponential(size=10_000):
        entered = enter(records, entered, value)
    assert rarity(records, entered, 10_000, 7.0) == pytest.approx(7 / np.log(10), abs=0.3)
    assert rarity(records, entered, 10_000, 11.0) == pytest.approx(11 / np.log(10), abs=0.8)
    assert rarity(records, entered, 10_000, 1.0) == 0
    assert rarity(records, entered, 10_000, 1e9) == RAREST


def test_few_records_make_nothing_very_rare() -> None:
    many, few = np.linspace(2, 1, RECORDS), np.array([2.0, 1.5, 1.0])
    assert rarity(few, 3, 100, 4.0) < rarity(many, RECORDS, 100 * RECORDS, 4.0)
    assert rarity(few, 2, 100, 4.0) == 0


def test_what_is_in_reach_of_a_rarity_is_just_so_rare() -> None:
    records = np.linspace(2, 1, RECORDS)
    distance = reach(records, RECORDS, 5000, 3.5, 0.7)
    assert rarity(records, RECORDS, 5000, strangeness(distance, 0.7)) == pytest.approx(3.5)
    assert np.isnan(reach(records, 0, 10, 3.5, 0.7))


def test_any_change_of_what_never_scattered_is_strange() -> None:
    assert strangeness(1e-9, 0.0) > strangeness(0.0, 0.0)
