from __future__ import annotations

import numpy as np
import pytest

from core.life import Remaining
from models.passage import Paths, paths, remaining, rising

HOURS = np.linspace(0, 300, 60)


def wearing(course: np.ndarray, noise: float, seed: int) -> np.ndarray:
    return course + np.random.default_rng(seed).normal(0, noise, len(course))


def left(values: np.ndarray, end: float, horizon: float = 10_000) -> Remaining:
    found = remaining(paths(HOURS, values), end, horizon)
    assert found is not None
    return found


def coverage(course: np.ndarray, true: float) -> float:
    """How often the interval holds the truth, over noises; the end is at 10."""
    said = [left(wearing(course, 0.1, seed), 10.0) for seed in range(40)]
    return float(np.mean([found.p05 <= true <= found.p95 for found in said]))


def test_a_straight_line_reaches_its_end_where_it_points() -> None:
    """From 2 by 2 per 100 hours: at 300 it is 8, and 100 hours are left."""
    found = left(wearing(2 + HOURS / 50, 0.05, 1), 10.0)
    assert found.p50 == pytest.approx(100, rel=0.1)
    assert found.p05 < found.p50 < found.p95


def test_intervals_of_straight_wear_hold_the_truth() -> None:
    assert coverage(2 + HOURS / 50, 100) >= 0.85


def test_intervals_of_growing_wear_hold_the_truth() -> None:
    """2 + (e^(h/100) - 1) * 0.2 is 5.8 at 300 hours and 10 at 371."""
    assert coverage(2 + 0.2 * np.expm1(HOURS / 100), 71.4) >= 0.85


def test_growing_wear_is_not_taken_for_straight() -> None:
    course = 2 + 0.2 * np.expm1(HOURS / 100)
    straight = (10 - course[-1]) / np.polyfit(HOURS[-15:], course[-15:], 1)[0]
    assert left(wearing(course, 0.05, 2), 10.0).p50 < straight


def test_one_known_path_is_passed_as_its_inverse_gaussian() -> None:
    from scipy.stats import invgauss

    path = (np.array([number]) for number in (0.0, 0.0, 0.1, 1e-9, 0.05, 1.0, 1.0))
    found = remaining(Paths(*path), 10.0, 10_000)
    assert found is not None
    true = invgauss(100 / 2000, scale=2000).ppf([0.05, 0.5, 0.95])
    assert (found.p05, found.p50, found.p95) == pytest.approx(true.tolist(), rel=1e-3)


def test_more_noise_is_less_certain() -> None:
    quiet = left(wearing(2 + HOURS / 50, 0.02, 3), 10.0)
    loud = left(wearing(2 + HOURS / 50, 0.4, 3), 10.0)
    assert loud.p95 - loud.p05 > quiet.p95 - quiet.p05


def test_rising_is_told_from_noise() -> None:
    assert rising(paths(HOURS, wearing(2 + HOURS / 50, 0.1, 1))) > 10
    assert rising(paths(HOURS, wearing(2 - HOURS / 50, 0.1, 1))) < -1
    flat = [rising(paths(HOURS, wearing(np.full(60, 2.0), 0.1, seed))) for seed in range(100)]
    assert np.mean(np.array(flat) > 3) < 0.05


def test_an_end_beyond_the_horizon_is_not_predicted() -> None:
    values = wearing(2 + HOURS / 5000, 0.001, 1)
    assert remaining(paths(HOURS, values), 10.0, 5000) is None


def test_an_end_that_is_already_passed_leaves_nothing() -> None:
    found = left(wearing(2 + HOURS / 50, 0.01, 1), 5.0)
    assert found.p95 < 0.1


def test_a_perfect_line_has_no_zero_variance_to_divide_by() -> None:
    found = left(2 + HOURS / 50, 10.0)
    assert found.p50 == pytest.approx(100, rel=0.02)


def test_a_constant_is_survived() -> None:
    found = paths(HOURS, np.full(60, 3.0))
    assert rising(found) == pytest.approx(0, abs=1e-6)
    assert remaining(found, 10.0, 10_000) is None


def test_few_points_are_seen_as_a_whole_only() -> None:
    found = paths(HOURS[:12], 2 + HOURS[:12] / 50)
    assert set(found.past.tolist()) == {1.0}
    assert found.weight.sum() == pytest.approx(1)
