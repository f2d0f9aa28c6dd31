from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from core.clock import DAY
from core.readings import Floats
from models.cusum import Cusum, CusumSettings
from models.detector import Detector, State
from models.mewma import LearnSettings, Mewma, MewmaSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, play, pumps, watch

LEARN = LearnSettings(rows=1000, span=60 * DAY)
AFTER = START + 1000 * STEP


def learned(make: Callable[[int], Detector], count: int = 1) -> Detector:
    detector = make(count)
    detector.restore(deepcopy(lessons(make, count)))
    return detector


@cache
def lessons(make: Callable[[int], Detector], count: int) -> State:
    detector = make(count)
    play(detector, pumps(1000, count))
    assert (detector.readiness() == 1).all()
    return detector.state()


def cusum(count: int) -> Detector:
    return Cusum(CusumSettings(learn=LEARN), pump_class(), assets(count))


def mewma(count: int) -> Detector:
    return Mewma(MewmaSettings(learn=LEARN), pump_class(), assets(count))


def drifting(steps: int, channel: int, by: float) -> Floats:
    values = pumps(steps, 1, 5)
    values[:, 0, channel] += by * np.arange(steps) / steps
    return values


def first(found: Floats) -> int:
    """Tell when a rule that waits for ten readings would alert."""
    held = np.lib.stride_tricks.sliding_window_view(found[:, 0], 10).min(axis=1)
    above = np.flatnonzero(held > 1)
    return int(above[0]) if len(above) else len(found)


@pytest.mark.parametrize(("channel", "by"), [(1, 0.3), (1, -0.3), (2, 1.5)])
def test_a_slow_drift_is_found_far_sooner_than_by_mewma(channel: int, by: float) -> None:
    values = drifting(1500, channel, by)
    soon = first(watch(learned(cusum), values, begin=AFTER, allowed=False))
    late = first(watch(learned(mewma), values, begin=AFTER, allowed=False))
    assert soon < 0.75 * late
    assert soon < 500


def test_a_small_lasting_shift_is_found_and_blamed_where_mewma_sees_nothing() -> None:
    values = pumps(300, 1, 6)
    values[:, 0, 2] += 0.45
    detector = learned(cusum)
    assert (watch(detector, values, begin=AFTER, allowed=False)[150:] > 1).all()
    assert detector.score(a_round(values[-1], AFTER + 300 * STEP)).blame[0].argmax() == 2
    unseen = watch(learned(mewma), values, begin=AFTER, allowed=False)
    assert first(unseen) == 300


def test_healthy_noise_does_not_add_up() -> None:
    assert (watch(learned(cusum, 8), pumps(5000, 8, 7), begin=AFTER) < 1).all()


def test_a_fault_that_is_mended_returns_in_time() -> None:
    detector = learned(cusum)
    worn = pumps(2000, 1, 8)
    worn[:, 0, 1] += 1.0
    watch(detector, worn, begin=AFTER, allowed=False)
    mended = watch(detector, pumps(300, 1, 9), begin=AFTER + 2000 * STEP)
    assert mended[0, 0] > 1
    assert (mended[100:] < 1).all()


def test_readings_that_resemble_their_neighbours_are_given_more_room() -> None:
    rng = np.random.default_rng(1)
    shocks = rng.normal(0, 1, (8000, 1, 3))
    for i in range(1, len(shocks)):
        shocks[i] += 0.8 * shocks[i - 1]
    detector = Cusum(CusumSettings(learn=LEARN), pump_class(), assets(1))
    play(detector, shocks[:1000])
    assert (watch(detector, shocks[1000:], begin=AFTER) < 1).mean() > 0.999
