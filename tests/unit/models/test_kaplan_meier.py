from __future__ import annotations

import numpy as np
import pytest

from models.kaplan_meier import censoring, failing

STOP = np.array([1.0, 1.0, 2.0, 3.0, 3.0])
FAILED = np.array([True, False, True, True, False])


def test_the_share_that_outlasts_falls_with_each_failure() -> None:
    curve = failing(np.zeros(5), STOP, FAILED)
    assert curve.at(np.array([0.5, 1, 2, 3, 9])) == pytest.approx(
        [1, 4 / 5, 8 / 15, 4 / 15, 4 / 15]
    )
    assert curve.before(np.array([1.0, 2.0])) == pytest.approx([1, 4 / 5])


def test_of_one_age_failures_come_before_censoring() -> None:
    """At 1 one of the four left is taken; at 3 one of the one left."""
    curve = censoring(np.zeros(5), STOP, FAILED, ~FAILED)
    assert curve.at(np.array([1.0, 2.0, 3.0])) == pytest.approx([3 / 4, 3 / 4, 0])
    assert curve.before(np.array([1.0, 3.0])) == pytest.approx([1, 3 / 4])


def test_who_enters_late_is_not_counted_before() -> None:
    curve = failing(np.array([0, 0, 1.0]), np.array([1.0, 2.0, 2.0]), np.array([True, True, True]))
    assert curve.at(np.array([1.0, 2.0])) == pytest.approx([1 / 2, 0])


def test_who_leaves_the_watch_unasked_is_neither_failed_nor_taken() -> None:
    taken = np.array([False, True, False, False, False])
    assert censoring(np.zeros(5), STOP, FAILED, taken).share == pytest.approx([3 / 4])
