from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY
from core.plant import AssetClass, Channel
from core.readings import Floats
from models.correlation import Correlation, CorrelationSettings
from models.detector import Detector
from models.mewma import LearnSettings, Mewma, MewmaSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, play

LEARN = LearnSettings(rows=800, span=60 * DAY)
AFTER = START + 800 * STEP


def bench() -> AssetClass:
    return pump_class(channels=tuple(map(Channel, ("x", "y", "z"))), modes=None)


def shaking(
    steps: int, seed: int, *, tie: float = 0.7, loud: float = 1.0, drift: float = 0.0
) -> Floats:
    """Make three channels; x and y go along with each other by `tie`, z is `loud` and by itself."""
    rng = np.random.default_rng(seed)
    x, other, z = rng.normal(0, 1, (3, steps))
    y = tie * x + np.sqrt(1 - tie**2) * other
    slow = drift * np.sin(np.arange(steps) / 90)[:, None]
    return (np.column_stack([x, y, loud * z]) * [1.0, 5.0, 0.2] + slow)[:, None, :]


def learned(detector: Detector, **how: float) -> Detector:
    play(detector, shaking(800, 1, **how))
    assert detector.readiness()[0] == 1
    return detector


def correlation() -> Detector:
    return Correlation(CorrelationSettings(learn=LEARN), bench(), assets(1))


def mewma() -> Detector:
    return Mewma(MewmaSettings(learn=LEARN), bench(), assets(1))


@pytest.mark.parametrize(
    ("was", "fault"),
    [
        ({}, {"tie": -0.5}),
        ({"tie": 0.0}, {"tie": 0.8}),
        ({}, {"loud": 0.2}),
    ],
    ids=["two break with each other", "two are coupled that were not", "one falls quiet"],
)
def test_a_change_that_moves_no_level_is_found_where_mewma_sees_nothing(
    was: dict[str, float], fault: dict[str, float]
) -> None:
    values = shaking(200, 2, **fault)
    found = play(learned(correlation(), **was), values, begin=AFTER, allowed=False)
    assert (found[100:] > 1).mean() > 0.95
    unseen = play(learned(mewma(), **was), values, begin=AFTER, allowed=False)
    assert not (np.lib.stride_tricks.sliding_window_view(unseen[:, 0], 5).min(axis=1) > 1).any()


def test_a_channel_that_gets_louder_is_blamed() -> None:
    detector = learned(correlation())
    values = shaking(150, 3, loud=2.0)
    assert (play(detector, values, begin=AFTER, allowed=False)[80:] > 1).all()
    scored = detector.score(a_round(values[-1], AFTER + 150 * STEP))
    assert scored.blame[0].argmax() == 2


def test_two_that_break_with_each_other_share_the_blame() -> None:
    detector = learned(correlation())
    values = shaking(150, 3, tie=-0.5)
    play(detector, values, begin=AFTER, allowed=False)
    scored = detector.score(a_round(values[-1], AFTER + 150 * STEP))
    assert scored.blame[0, :2].sum() > 0.9
    assert scored.blame[0, :2].min() > 0.3


def test_healthy_running_and_slow_wander_stay_below_the_line() -> None:
    detector = learned(correlation(), drift=1.0)
    assert (play(detector, shaking(6000, 4, drift=1.0), begin=AFTER) < 1).mean() > 0.999


def test_a_single_wild_reading_is_no_alarm() -> None:
    detector = learned(correlation())
    values = shaking(100, 5)
    values[30] *= 50.0
    assert (play(detector, values, begin=AFTER) < 1).all()
