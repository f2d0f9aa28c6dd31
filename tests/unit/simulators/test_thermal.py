from __future__ import annotations

import numpy as np

from core.clock import DAY, HOUR, MINUTE
from core.readings import Floats, Instants
from simulators.thermal import ThermalMass

SWITCH = 20_000 * DAY + 6 * HOUR


def _step(at: Instants) -> Floats:
    return np.where(at >= SWITCH, 60.0, 20.0)[:, None]


def test_a_step_is_followed_with_its_time_constant() -> None:
    mass = ThermalMass(_step, (30 * MINUTE,))
    at = SWITCH + np.array([-HOUR, 30 * MINUTE, 90 * MINUTE, 6 * HOUR], np.int64)
    before, one, three, long = mass.at(at)[:, 0]
    assert before == 20.0
    # The grid is five minutes, so the step may be seen up to one step late or early.
    assert abs(one - (60 - 40 * np.exp(-1))) < 3
    assert abs(three - (60 - 40 * np.exp(-3))) < 1
    assert abs(long - 60) < 0.01


def test_a_moment_is_as_warm_alone_as_in_a_month() -> None:
    def wave(at: Instants) -> Floats:
        hours = at / HOUR
        return np.stack([20 * np.sin(hours / 3), 5 * np.cos(hours)], axis=1)

    at = 20_000 * DAY + np.arange(0, 30 * DAY, 7 * MINUTE, dtype=np.int64)
    month = ThermalMass(wave, (20 * MINUTE, HOUR)).at(at)
    alone = ThermalMass(wave, (20 * MINUTE, HOUR))
    for row in (0, 411, 2057, len(at) - 1):
        assert np.array_equal(alone.at(at[row : row + 1])[0], month[row])


def test_midnight_leaves_no_jump() -> None:
    def wave(at: Instants) -> Floats:
        return (30 * np.sin(at / (2 * HOUR)))[:, None]

    at = 20_000 * DAY + np.arange(-30, 30, dtype=np.int64) * MINUTE
    warm = ThermalMass(wave, (HOUR,)).at(at)[:, 0]
    assert np.abs(np.diff(warm, 2)).max() < 0.02
