from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.life import Remaining
from models.passage import BENDS, PASTS, TRUST, Paths, paths, remaining, rising

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


@pytest.mark.parametrize("end", [10.0, 1.0])
@pytest.mark.parametrize("wander", [1e-4, 0.05, 2.0])
def test_a_mixture_is_passed_as_its_inverse_gaussians_together(end: float, wander: float) -> None:
    """Three paths, one bent, one falling; the middles of seven parts stand for each drift."""
    from scipy.stats import invgauss, norm

    pace, level, drift = np.array([0.0, 0.02, 0.0]), np.zeros(3), np.array([0.1, 0.05, -0.01])
    unsure, weight = np.array([0.02, 0.01, 0.03]), np.array([0.6, 0.37, 0.03])
    mixed = Paths(pace, level, drift, unsure, np.full(3, wander), weight, np.ones(3))
    found = remaining(mixed, end, 2e4)
    assert found is not None

    def passed(times: np.ndarray) -> np.ndarray:
        share, shape = np.zeros(3), end**2 / wander
        for b, z in itertools.product(range(3), norm.ppf((np.arange(7) + 0.5) / 7)):
            speed = drift[b] + unsure[b] * z
            bent = np.expm1(pace[b] * times) / pace[b] if pace[b] else times
            if speed > 0:
                share += weight[b] / 7 * invgauss(end / speed / shape, scale=shape).cdf(bent)
        return share

    points, levels = np.array([found.p05, found.p50, found.p95]), [0.05, 0.5, 0.95]
    assert np.all(passed(points * 0.985) < levels)
    assert np.all(passed(points * 1.015) > levels)


def fitted(values: np.ndarray, part: int) -> dict[str, np.ndarray]:
    """Fit lines to one past as the formulas have it, in NumPy; the weight is that of the fit."""
    count = len(HOURS) // part
    back, said = (HOURS - HOURS[-1])[-count:], values[-count:]
    found: dict[str, list[float]] = {}
    for pace in BENDS / part / -back[0]:
        bent = np.expm1(pace * back) / pace if pace else back
        drift, level = np.polyfit(bent, said, 1)
        left = said - level - drift * bent
        moves, misfit = np.diff(left), np.sum(left**2) + 1e-12 * (1 + np.sum(said**2))
        jitter = max(-np.mean(moves[1:] * moves[:-1]), 0)
        wander = max(np.sum(moves**2) - 2 * jitter * len(moves), 0)
        diffusion = wander / -bent[0] + 1e-9 * misfit / -back[0]
        error = misfit / (count - 2) / np.sum((bent - bent.mean()) ** 2)
        unsure = np.sqrt(error + 1.2 * diffusion / -bent[0])
        one = (pace, level, drift, unsure, diffusion, misfit ** (-count * TRUST), part)
        for name, value in zip(Paths.__slots__, one, strict=True):
            found.setdefault(name, []).append(value)
    return {name: np.array(column) for name, column in found.items()}


@pytest.mark.parametrize("noise", [0.05, 2.0])
def test_fits_are_those_of_the_formulas(noise: float) -> None:
    rng = np.random.default_rng(7)
    wander = 0.1 * np.cumsum(rng.normal(size=60))
    values = wearing(2 + 0.2 * np.expm1(HOURS / 100) + wander, noise, 4)
    parts = [fitted(values, part) for part in PASTS]
    for part in parts:
        part["weight"] /= part["weight"].sum() * len(PASTS)
    found = paths(HOURS, values)
    for name in Paths.__slots__:
        wanted = np.concatenate([part[name] for part in parts])
        assert getattr(found, name) == pytest.approx(wanted, rel=1e-8, abs=1e-12), name


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


def test_a_past_that_is_all_at_one_time_tells_nothing() -> None:
    values = wearing(2 + HOURS / 50, 0.05, 1)
    none = paths(np.zeros(60), values)
    assert np.isnan(none.weight).all()
    assert remaining(none, 10.0, 10_000) is None
    stuck = np.where(np.arange(60) < 45, HOURS, HOURS[45])
    found, known = paths(stuck, values), paths(stuck, values).likely()
    assert np.isnan(found.weight[found.past == PASTS[-1]]).all()
    assert set(known.past) == set(PASTS[:-1])
    assert rising(found) > 2
    assert remaining(found, 10.0, 10_000) is not None
