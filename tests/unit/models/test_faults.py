from __future__ import annotations

import numpy as np
import pytest

from models import faults

FLAT = np.full(10, 2.0)
HOURS = np.arange(10.0)


def test_a_step_stays() -> None:
    assert faults.step(FLAT, 4, 3.0).tolist() == [2.0] * 4 + [5.0] * 6


def test_a_drift_begins_at_its_onset() -> None:
    assert faults.drift(FLAT, HOURS, 7.0, 0.5).tolist() == [2.0] * 8 + [2.5, 3.0]


def test_wear_grows_from_nothing_to_one_at_failure_and_on() -> None:
    severity = faults.wear(np.array([-1.0, 0.0, 0.5, 1.0, 1.1]))
    assert severity[:2].tolist() == [0, 0]
    assert severity[2] < 0.2
    assert severity[3] == pytest.approx(1)
    assert severity[4] > 1
    assert faults.ramp(FLAT[:1], np.array([1.0]), 6.0)[0] == pytest.approx(8)


def test_an_oscillation_begins_at_its_onset() -> None:
    swung = faults.oscillation(FLAT, HOURS, 4.0, 1.0, 4.0)
    assert swung[:5].tolist() == [2.0] * 5
    assert swung[5] == pytest.approx(3)
    assert swung[7] == pytest.approx(1)


def test_a_stuck_sensor_holds_its_value() -> None:
    assert faults.stuck(HOURS, 3).tolist() == [0, 1, 2, *[3] * 7]
    assert faults.stuck(HOURS, 99).tolist() == HOURS.tolist()


def test_spikes_noise_and_dropouts_leave_the_rest() -> None:
    spiked = faults.spike(FLAT, np.array([2.0]), 9.0)
    assert spiked[2] == 11
    assert np.delete(spiked, 2).tolist() == [2.0] * 9
    shaken = faults.noise(np.random.default_rng(1), FLAT, 0.5, 6)
    assert shaken[:6].tolist() == [2.0] * 6
    assert (shaken[6:] != 2.0).all()
    assert np.isnan(faults.dropout(FLAT, HOURS > 7)).sum() == 2


def test_nothing_is_changed_in_place() -> None:
    kept = FLAT.copy()
    faults.step(FLAT, 0, 1.0)
    faults.stuck(FLAT, 0)
    faults.spike(FLAT, np.array([1.0]), 1.0)
    faults.noise(np.random.default_rng(1), FLAT, 1.0)
    assert np.array_equal(FLAT, kept)
