from __future__ import annotations

import numpy as np
import pytest

from models.student import widening


def test_many_looks_need_no_widening() -> None:
    assert widening(np.array([1e6]), 3.0)[0] == pytest.approx(1, abs=1e-4)


def test_few_looks_widen_much_and_more_the_farther_out() -> None:
    few = np.array([4.0])
    assert 1.2 < widening(few, 2.0)[0] < widening(few, 4.0)[0]


def test_it_is_near_students_quantiles() -> None:
    """t at 9 degrees of freedom has 2.262 at 97.5 %, where a normal distribution has 1.960."""
    assert widening(np.array([9.0]), 1.960)[0] * 1.960 == pytest.approx(2.262, rel=0.01)


def test_a_single_look_is_bounded() -> None:
    assert np.isfinite(widening(np.array([1.0]), 8.0)).all()
