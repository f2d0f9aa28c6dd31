"""What a channel reads at a time of day."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR
from models.season import BINS, OPEN, expected, follow


def after(values: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    base, folds, opened = np.zeros(BINS), np.zeros(BINS), np.zeros(OPEN)
    opened[0] = -1.0
    for at, value in values.items():
        follow(base, folds, opened, at, value)
    return base, folds


def test_a_day_is_not_its_own_baseline() -> None:
    base, folds = after({hour * HOUR: float(hour) for hour in range(13)})
    assert expected(base, folds, 3 * HOUR) == 3
    assert expected(base, folds, DAY + 3 * HOUR) == 3
    assert np.isnan(expected(base, folds, 12 * HOUR))


def test_earlier_days_count_alike() -> None:
    told = {day * DAY + hour * HOUR: 10.0 * day + hour for day in range(3) for hour in range(24)}
    base, folds = after(told | {3 * DAY: 0.0})
    assert expected(base, folds, 5 * DAY + 7 * HOUR) == pytest.approx(17)
