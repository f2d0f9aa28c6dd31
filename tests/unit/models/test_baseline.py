from __future__ import annotations

import numpy as np
import pytest

from models.baseline import DEPENDENCE, Baseline, features, filled, fit, smooth

RATE = 0.2
NAN = float("nan")


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def fitted(values: np.ndarray, operating: np.ndarray | None = None) -> Baseline:
    if operating is None:
        operating = np.zeros((len(values), 0))
    return fit(values, operating, np.ones(values.shape[1], np.bool_), RATE)


def test_centre_and_spread_are_those_of_the_rows() -> None:
    base = fitted(rng().normal(50, 2, (400, 1)))
    assert base.centre[0] == pytest.approx(50, abs=0.3)
    assert base.spread[0] == pytest.approx(2, rel=0.1)


def test_wild_rows_hardly_move_the_fit() -> None:
    values = rng().normal(50, 2, (400, 1))
    values[100:104] = 900
    base = fitted(values)
    assert base.centre[0] == pytest.approx(50, abs=1)
    assert base.spread[0] < 5


def test_what_an_operating_channel_explains_is_taken_out() -> None:
    speed = rng().normal(1500, 100, (400, 1))
    values = 2 + 0.01 * (speed - 1500) + rng(2).normal(0, 0.1, (400, 1))
    alone, explained = fitted(values), fitted(values, speed)
    assert alone.noise[0] == pytest.approx(1, abs=0.1)
    assert explained.noise[0] < 0.05


def test_influence_goes_on_straight_beyond_what_was_learned() -> None:
    assert features(np.array([[2.0]])).tolist() == [[2, 3]]
    assert features(np.array([[5.0]])).tolist() == [[5, 3]]


def test_influence_seen_in_few_situations_is_in_more_doubt() -> None:
    """Load stood on eight levels, and so did something else that moved the channel as well."""
    levels = np.repeat(rng(4).normal(0, 1, (8, 2)), 50, axis=0)
    values = levels[:, :1] + levels[:, 1:] + rng().normal(0, 0.1, (400, 1))
    slow = fitted(values, levels[:, :1])
    mixed = rng(5).permutation(400)
    quick = fitted(values[mixed], levels[mixed, :1])
    assert quick.lean[0] == pytest.approx(DEPENDENCE * quick.noise[0])
    assert slow.lean[0] > 1.2 * quick.lean[0]


