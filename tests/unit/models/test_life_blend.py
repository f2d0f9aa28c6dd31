"""Sources are weighed by how well they did on units they had not seen; the answer may be none."""

from __future__ import annotations

import numpy as np
import pytest

from core.life import LEVELS, CannotSay, Remaining
from models.life_blend import FEWEST, LifeBlend, course_of, learn_blend, pinball

Z = np.array([-2.326, -1.645, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.645, 2.326])
AS_SAID = tuple((Z / 1.645).tolist())
SILENT = CannotSay("not_falling", "health is not falling, so no end is in sight")


def said(middle: np.ndarray, spread: float) -> np.ndarray:
    return np.exp(np.log(middle)[:, None] + spread * Z)


def fleet(units: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), 3)
    return rng.uniform(200, 2000, 3 * units), np.ones(3 * units, bool), unit


def learned(units: int, claims: float = 0.2) -> LifeBlend | CannotSay:
    left, ended, unit = fleet(units)
    rng = np.random.default_rng(2)
    held = {
        "good": said(left * np.exp(0.2 * rng.normal(size=len(left))), claims),
        "bad": said(np.full(len(left), 700.0), 1.0),
    }
    return learn_blend(held, left, ended, unit)


def test_the_source_that_did_better_weighs_more_the_more_units_are_known() -> None:
    few, many = learned(5), learned(40)
    assert isinstance(few, LifeBlend)
    assert isinstance(many, LifeBlend)
    assert many.weights["good"] > 0.8
    assert 0.5 <= few.weights["good"] <= many.weights["good"]


def test_with_too_few_failures_it_declines() -> None:
    refused = learned(FEWEST - 1)
    assert isinstance(refused, CannotSay)
    assert refused.reason == "too_few_failures"
    assert f"{FEWEST - 1} of {FEWEST}" in refused.words


def test_an_interval_that_was_claimed_too_narrow_is_widened() -> None:
    left, ended, unit = fleet(40)
    guess = left * np.exp(0.2 * np.random.default_rng(2).normal(size=len(left)))
    honest, boastful = (
        learn_blend({"one": said(guess, claims)}, left, ended, unit) for claims in (0.2, 0.05)
    )
    assert isinstance(honest, LifeBlend)
    assert isinstance(boastful, LifeBlend)
    low, high = LEVELS.index(0.05), LEVELS.index(0.95)
    for end in (low, high):
        assert 0.6 < abs(honest.moved[end]) < 1.6
        assert abs(boastful.moved[end]) > 2.5 * abs(honest.moved[end])


def test_a_source_that_is_always_late_is_set_right() -> None:
    left, ended, unit = fleet(40)
    guess = 2 * left * np.exp(0.2 * np.random.default_rng(2).normal(size=len(left)))
    blend = learn_blend({"late": said(guess, 0.2)}, left, ended, unit)
    assert isinstance(blend, LifeBlend)
    one, _ = blend.say({"late": Remaining(*(1000 * np.exp(np.array([-0.3, 0, 0.3]))).tolist())})
    assert isinstance(one, Remaining)
    assert 450 < one.p50 < 600


def test_its_intervals_hold_on_units_to_come() -> None:
    blend = learned(30, claims=0.1)
    assert isinstance(blend, LifeBlend)
    left, _, _ = fleet(100, seed=3)
    rng = np.random.default_rng(4)
    guess = said(left * np.exp(0.2 * rng.normal(size=len(left))), 0.1)
    bad = said(np.array([700.0]), 1.0)[0]
    held = 0
    for row, truth in zip(guess, left, strict=True):
        points = {"good": row, "bad": bad}
        one, _ = blend.say(
            {n: Remaining(p[1], p[4], p[7], None, tuple(p)) for n, p in points.items()}
        )
        assert isinstance(one, Remaining)
        held += one.p05 <= truth <= one.p95
    assert held >= 0.85 * len(left)


def test_a_source_that_cannot_say_lends_its_weight_and_is_named() -> None:
    blend = LifeBlend({"wear": 0.7, "age": 0.3}, 12, AS_SAID, 600.0)
    one, basis = blend.say({"wear": SILENT, "age": Remaining(100, 200, 400)})
    assert isinstance(one, Remaining)
    assert one.p50 == pytest.approx(200)
    assert basis == (
        "age 100 %, weighed on 12 failures; "
        "not used: wear: health is not falling, so no end is in sight"
    )


def test_where_no_source_speaks_the_weightiest_reason_stands() -> None:
    blend = LifeBlend({"wear": 0.7, "age": 0.3}, 12, AS_SAID, 600.0)
    one, _ = blend.say({"age": CannotSay("too_few_failures", "few"), "wear": SILENT})
    assert one is SILENT


def test_what_spans_too_wide_a_time_is_declined() -> None:
    one, _ = LifeBlend({"age": 1.0}, 12, AS_SAID, 600.0).say({"age": Remaining(1, 50, 2500)})
    assert isinstance(one, CannotSay)
    assert one.reason == "too_wide"


def test_means_are_averaged_where_all_have_one() -> None:
    blend = LifeBlend({"a": 0.5, "b": 0.5}, 12, AS_SAID, 600.0)
    one, _ = blend.say({"a": Remaining(1, 2, 3, 2.0), "b": Remaining(1, 2, 3, 4.0)})
    assert isinstance(one, Remaining)
    assert one.mean == 3


def test_a_unit_still_alive_costs_only_what_was_to_end_before() -> None:
    log = np.tile(np.linspace(0, 8, len(LEVELS)), (1, 1))
    alive, dead = np.zeros(1, bool), np.ones(1, bool)
    assert pinball(log, np.array([-1.0]), alive)[0] == 0
    assert pinball(log, np.array([9.0]), alive) == pinball(log, np.array([9.0]), dead)
    assert pinball(log, np.array([4.0]), alive)[0] < pinball(log, np.array([4.0]), dead)[0]


def test_three_points_become_a_course_that_goes_through_them() -> None:
    points = course_of(Remaining(100, 200, 500))
    places = [LEVELS.index(level) for level in (0.05, 0.5, 0.95)]
    assert points[places] == pytest.approx([100, 200, 500], rel=1e-3)
    assert (np.diff(points) > 0).all()
