from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import HOUR, MINUTE
from core.plant import AssetClass, Channel, Mode, Role
from core.readings import Floats
from models.course import judge
from models.detector import Detector, Round
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.peers import Peers, PeersSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, moments, play, take, watch

FANS = 12
YOUNG = 40
"""So many readings ten minutes apart: not a night's history."""
AFTER = START + YOUNG * STEP


def fan() -> AssetClass:
    names, roles = ("speed", "vibration", "bearing"), (Role.OPERATING, *(Role.CONDITION,) * 2)
    return pump_class(channels=tuple(map(lambda n, r: Channel(n, role=r), names, roles)))


def fans(steps: int, seed: int, first: int = 0, count: int = FANS) -> Floats:
    """Make fans in one weather, each at speeds of its own, no two built quite alike."""
    nature = np.random.default_rng(99).normal(0, 1, (2, count))
    rng = np.random.default_rng(seed)
    moment = first + np.arange(steps)[:, None]
    speed = np.linspace(-1, 1, count) + rng.uniform(-0.5, 0.5, (steps, count))
    weather = 12 * np.sin(moment / 30)
    vibration = 3 + speed + 0.1 * nature[0] + rng.normal(0, 0.1, (steps, count))
    bearing = 50 + 4 * speed + weather + nature[1] + rng.normal(0, 0.5, (steps, count))
    return np.stack([1500 + 100 * speed, vibration, bearing], axis=2)


def peers(count: int = FANS, **settings: object) -> Detector:
    return Peers(PeersSettings.model_validate(settings), fan(), assets(count))


def young(count: int = FANS, **settings: object) -> Detector:
    detector = peers(count, **settings)
    play(detector, fans(YOUNG, 1, count=count))
    return detector


def test_a_fan_that_is_born_sick_is_found_the_first_night() -> None:
    detector = peers()
    values = fans(120, 1)
    values[:, 4, 1] += 1.5
    found = play(detector, values)
    assert (found[60:, 4] > 1).all()
    assert (np.delete(found, 4, axis=1)[40:] < 1).all()
    alone = Mewma(MewmaSettings(learn=LearnSettings(rows=60)), fan(), assets(FANS))
    assert not (play(alone, values)[60:, 4] > 1).any()


def test_weather_and_speed_are_no_fault() -> None:
    assert (watch(young(), fans(2000, 2, YOUNG), begin=AFTER) < 1).all()


@pytest.mark.parametrize(("channel", "by"), [(1, 1.5), (2, 9.0), (2, -9.0)])
def test_the_channel_that_stands_apart_is_blamed(channel: int, by: float) -> None:
    detector = young()
    values = fans(60, 3, YOUNG)
    values[:, 7, channel] += by
    found = play(detector, values, begin=AFTER, allowed=False)
    assert (found[40:, 7] > 1).all()
    scored = detector.score(a_round(values[-1], AFTER + 60 * STEP))
    assert scored.blame[7].argmax() == channel
    middle = (scored.low[7, channel] + scored.high[7, channel]) / 2
    assert np.sign(values[-1, 7, channel] - middle) == np.sign(by)


def test_fewer_than_four_others_cannot_judge() -> None:
    assert np.isnan(play(peers(4), fans(100, 1, count=4))).all()
    assert np.isfinite(play(peers(5), fans(100, 1, count=5))[-1]).all()


def test_others_that_fell_silent_are_no_measure() -> None:
    detector = young(5)
    last = fans(1, 2, YOUNG, 5)[0]
    assert np.isfinite(detector.score(a_round(last, AFTER)).value).all()
    assert np.isnan(detector.score(a_round(last, AFTER + 2 * HOUR)).value).all()


def test_machines_that_stand_are_no_measure() -> None:
    detector = young(6)
    for step, rows in enumerate(moments(fans(20, 2, YOUNG, 6), begin=AFTER)):
        mode = np.where(np.arange(6) < 2, Mode.OFF, Mode.RUNNING).astype(np.int8)
        scored = take(detector, replace(rows, mode=mode))
        assert np.isnan(scored.value[:2]).all()
        assert np.isnan(scored.value[2:]).all() or step < 7


def test_the_order_of_rows_within_a_period_tells_nothing() -> None:
    one, other = young(), young()
    values = fans(30, 5, YOUNG)
    for moment, now in enumerate(values):
        begun = (AFTER // MINUTE + 1 + moment) * MINUTE
        at = begun + np.random.default_rng(moment).integers(0, MINUTE, FANS)
        order = np.random.default_rng(-moment % 99).permutation(FANS)
        rows = Round(np.arange(FANS), at, now, np.full(FANS, Mode.RUNNING, np.int8))
        straight = take(one, rows).value
        crooked = [take(other, rows.take(order[i : i + 1])).value for i in range(FANS)]
        assert np.array_equal(straight[order], np.concatenate(crooked))


def test_a_course_over_many_periods_is_judged_as_its_rows_are() -> None:
    one, other = young(), young()
    values = fans(20, 6, YOUNG).reshape(-1, 3)
    at = np.repeat(AFTER + np.arange(20) * STEP, FANS)
    rows = Round(np.tile(np.arange(FANS), 20), at, values, np.full(len(at), Mode.RUNNING, np.int8))
    apart = [take(other, rows.take(slice(i, i + 1))).value for i in range(len(at))]
    locked = np.zeros(len(at), np.bool_)
    assert np.array_equal(judge(one, replace(rows, locked=locked)).value, np.concatenate(apart))


def test_a_fan_that_is_forgotten_is_measured_anew() -> None:
    detector = young()
    detector.forget(3)
    assert detector.readiness()[3] == 0
    assert (play(detector, fans(60, 7, YOUNG), begin=AFTER)[-1] < 1).all()
