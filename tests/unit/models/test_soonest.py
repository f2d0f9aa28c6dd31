from __future__ import annotations

import numpy as np
import pytest

from core.life import LEVELS, Remaining
from models.soonest import soonest


def of(draws: np.ndarray) -> Remaining:
    course = tuple(np.quantile(draws, LEVELS).tolist())
    return Remaining(course[1], course[4], course[-2], float(draws.mean()), course)


def test_the_first_of_two_modes_comes_when_either_does() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.gamma(4, 25, 50_000), rng.gamma(9, 10, 50_000)
    found, true = soonest([of(one), of(other)]), of(np.minimum(one, other))
    assert found.p50 == pytest.approx(true.p50, rel=0.05)
    assert (found.p05, found.p95) == pytest.approx((true.p05, true.p95), rel=0.1)
    assert found.mean == pytest.approx(true.mean, rel=0.05)


def test_one_mode_alone_is_itself() -> None:
    one = of(np.random.default_rng(2).gamma(4, 25, 50_000))
    found = soonest([one])
    assert found.course == pytest.approx(one.course, rel=1e-3)


def test_a_mode_far_off_changes_little() -> None:
    near, far = Remaining(10.0, 50.0, 90.0), Remaining(5000.0, 6000.0, 7000.0)
    assert soonest([near, far]).p50 == pytest.approx(50, rel=0.02)


def test_what_has_ended_ends_all() -> None:
    assert soonest([Remaining(0.0, 0.0, 0.0), Remaining(1.0, 2.0, 3.0)]).p95 == 0
