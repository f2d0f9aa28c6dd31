from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import DAY, HOUR
from core.plant import AssetClass, Channel
from core.readings import Floats, Instants
from models.detector import Detector
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.seasonal import Seasonal, SeasonalSettings, wall
from tests.plants import pump_class
from tests.rounds import STEP, a_round, assets, play

A_DAY = 144
LEARNED = 15 * A_DAY
START = 20_000 * DAY


def air() -> AssetClass:
    return pump_class(channels=(Channel("flow"),), modes=None)


def flow(days: int, seed: int, first: int = 0, *, weekends: bool = True, ahead: int = 0) -> Floats:
    """Make the flow of a hall that works by day, and less at weekends, in readings of ten minutes.

    `ahead` is by how many hours its clocks are.
    """
    step = first + np.arange(days * A_DAY)
    hour = (step / 6 + ahead) % 24
    weekend = weekends & ((step // A_DAY + 3) % 7 >= 5)
    busy = np.clip(np.minimum(hour - 6, 18 - hour), 0, 2) / 2
    told = 10 + busy * np.where(weekend, 6, 20)
    return (told + np.random.default_rng(seed).normal(0, 1, len(step)))[:, None, None]


def learned(detector: Detector, values: Floats) -> Detector:
    play(detector, values, begin=START)
    assert detector.readiness()[0] == 1
    return detector


def seasonal(**settings: object) -> Detector:
    given = SeasonalSettings.model_validate(settings)
    return Seasonal(given, air(), assets(1))


def mewma() -> Detector:
    return Mewma(MewmaSettings(learn=LearnSettings(rows=2000, span=60 * DAY)), air(), assets(1))


def nights(days: int) -> np.ndarray:
    hour = np.arange(days * A_DAY) / 6 % 24
    return (hour < 5) | (hour > 20)


def test_a_leak_that_runs_at_night_is_found_where_mewma_sees_nothing() -> None:
    leak = flow(3, 2, LEARNED) + 3.0 * nights(3)[:, None, None]
    found = play(learned(seasonal(), flow(15, 1)), leak, begin=START + LEARNED * STEP)
    assert (found[nights(3)] > 1).mean() > 0.5
    unseen = play(learned(mewma(), flow(15, 1)), leak, begin=START + LEARNED * STEP)
    assert (unseen < 1).all()


def test_days_and_weekends_are_no_fault() -> None:
    detector = learned(seasonal(), flow(15, 1))
    assert (play(detector, flow(28, 3, LEARNED), begin=START + LEARNED * STEP) < 1).all()


def test_a_saturday_that_runs_as_a_weekday_is_found() -> None:
    detector = learned(seasonal(), flow(15, 1))
    busy = flow(3, 4, LEARNED, weekends=False)
    found = play(detector, busy, begin=START + LEARNED * STEP)
    assert (found[:A_DAY] < 1).all()
    assert (found[A_DAY : 2 * A_DAY] > 1).sum() > 30


def test_noise_without_a_season_is_given_none() -> None:
    rng = np.random.default_rng(5)
    detector = learned(seasonal(), rng.normal(0, 1, (LEARNED, 1, 1)))
    assert not detector.state()["profile"].any()
    assert (play(detector, rng.normal(0, 1, (2000, 1, 1)), begin=START + LEARNED * STEP) < 1).all()


def test_a_level_that_is_held_is_never_taken_for_the_season() -> None:
    detector = learned(seasonal(), flow(15, 1))
    risen = flow(30, 6, LEARNED) + 8.0
    found = play(detector, risen, begin=START + LEARNED * STEP)
    assert (found[-A_DAY:] > 1).mean() > 0.9


def test_the_band_follows_the_time_of_day() -> None:
    detector = learned(seasonal(), flow(15, 1))
    night, noon = START + LEARNED * STEP, START + LEARNED * STEP + 12 * HOUR
    by_night = detector.score(a_round(np.array([[10.0]]), night))
    by_day = detector.score(a_round(np.array([[30.0]]), noon))
    assert by_night.low[0, 0] < 10 < by_night.high[0, 0] < 20
    assert 20 < by_day.low[0, 0] < 30 < by_day.high[0, 0]


def test_days_begin_where_the_plant_is() -> None:
    zone = ZoneInfo("Europe/Berlin")
    winter, summer = 20_440 * DAY, 20_630 * DAY
    at: Instants = np.array([winter, summer, summer + HOUR // 2])
    ahead = np.array([1, 2, 2]) * HOUR
    assert (wall(at, zone) - at == ahead).all()
    detector = seasonal(timezone="Asia/Karachi")
    learned(detector, flow(15, 1, ahead=5))
    assert (play(detector, flow(3, 7, LEARNED, ahead=5), begin=START + LEARNED * STEP) < 1).all()


def test_a_time_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValidationError, match="unknown time zone 'Asia/Karachy'"):
        SeasonalSettings(timezone="Asia/Karachy")


def test_an_asset_takes_less_than_a_megabyte_even_while_it_learns() -> None:
    detector = seasonal(learn="30d", every="10min")
    play(detector, flow(15, 1), begin=START)
    assert sum(array.nbytes for array in detector.state().values()) < 1024 * 1024
