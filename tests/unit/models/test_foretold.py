from __future__ import annotations

import numpy as np
import pytest

from core.life import LEVELS, Remaining, chance
from models.foretold import foretold, points, together

LEFT = np.arange(100.0, 0.0, -1.0)


def said(middle: np.ndarray, half: float = 0.3) -> np.ndarray:
    return np.stack([middle * (1 - half), middle, middle * (1 + half)], axis=1)


def test_right_predictions_are_accurate_from_the_first_on() -> None:
    found = foretold(LEFT, said(LEFT))
    assert found is not None
    assert (found.error, found.covered, found.accurate, found.horizon) == (0.0, 1.0, 1.0, 100.0)
    assert found.width == pytest.approx(0.6)


def test_the_horizon_begins_where_predictions_stay_right() -> None:
    middle = np.where(LEFT > 40, 2 * LEFT, LEFT)
    middle[LEFT == 90] = 90  # right once, by chance
    found = foretold(LEFT, said(middle))
    assert found is not None
    assert found.horizon == 40
    assert found.accurate == 0
    assert found.covered == pytest.approx(0.41)
    assert found.bias > 0


def test_predictions_that_never_were_right_have_no_horizon() -> None:
    found = foretold(LEFT, said(0.5 * LEFT))
    assert found is not None
    assert (found.horizon, found.covered) == (0.0, 0.0)
    assert found.bias == pytest.approx(-0.5)


def test_what_was_said_after_the_end_is_not_judged() -> None:
    assert foretold(np.array([-1.0, 0.0]), said(np.array([5.0, 5.0]))) is None


def test_each_life_counts_once_however_many_predictions_it_has() -> None:
    right, wrong = foretold(LEFT, said(LEFT)), foretold(LEFT[:2], said(3 * LEFT[:2]))
    assert right is not None and wrong is not None
    found = together([right, wrong])
    assert found is not None
    assert found.covered == 0.5
    assert found.count == 102
    assert together([]) is None


def test_how_often_ends_came_below_each_level_is_told() -> None:
    """Half of the ends come at the early point, and half beyond the last that is said."""
    told = np.tile([10.0, 20.0, 40.0], (4, 1))
    found = foretold(np.array([10.0, 10.0, 900.0, 900.0]), told)
    assert found is not None
    assert dict(zip(LEVELS, found.below, strict=True)) == dict.fromkeys(LEVELS, 0.5) | {0.01: 0.0}


def test_levels_between_those_that_are_kept_lie_where_the_chance_says() -> None:
    found = points(np.array([[10.0, 25.0, 70.0]]))[0]
    said = [chance(Remaining(10.0, 25.0, 70.0), float(hours)) for hours in found]
    assert said == pytest.approx(list(LEVELS))


def test_ends_drawn_from_what_was_said_lie_below_each_level_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    told = np.tile([10.0, 25.0, 70.0], (4000, 1))
    place = rng.random(4000)
    known = points(told[:1])[0]
    ends = np.interp(place, [0.0, *LEVELS], [0.0, *known])
    found = foretold(ends, told)
    assert found is not None
    assert found.below[:-1] == pytest.approx(LEVELS[:-1], abs=0.02)
