"""Past lives: what others' courses teach of a life that has only begun."""

from __future__ import annotations

import numpy as np
import pytest

from core.life import CannotSay, Outlook, Remaining
from core.readings import Floats
from models.past_lives import FEWEST, KEPT, PastLives
from models.wear import Trace

HORIZON = 20_000.0
LIFE = 1000.0
"""How many hours a usual life has."""


def course(life: float, share: float, seed: int, points: int = 40) -> Trace:
    """Make a life whose wear feeds on itself, seen until a share of it."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, share * life, points)
    way = np.expm1(3 * time / life) / np.expm1(3) + rng.normal(0, 0.01, points)
    return Trace(time, way)


def lives(count: int) -> PastLives:
    past = PastLives(3)
    for seed, life in enumerate(lengths(count)):
        past.end(seed % 3, course(float(life), 1.0, seed))
    return past


def lengths(count: int) -> Floats:
    return LIFE * np.random.default_rng(7).uniform(0.9, 1.1, count)


def off(past: PastLives) -> float:
    """Tell by how much the end is missed on average, as a share of what is left."""
    found = [past.outlook(course(LIFE, 0.4, seed), HORIZON) for seed in range(100, 110)]
    left = 0.6 * LIFE
    return float(np.mean([abs(middle(one, HORIZON) - left) / left for one in found]))


def middle(outlook: Outlook, instead: float) -> float:
    return outlook.p50 if isinstance(outlook, Remaining) else instead


def test_lives_that_ended_teach_how_the_next_one_goes() -> None:
    assert off(lives(8)) < 0.5 * off(PastLives(3))


def test_health_that_does_not_fall_has_no_end_in_sight() -> None:
    flat = Trace(np.arange(40.0), np.random.default_rng(1).normal(0, 0.01, 40))
    for past in (PastLives(3), lives(3)):
        found = past.outlook(flat, HORIZON)
        assert isinstance(found, CannotSay)
        assert found.reason in ("not_falling", "too_wide")


def test_an_end_beyond_the_horizon_is_not_told() -> None:
    found = PastLives(3).outlook(course(LIFE, 0.4, 1), 100.0)
    assert isinstance(found, CannotSay)
    assert found.reason == "too_wide"


def test_only_the_last_lives_are_kept_and_odd_ones_teach_nothing() -> None:
    past = lives(KEPT + 3)
    assert len(past) == KEPT
    assert past.state()["lives_order"].max() == KEPT + 2
    assert past.state()["lives_order"][past.state()["lives_used"] > 0].min() > 0
    past = PastLives(3)
    past.end(0, course(LIFE, 1.0, 1, points=FEWEST - 1))
    wild = course(LIFE, 1.0, 1)
    past.end(0, Trace(wild.time, np.where(wild.time > 900, 1e100, wild.way)))
    assert len(past) == 0


@pytest.mark.parametrize("times", [1e-5, 0.01, 100, 1e5])
def test_a_life_of_quite_another_length_is_told_too(times: float) -> None:
    usual = course(LIFE, 0.5, 60)
    asked = Trace(usual.time * times, usual.way)
    found = lives(4).outlook(asked, HORIZON * times)
    if times < 1:  # it wears as no other has: whatever is said is said in words
        assert isinstance(found, Remaining) or found.words
        return
    assert isinstance(found, Remaining)
    assert found.p05 < 0.5 * LIFE * times < found.p95


def test_what_is_kept_says_the_same_as_before() -> None:
    past, again = lives(4), PastLives(3)
    again.restore(past.state())
    asked = course(LIFE, 0.5, 50)
    assert again.outlook(asked, HORIZON) == past.outlook(asked, HORIZON)
    again.restore({})
    assert len(again) == 0
