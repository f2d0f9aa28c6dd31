"""A machine that goes between two loads, none of which is known to be one: who left the others?"""

from __future__ import annotations

import numpy as np

from core.clock import MINUTE
from core.readings import Floats
from models.recording import Judged, Recording
from tests.rounds import START

LEARN, RUN, LATER = 400, 80, 120
USUAL = np.array([5.0, 20.0, 8.0, 1500.0])
NOISE = np.array([0.1, 0.3, 0.1, 3.0])


def loads(seed: int) -> Floats:
    """Make four channels that swing together far beyond their noise, speed among them."""
    count = LEARN + LATER
    load = np.where((np.arange(count) // RUN) % 2, 1.0, 0.6)
    noise = np.random.default_rng(seed).normal(size=(count, 4))
    values: Floats = load[:, None] * USUAL + noise * NOISE
    return values


def judged(learned: Floats, values: Floats) -> Judged:
    recording = Recording(["flow", "pressure", "current", "speed"], LEARN)
    recording.feed(START + np.arange(LEARN) * MINUTE, learned[:LEARN])
    return recording.feed(START + (LEARN + np.arange(LATER)) * MINUTE, values)


def test_the_channel_that_left_is_blamed_however_far_all_swing_together() -> None:
    """A step of ten deviations of noise, and less than the swing from load to load."""
    first, among = 0, 0
    for seed in range(5):
        values = loads(seed)
        for channel in range(3):
            ill = values[LEARN:].copy()
            ill[:, channel] += 10 * NOISE[channel]
            told = judged(values, ill)
            alarms = np.flatnonzero(told.alarm)[:30]
            assert len(alarms) == 30
            assert np.allclose(told.blame[alarms].sum(axis=1), 1)
            assert (told.blame[alarms] >= 0).all()
            order = np.argsort(-told.blame[alarms].mean(axis=0))
            first += int(order[0] == channel)
            among += int(channel in order[:2])
    assert among >= 12
    assert first >= 10


def test_a_band_is_hardly_wider_than_what_a_channel_did_while_learned() -> None:
    values = loads(0)
    told = judged(values, values[LEARN:])
    low, high = values[:LEARN].min(axis=0), values[:LEARN].max(axis=0)
    assert (told.low <= low + 3 * NOISE).all()
    assert (told.high >= high - 3 * NOISE).all()
    assert (told.high - told.low <= 3.2 * (high - low)).all()
