from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from core.life import LEVELS, CannotSay, Remaining
from models.ageing import Mixture, Standing
from models.competing import first


@dataclass(frozen=True)
class Law:
    shape: float
    scale: float

    def cumulative(self, ages: np.ndarray) -> np.ndarray:
        return np.asarray((ages / self.scale) ** self.shape)

    def risk(self, covariates: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(covariates[:, 0]))


def at(*ages: float, now: float = 0.0, later: float = 0.0, fresh: float = 1.0) -> Standing:
    shown = np.ones((len(ages), 1))
    return Standing(np.array(ages), now * shown, later * shown, fresh)


def left(law: Law, standing: Standing, farthest: float = 2000.0) -> Remaining:
    (found, *_) = Mixture((law,), (1.0,)).left(standing, farthest)
    assert isinstance(found, Remaining)
    return found


def test_what_does_not_age_has_the_same_life_left_at_any_age() -> None:
    young, old = (left(Law(1.0, 100.0), at(age)) for age in (0.0, 300.0))
    assert young.p50 == pytest.approx(100 * np.log(2), rel=1e-3)
    assert old.p50 == pytest.approx(young.p50, rel=1e-3)
    assert young.mean == pytest.approx(100, rel=0.01)
    assert young.course == pytest.approx(tuple(-100 * np.log1p(-p) for p in LEVELS), rel=1e-3)


def test_what_wears_out_has_less_left_the_older_and_the_worse_it_is() -> None:
    law = Law(3.0, 100.0)
    points = [left(law, at(0.0)), left(law, at(80.0)), left(law, at(80.0, now=1.0, later=1.0))]
    assert points[0].p50 > points[1].p50 > points[2].p50
    assert points[0].p05 == pytest.approx(100 * (-np.log(0.95)) ** (1 / 3), rel=1e-3)


def test_what_tells_of_today_only_raises_the_chance_of_today_only() -> None:
    law = Mixture((Law(1.0, 100.0),), (1.0,))
    times = np.array([1.0, 2.0])
    calm, alarmed = law.chances(at(5.0), times)[0], law.chances(at(5.0, now=3.0), times)[0]
    assert alarmed[0] == pytest.approx(1 - np.exp(-np.exp(3.0) / 100))
    more = [np.log1p(-both[0]) - np.log1p(-both[1]) for both in (calm, alarmed)]
    assert more[0] == pytest.approx(more[1])


def test_a_mixture_lies_between_what_it_is_mixed_of() -> None:
    one, other, times = Law(1.0, 50.0), Law(2.0, 200.0), np.array([10.0, 60.0])
    apart = [Mixture((law,), (1.0,)).chances(at(0.0), times) for law in (one, other)]
    mixed = Mixture((one, other), (0.25, 0.75)).chances(at(0.0), times)
    assert mixed == pytest.approx(0.25 * apart[0] + 0.75 * apart[1])


def test_what_outlasts_all_that_is_told_is_declined() -> None:
    (found,) = Mixture((Law(1.0, 1e6),), (1.0,)).left(at(0.0), 1000.0)
    assert isinstance(found, CannotSay)
    assert found.reason == "too_wide"


def test_of_two_modes_each_comes_first_by_its_share_in_the_hazard() -> None:
    times = np.linspace(0, 50, 501)
    alone = np.stack([1 - np.exp(-rate * times)[None] for rate in (0.03, 0.01)])
    share = first(alone)
    assert share[0, 0, -1] == pytest.approx(0.75 * (1 - np.exp(-0.04 * 50)))
    assert share.sum(axis=0)[0] == pytest.approx(1 - np.exp(-0.04 * times))
