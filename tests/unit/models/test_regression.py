from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import DAY
from core.plant import AssetClass, Channel, Role
from core.readings import Floats
from models.detector import Detector, State
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.regression import Regression, RegressionSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, play, take, watch

LEARN = LearnSettings(rows=400, span=60 * DAY)
AFTER = START + 400 * STEP


def compressor() -> AssetClass:
    names = ("speed", "load", "vibration", "drive_end", "middle", "free_end")
    roles = (Role.OPERATING, Role.OPERATING, *(Role.CONDITION,) * 4)
    return pump_class(channels=tuple(map(lambda n, r: Channel(n, role=r), names, roles)))


def running(steps: int, seed: int, *, wear: float = 0.0, warm: float = 0.0) -> Floats:
    """Make a compressor whose vibration follows speed times load, in a hall that warms and cools.

    Its three bearings feel the hall alike. From the first step on vibration is higher by `wear` and
    the drive end by `warm`.
    """
    rng = np.random.default_rng(seed)
    speed, load = rng.uniform(-1, 1, (2, steps))
    hall = 6 * np.sin(np.arange(steps) / 23 + seed)
    bearings = 60 + 3 * load[:, None] + hall[:, None] + rng.normal(0, 0.3, (steps, 3))
    vibration = 4 + 1.5 * speed * load + rng.normal(0, 0.1, steps) + wear
    bearings[:, 0] += warm
    told = np.column_stack([1500 + 200 * speed, 50 + 20 * load, vibration, bearings])
    return told[:, None, :]


def learned(detector: Detector) -> Detector:
    play(detector, running(400, 1))
    assert detector.readiness()[0] == 1
    return detector


@cache
def lessons(make: Callable[[], Detector]) -> State:
    return learned(make()).state()


def fresh_regression() -> Detector:
    return Regression(RegressionSettings(learn=LEARN), compressor(), assets(1))


def fresh_mewma() -> Detector:
    return Mewma(MewmaSettings(learn=LEARN), compressor(), assets(1))


def ready(make: Callable[[], Detector]) -> Detector:
    detector = make()
    detector.restore(deepcopy(lessons(make)))
    return detector


@pytest.fixture
def regression() -> Detector:
    return ready(fresh_regression)


@pytest.fixture
def mewma() -> Detector:
    return ready(fresh_mewma)


@pytest.mark.parametrize(
    ("fault", "channel"), [({"wear": 0.4}, 2), ({"warm": 2.5}, 3), ({"warm": -2.5}, 3)]
)
def test_wear_that_load_hides_is_found_where_mewma_sees_nothing(
    regression: Detector, mewma: Detector, fault: dict[str, float], channel: int
) -> None:
    values = running(150, 2, **fault)
    found = watch(regression, values, begin=AFTER, allowed=False)
    assert (found[40:] > 1).mean() > 0.95
    assert (watch(mewma, values, begin=AFTER, allowed=False) < 1).all()
    scored = regression.score(a_round(values[-1], AFTER + 150 * STEP))
    assert scored.blame[0].argmax() == channel


def test_load_and_a_warm_hall_are_no_fault(regression: Detector) -> None:
    assert (watch(regression, running(3000, 3), begin=AFTER, allowed=False) < 1).all()


def test_the_band_is_where_a_channel_should_be_at_this_load(regression: Detector) -> None:
    values = running(1, 4)
    values[0, 0, :3] = 1680.0, 68.0, 4 + 1.5 * 0.9 * 0.9
    scored = take(regression, a_round(values[0], AFTER))
    assert scored.low[0, 2] < values[0, 0, 2] < scored.high[0, 2]
    assert scored.high[0, 2] - scored.low[0, 2] < 1.2


def test_a_fellow_that_fell_silent_is_not_missed_for_long(regression: Detector) -> None:
    values = running(200, 5)
    values[:, :, 5] = np.nan
    assert (watch(regression, values, begin=AFTER, allowed=False) < 1).all()


def test_without_fellows_a_channel_is_told_by_operating_channels_alone() -> None:
    alone = RegressionSettings(learn=LEARN, fellows=False)
    detector = learned(Regression(alone, compressor(), assets(1)))
    warm = watch(detector, running(150, 2, warm=2.5), begin=AFTER, allowed=False)
    assert (warm < 1).all()
    worn = watch(detector, running(150, 2, wear=0.4), begin=AFTER, allowed=False)
    assert (worn[40:] > 1).mean() > 0.95


def test_a_twentieth_of_wild_lessons_hardly_widens_the_band() -> None:
    values = running(400, 1)
    values[::20, 0, 2] += 30.0
    detector = fresh_regression()
    play(detector, values)
    worn = watch(detector, running(150, 2, wear=0.8), begin=AFTER, allowed=False)
    assert (worn[40:] > 1).mean() > 0.9


def test_an_unknown_channel_to_ignore_is_named() -> None:
    with pytest.raises(ValueError, match="unknown channel 'sped'"):
        Regression(RegressionSettings(ignore=("sped",)), compressor(), assets(1))
    with pytest.raises(ValidationError):
        RegressionSettings(alone=1.0)