def warmed(days: int, of_air: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Make a bearing's temperature, and load and air, which go together through each day."""
    day = np.sin(2 * np.pi * np.arange(days * 48) / 48)
    load = day + rng(seed).normal(0, 0.1, len(day))
    air = 20 + 3 * day + of_air + rng(seed + 1).normal(0, 0.1, len(day))
    bearing = air + 15 + 2 * load + rng(seed + 2).normal(0, 0.3, len(day))
    return bearing[:, None], np.stack([load, air], axis=1)


def test_a_channel_over_another_follows_it_one_for_one_in_air_never_met() -> None:
    values, operating = warmed(8, 0.0, 1)
    ones = np.ones(1, np.bool_)
    base = fit(values, operating, ones, RATE, over=np.array([1]))
    later, there = warmed(8, -12.0, 7)
    design = features((there - base.op_centre) / base.op_spread)
    left = (later - base.centre) / base.spread - design @ base.weights
    assert abs(float(left.mean() * base.spread[0])) < 0.2
    assert base.precision[1].tolist() == base.precision[:, 3].tolist() == [0.0] * 4


def test_the_doubt_in_load_is_that_of_the_same_channel_with_the_air_subtracted() -> None:
    load, other = np.repeat(rng(4).normal(0, 1, (8, 2)), 50, axis=0).T
    air = 20 + rng(6).normal(0, 2, 400)
    values = (air + 2 * load + other + rng(7).normal(0, 0.1, 400))[:, None]
    ones = np.ones(1, np.bool_)
    over = fit(values, np.stack([load, air], axis=1), ones, RATE, over=np.array([1]))
    plain = fit(values - air[:, None], load[:, None], ones, RATE)
    assert plain.lean[0] > 1.2 * DEPENDENCE * plain.noise[0]
    said, meant = (one.lean[0] * one.spread[0] ** 2 for one in (over, plain))
    assert said == pytest.approx(meant, rel=0.01)


def test_a_channel_that_says_nothing_takes_the_air_from_no_other() -> None:
    bearing, operating = warmed(8, 0.0, 1)
    values = np.concatenate([np.full_like(bearing, 40.0), 0.5 * operating[:, 1:]], axis=1)
    ones = np.ones(2, np.bool_)
    plain = fit(values, operating, ones, RATE)
    base = fit(values, operating, ones, RATE, over=np.array([1, -1]))
    assert np.array_equal(base.weights, plain.weights)


def test_what_others_are_over_explains_nothing_else() -> None:
    """A vibration that goes with the air of some days is not expected to follow its seasons."""
    bearing, operating = warmed(8, 0.0, 1)
    values = np.concatenate([bearing, 2 + 0.01 * operating[:, 1:]], axis=1)
    base = fit(values, operating, np.ones(2, np.bool_), RATE, over=np.array([1, -1]))
    assert base.weights[[1, 3], 1].tolist() == [0.0, 0.0]
    assert abs(float(base.weights[0, 1])) > 0.5


def test_a_channel_over_one_that_was_never_heard_is_learned_as_it_is() -> None:
    values, operating = warmed(8, 0.0, 1)
    operating[:, 1] = NAN
    ones = np.ones(1, np.bool_)
    plain = fit(values, operating, ones, RATE)
    base = fit(values, operating, ones, RATE, over=np.array([1]))
    assert np.array_equal(base.weights, plain.weights)
    assert np.isfinite(base.weights).all()


def test_air_that_stood_still_while_it_was_learned_still_counts() -> None:
    values, operating = warmed(8, 0.0, 1)
    values[:, 0] -= operating[:, 1] - 20
    operating[:, 1] = 20.0
    base = fit(values, operating, np.ones(1, np.bool_), RATE, over=np.array([1]))
    there = features((np.array([[0.0, 15.0]]) - base.op_centre) / base.op_spread)
    usual = features((np.array([[0.0, 20.0]]) - base.op_centre) / base.op_spread)
    fallen = (there - usual) @ base.weights * base.spread
    assert fallen[0, 0] == pytest.approx(-5.0)


def test_a_constant_operating_channel_explains_nothing() -> None:
    values = rng().normal(0, 1, (400, 1))
    base = fitted(values, np.full((400, 1), 1500.0))
    assert np.isinf(base.op_spread).all()
    assert (base.weights == 0).all() or np.abs(base.weights).max() < 0.1


def test_an_operating_channel_that_is_never_there_explains_nothing() -> None:
    base = fitted(rng().normal(0, 1, (400, 1)), np.full((400, 1), NAN))
    assert np.isinf(base.op_spread).all()
    assert np.isfinite(base.weights).all()


@pytest.mark.parametrize(
    ("name", "course"),
    [
        ("constant", np.full(400, 3.0)),
        ("never there", np.full(400, NAN)),
        ("seldom there", np.where(np.arange(400) % 3 == 0, rng().normal(size=400), NAN)),
        ("a counter", np.cumsum(rng().random(400) > 0.5).astype(np.float64)),
        ("running away", np.arange(400) / 40 + rng().normal(0, 0.5, 400)),
    ],
)
def test_a_channel_that_says_nothing_is_not_judged(name: str, course: np.ndarray) -> None:
    good = rng(3).normal(0, 1, 400)
    assert fitted(np.stack([course, good], axis=1)).judged.tolist() == [False, True], name


def test_a_channel_that_wanders_slowly_has_more_room() -> None:
    steady = rng().normal(0, 1, 400)
    swaying = steady + 2 * np.sin(np.arange(400) / 60)
    base = fitted(np.stack([steady, swaying], axis=1))
    assert base.judged.all()
    assert base.cov[1, 1] > 10 * base.cov[0, 0]


def test_a_channel_that_is_coarse_has_the_room_of_its_step() -> None:
    values = np.full((400, 1), 21.61)
    values[7::100] = 21.60
    base = fitted(values)
    assert base.spread[0] >= 0.01 / np.sqrt(12)


def test_fewer_rows_leave_more_doubt() -> None:
    values = rng().normal(0, 1, (400, 2))
    assert fitted(values[:60]).cov[0, 0] > 1.5 * fitted(values).cov[0, 0]


def test_gaps_are_filled_with_what_was_last_said() -> None:
    told = np.array([[NAN, NAN], [1.0, NAN], [NAN, NAN], [3.0, NAN]])
    assert filled(told).tolist() == [[1, 0], [1, 0], [1, 0], [3, 0]]


def test_a_smoothed_course_is_unbiased_from_its_first_row() -> None:
    assert np.allclose(smooth(np.full((5, 1), 7.0), 0.1), 7.0)
    rising = smooth(np.arange(200.0)[:, None], 0.1)[:, 0]
    assert rising[-1] == pytest.approx(199 - 9, abs=0.1)
