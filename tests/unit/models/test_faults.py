from __future__ import annotations

import numpy as np
import pytest

from models import faults

FLAT = np.full(10, 2.0)
HOURS = np.arange(10.0)


def test_a_drift_begins_at_its_onset() -> None:
    assert faults.drift(FLAT, HOURS, 7.0, 0.5).tolist() == [2.0] * 8 + [2.5, 3.0]


def test_wear_grows_from_nothing_to_one_at_failure_and_on() -> None:
    severity = faults.wear(np.array([-1.0, 0.0, 0.5, 1.0, 1.1]))
    assert severity[:2].tolist() == [0, 0]
    assert severity[2] < 0.2
    assert severity[3] == pytest.approx(1)
    assert severity[4] > 1


def test_a_dropout_leaves_the_rest() -> None:
    left = faults.dropout(FLAT, HOURS > 7)
    assert np.isnan(left).tolist() == [False] * 8 + [True] * 2
    assert left[:8].tolist() == [2.0] * 8


def test_nothing_is_changed_in_place() -> None:
    kept = FLAT.copy()
    faults.drift(FLAT, HOURS, 0.0, 1.0)
    faults.dropout(FLAT, HOURS > 0)
    assert np.array_equal(FLAT, kept)
