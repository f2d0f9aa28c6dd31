from __future__ import annotations

import math

import numpy as np
import pytest

from core.life import LEVELS, Remaining, chance
from models.widening import MOST, START, after, factor, widened

LEFT = Remaining(50.0, 100.0, 200.0)


def times(missed: list[float]) -> float:
    """Tell how many times as wide intervals are after lives that missed so much."""
    now = START
    for share in missed:
        now = after(now, share)
    return factor(now)


def lived(sure: float, lives: int, seed: int) -> tuple[list[bool], list[float]]:
    """Let lives end whose logarithm is as uncertain as `sure` times what the model says."""
    rng = np.random.default_rng(seed)
    missed: list[float] = []
    wide: list[float] = []
    for _ in range(lives):
        wide.append(times(missed))
        said = widened(Remaining(math.exp(-1.645), 1.0, math.exp(1.645)), wide[-1])
        end = math.exp(rng.normal(0, sure))
        missed.append(float(not said.p05 <= end <= said.p95))
    return [not one for one in missed], wide


@pytest.mark.parametrize("sure", [1.5, 2.0, 3.0])
def test_a_model_that_is_too_sure_comes_to_hold_what_it_promises(sure: float) -> None:
    runs = [lived(sure, 60, seed)[0] for seed in range(60)]
    assert np.mean([one[:5] for one in runs]) < 0.8
    assert np.mean([one[25:] for one in runs]) == pytest.approx(0.9, abs=0.035)


def test_a_model_that_is_right_is_hardly_widened() -> None:
    wide = [lived(1.0, 40, seed)[1][15:] for seed in range(60)]
    assert 1 <= np.mean(wide) < 1.2


def test_intervals_that_hold_narrow_again_and_never_below_the_model() -> None:
    bad = [1.0] * 3
    assert times(bad) > times([*bad, *[0.0] * 10]) > 1
    assert times([*bad, *[0.0] * 40]) == 1
    assert times([0.0] * 20) == times([]) == 1


def test_however_often_they_miss_there_is_an_end_to_it() -> None:
    assert times([1.0] * 100) == pytest.approx(MOST)
    assert times([*[1.0] * 100, *[0.0] * 5]) < MOST


def test_a_life_that_was_missed_in_part_counts_in_part() -> None:
    assert 1 < times([0.5]) < times([1.0])


def test_widening_keeps_the_middle_and_the_order_of_all_points() -> None:
    course = (20.0, 50.0, 60.0, 80.0, 100.0, 120.0, 150.0, 200.0, 300.0)
    found = widened(Remaining(50.0, 100.0, 200.0, 108.0, course), 2.0)
    assert (found.p05, found.p50, found.p95) == pytest.approx((25.0, 100.0, 400.0))
    assert found.course[LEVELS.index(0.5)] == 100.0
    assert list(found.course) == sorted(found.course)


@pytest.mark.parametrize("left", [Remaining(0.0, 0.0, 0.0), Remaining(1.0, math.inf, math.inf)])
def test_what_is_due_now_or_never_stays(left: Remaining) -> None:
    assert widened(left, 3.0) == left


def test_as_the_end_comes_due_widening_goes_to_the_square_of_its_factor_and_no_farther() -> None:
    wide = [widened(Remaining(0.0, middle, 48.0), 2.0).p95 for middle in (8.0, 1.0, 0.01, 1e-9, 0)]
    assert wide[0] == pytest.approx(48.0 * 6)
    assert wide[2:] == pytest.approx([4 * 48.0] * 3, rel=1e-3)
    due = widened(Remaining(0.0, 0.01, 48.0), 2.0)
    assert chance(due, 48.0) > 0.6


def test_widening_never_turns_the_order_of_points() -> None:
    for middle in (0.0, 0.1, 1.0):
        late = [widened(Remaining(0.0, middle, middle + n / 10), 4.0).p95 for n in range(2000)]
        assert late == sorted(late)
        assert all(one >= middle + n / 10 for n, one in enumerate(late))


def test_an_end_that_may_be_now_or_never_may_still_be() -> None:
    found = widened(Remaining(0.0, 5.0, math.inf), 2.0)
    assert (found.p05, found.p95) == (0.0, math.inf)
    assert widened(LEFT, 1.0) is LEFT
