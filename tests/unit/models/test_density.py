from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY
from core.plant import AssetClass, Channel
from core.readings import Floats
from models.density import Density, DensitySettings
from models.detector import Detector
from models.mewma import LearnSettings, Mewma, MewmaSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, play

LEARN = LearnSettings(rows=400, span=60 * DAY)
AFTER = START + 400 * STEP


def valve() -> AssetClass:
    return pump_class(channels=tuple(map(Channel, ("flow", "pressure", "noise"))), modes=None)


def two_ways(steps: int, seed: int, *, mixed: bool = False) -> Floats:
    """Make a valve that is open (much flow, little pressure) or shut, at random.

    Where it is `mixed` it leaks: much flow at full pressure.
    """
    rng = np.random.default_rng(seed)
    wide = rng.random(steps) < 0.5
    flow = np.where(wide | mixed, 40, 10) + rng.normal(0, 1, steps)
    pressure = np.where(wide & (not mixed), 2, 6) + rng.normal(0, 0.2, steps)
    return np.column_stack([flow, pressure, rng.normal(0, 1, steps)])[:, None, :]


def turning(steps: int, seed: int, radius: float = 3.0) -> Floats:
    """Make two channels that turn about each other, as an orbit does; the third is noise."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0, 2 * np.pi, steps)
    ring = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.column_stack([ring + rng.normal(0, 0.15, (steps, 2)), rng.normal(0, 1, steps)])[
        :, None, :
    ]


def learned(detector: Detector, values: Floats) -> Detector:
    play(detector, values)
    assert detector.readiness()[0] == 1
    return detector


def density() -> Detector:
    return Density(DensitySettings(learn=LEARN), valve(), assets(1))


def mewma() -> Detector:
    return Mewma(MewmaSettings(learn=LEARN), valve(), assets(1))


def test_an_orbit_that_collapses_is_found_where_mewma_sees_nothing() -> None:
    collapsed = turning(100, 2, radius=0.5)
    found = play(learned(density(), turning(400, 1)), collapsed, begin=AFTER, allowed=False)
    assert (found[15:] > 1).all()
    unseen = play(learned(mewma(), turning(400, 1)), collapsed, begin=AFTER, allowed=False)
    assert (unseen < 1).all()


def test_a_way_of_running_that_never_was_is_found_at_once() -> None:
    detector = learned(density(), two_ways(400, 1))
    found = play(detector, two_ways(30, 2, mixed=True), begin=AFTER, allowed=False)
    assert (found[8:] > 1).all()


@pytest.mark.parametrize("make", [two_ways, turning])
def test_healthy_running_of_any_shape_stays_below_the_line(make: object) -> None:
    assert callable(make)
    detector = learned(density(), make(400, 1))
    assert (play(detector, make(4000, 3), begin=AFTER) < 1).all()


def test_the_channel_that_is_not_where_it_ever_was_is_blamed() -> None:
    detector = learned(density(), two_ways(400, 1))
    values = two_ways(30, 4)
    values[:, :, 1] += 2.0
    play(detector, values, begin=AFTER, allowed=False)
    scored = detector.score(a_round(values[-1], AFTER + 30 * STEP))
    assert scored.blame[0].argmax() == 1
    assert not scored.low[0, 1] < values[-1, 0, 1] < scored.high[0, 1]


def test_a_twentieth_of_wild_lessons_makes_no_room_around_them() -> None:
    lessons = two_ways(400, 1)
    lessons[::20, 0, :2] = np.random.default_rng(9).uniform(0, 60, (20, 2))
    detector = learned(density(), lessons)
    found = play(detector, two_ways(60, 2, mixed=True), begin=AFTER, allowed=False)
    assert (found[20:] > 1).mean() > 0.9
