"""What a channel reads at a time of day, and of the week."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE
from models.season import BINS, OPEN, SLOTS, expected, follow


def after(told: Iterable[tuple[int, float]]) -> Callable[[int], float]:
    base, folds, opened = np.zeros(SLOTS), np.zeros(SLOTS, np.uint8), np.zeros(OPEN)
    opened[0] = -1.0
    for at, value in told:
        follow(base, folds, opened, at, value)
    return lambda at: expected(base, folds, opened, at)


def quarters(days: int, value: Callable[[int, int], float]) -> Iterable[tuple[int, float]]:
    """Tell each quarter of an hour of so many days."""
    for day in range(days):
        for part in range(BINS):
            yield day * DAY + part * 15 * MINUTE, value(day, part)


def test_a_day_is_not_its_own_baseline() -> None:
    known = after((hour * HOUR, float(hour)) for hour in range(13))
    assert known(3 * HOUR) == 3
    assert known(DAY + 3 * HOUR) == 3
    assert np.isnan(known(12 * HOUR))


def test_earlier_days_count_alike() -> None:
    known = after([*quarters(3, lambda day, part: 10.0 * day + part), (3 * DAY, 0.0)])
    assert known(4 * DAY + 7 * HOUR) == pytest.approx(10 + 28)


def test_weekdays_are_told_apart_where_that_is_clearly_nearer() -> None:
    known = after([*quarters(28, lambda day, _: 5.0 if day % 7 == 6 else 1.0), (28 * DAY, 1.0)])
    assert known(34 * DAY + HOUR) == pytest.approx(5)
    assert known(33 * DAY + HOUR) == pytest.approx(1)


def test_weekdays_are_not_told_apart_where_that_says_nothing() -> None:
    rng = np.random.default_rng(1)
    known = after([*quarters(28, lambda *_: rng.normal()), (28 * DAY, 0.0)])
    means = {known(day * DAY + HOUR) for day in range(28, 35)}
    assert len(means) == 1


def test_nothing_odd_lasts_in_what_is_compared() -> None:
    rng = np.random.default_rng(1)

    def value(day: int, part: int) -> float:
        return 1e9 if (day, part) == (26, 7) else 5.0 * (day % 7 == 6) + rng.normal(0, 0.1)

    known = after([*quarters(28, value), (28 * DAY, 0.0)])
    assert known(34 * DAY + HOUR) == pytest.approx(5, abs=0.3)
