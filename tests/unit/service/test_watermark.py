from __future__ import annotations

import numpy as np

from core.clock import MINUTE
from service.watermark import Admitted, Watermark

NAN = float("nan")


def admit(mark: Watermark, at: int, *values: float, arrived: int = 10**18) -> Admitted:
    return mark.admit(np.array([0]), np.array([at]), np.array([values]), arrived)


def test_a_newer_reading_is_admitted_whole() -> None:
    mark = Watermark(1, 2, MINUTE)
    assert admit(mark, 5, 1.0, 2.0).passed.tolist() == [0]
    found = admit(mark, 8, 3.0, 4.0)
    assert found.rows is None
    assert found.passed.tolist() == [3]
    assert found.values.tolist() == [[3.0, 4.0]]


def test_an_older_reading_is_late() -> None:
    mark = Watermark(1, 1, MINUTE)
    admit(mark, 5, 1.0)
    found = admit(mark, 4, 1.0)
    assert found.rows is not None
    assert found.late is not None
    assert (found.rows.tolist(), found.late.tolist()) == ([], [True])
    assert mark.last_at.tolist() == [5]


def test_readings_of_one_moment_merge_and_the_first_of_a_sample_counts() -> None:
    mark = Watermark(1, 3, MINUTE)
    admit(mark, 5, 1.0, NAN, NAN)
    found = admit(mark, 5, 9.0, 2.0, NAN)
    assert np.array_equal(found.values, [[NAN, 2.0, NAN]], equal_nan=True)
    assert found.duplicate is not None
    assert found.duplicate.tolist() == [True]
    found = admit(mark, 5, NAN, NAN, 3.0)
    assert np.array_equal(found.values, [[NAN, NAN, 3.0]], equal_nan=True)
    assert found.duplicate is not None
    assert found.duplicate.tolist() == [False]
    assert admit(mark, 5, 1.0, 2.0, 3.0).rows is not None
    assert len(admit(mark, 5, 1.0, 2.0, 3.0).values) == 0


def test_a_watermark_that_lies_in_the_future_is_set_back() -> None:
    mark = Watermark(1, 1, MINUTE)
    now = 100 * MINUTE
    admit(mark, 900 * MINUTE, 1.0, arrived=now)
    found = admit(mark, now, 1.0, arrived=now)
    assert found.jumped is not None
    assert found.jumped.tolist() == [True]
    assert found.passed.tolist() == [0]
    assert mark.last_at.tolist() == [now]


def test_a_watermark_of_the_past_is_never_set_back() -> None:
    mark = Watermark(1, 1, MINUTE)
    now = 100 * MINUTE
    admit(mark, now, 1.0, arrived=now)
    found = admit(mark, now - 2 * MINUTE, 1.0, arrived=now)
    assert found.jumped is not None
    assert found.jumped.tolist() == [False]
    assert mark.last_at.tolist() == [now]


def test_a_watermark_outlasts_a_change_of_channels() -> None:
    old, new = Watermark(1, 2, MINUTE), Watermark(1, 3, MINUTE)
    admit(old, 5, 1.0, 2.0)
    new.restore(old.state())
    found = admit(new, 4, 1.0, 2.0, 3.0)
    assert found.late is not None
    assert found.late.tolist() == [True]
    assert admit(new, 6, 1.0, 2.0, 3.0).passed.tolist() == [1]
