from __future__ import annotations

import numpy as np
import pytest

from models.foretold import foretold, together

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
