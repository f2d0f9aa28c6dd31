from __future__ import annotations

import numpy as np
import pytest

from models.path_grid import PATHS, grid
from models.path_prior import weak
from models.regeneration import recoveries
from models.wear import Trace, fit, others, remaining

TIME = np.arange(1.0, 81.0)
HORIZON = 5000.0


def noisy(way: np.ndarray, seed: int = 1, noise: float = 0.01) -> Trace:
    return Trace(TIME[: len(way)], way + np.random.default_rng(seed).normal(0, noise, len(way)))


def left(trace: Trace, prior: object = None) -> tuple[float, float, float]:
    found = remaining(trace, prior or weak(), HORIZON)  # type: ignore[arg-type]
    assert found is not None
    return found.p05, found.p50, found.p95


@pytest.mark.parametrize("kind", PATHS)
def test_a_path_is_undone_by_its_inverse(kind: str) -> None:
    path = PATHS[kind]
    time = np.linspace(0.01, 3, 40)
    for shape in path.shapes:
        grown = path.grown(time, np.float64(shape))
        assert (np.diff(grown) > 0).all()
        assert path.reached(grown, np.float64(shape)) == pytest.approx(time)


def test_a_grid_believes_in_all_its_paths_together_once() -> None:
    assert grid().belief.sum() == pytest.approx(1)
    assert (grid(late=0.0).onset == 0).all()
    assert set(grid(("power",)).kind.tolist()) == {2}


def test_straight_wear_ends_where_it_points() -> None:
    """It gains 0.6 in 80 and has 0.4 to go."""
    early, middle, late = left(noisy(0.6 * TIME / 80))
    assert middle == pytest.approx(53, rel=0.25)
    assert early < middle < late


def test_wear_that_hastens_is_not_taken_for_straight() -> None:
    way = 0.6 * (TIME / 80) ** 3
    assert left(noisy(way))[1] < 0.5 * 53


def test_wear_that_sets_in_late_counts_from_there() -> None:
    """From 40 on it gains 0.6 in 40: 27 are left."""
    way = 0.6 * np.maximum(TIME - 40, 0) / 40
    assert left(noisy(way))[1] == pytest.approx(27, rel=0.3)


def test_more_noise_is_less_certain() -> None:
    quiet, loud = left(noisy(0.6 * TIME / 80, 2, 0.005)), left(noisy(0.6 * TIME / 80, 2, 0.1))
    assert loud[2] - loud[0] > quiet[2] - quiet[0]


def test_a_recovery_that_fades_is_no_slower_wear() -> None:
    way = 0.6 * TIME / 80
    rested = way - 0.15 * np.where(TIME > 70, np.exp(-(TIME - 70) / 6), 0.0)
    assert recoveries(noisy(rested, noise=0.003).way).sum() == 1
    assert left(noisy(rested, noise=0.003))[1] == pytest.approx(53, rel=0.3)


def test_a_unit_that_does_not_wear_has_no_end() -> None:
    steady = fit(noisy(np.zeros(80)), weak())
    assert abs(steady.rising()) < 2
    assert steady.remaining(HORIZON) is None
    assert fit(noisy(0.6 * TIME / 80), weak()).rising() > 3


def test_health_is_the_way_left_without_noise() -> None:
    worn = fit(noisy(0.6 * TIME / 80, noise=0.02), weak())
    assert worn.health() == pytest.approx(0.4, abs=0.04)


def test_what_others_went_through_makes_it_surer() -> None:
    """All go as the cube of time: a third of the way tells little by itself."""
    whole = [noisy((TIME / life) ** 3, seed) for seed, life in enumerate((78, 84, 90, 96, 80))]
    young = noisy((TIME[:40] / 80) ** 3, 9)
    prior = others(whole, weak())
    by_itself, taught = left(young), left(young, prior)
    assert abs(taught[1] - 40) < 12
    assert taught[2] - taught[0] < by_itself[2] - by_itself[0]


def test_units_that_have_not_failed_teach_as_well() -> None:
    paths = [noisy(0.5 * (TIME / 80) * pace, seed) for seed, pace in enumerate((0.9, 1.0, 1.1))]
    young = noisy(0.5 * TIME[:12] / 80, 7)
    taught, by_itself = left(young, others(paths, weak())), fit(young, weak()).remaining(HORIZON)
    assert taught[0] < 148 < taught[2]
    assert by_itself is None or taught[2] - taught[0] < by_itself.p95 - by_itself.p05


def test_with_no_others_the_belief_is_what_it_was() -> None:
    prior = weak()
    assert others([], prior) is prior


def test_the_same_past_gives_the_same_answer() -> None:
    assert left(noisy(0.6 * TIME / 80)) == left(noisy(0.6 * TIME / 80))


def test_what_is_past_its_end_has_nothing_left() -> None:
    assert left(noisy(1.3 * TIME / 80))[2] < 2


@pytest.mark.parametrize("way", [np.zeros(80), np.full(80, 0.5), TIME / 100, np.ones(4)])
def test_pasts_without_noise_are_survived(way: np.ndarray) -> None:
    worn = fit(Trace(TIME[: len(way)], way), weak())
    assert 0 <= worn.health() <= 1
    left = worn.passages(300)
    assert (left >= 0).all()
    assert not np.isnan(left).any()
