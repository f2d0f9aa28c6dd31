"""Whatever machines say, models answer with numbers that can be believed or with none."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.clock import MINUTE
from core.life import CannotSay
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.single import Single, SingleSettings
from models.threshold import Threshold, ThresholdSettings
from models.trail import PLACES, Trail
from tests.plants import pump_class
from tests.rounds import START, assets, moments, take

TOLD = st.one_of(
    st.just(float("nan")),
    st.floats(-1e12, 1e12, allow_subnormal=False),
    st.sampled_from([0.0, 1.0, 50.0]),
)


@settings(max_examples=60)
@given(arrays(np.float64, (60, 2, 3), elements=TOLD))
def test_a_pattern_learned_from_anything_judges_anything(values: np.ndarray) -> None:
    learn = LearnSettings(rows=40, min_rows=40)
    detector = Mewma(MewmaSettings(learn=learn), pump_class(), assets(2))
    for rows in moments(values, step=MINUTE):
        scored = take(detector, rows)
        judged = np.isfinite(scored.value)
        assert not np.isinf(scored.value).any()
        assert (scored.value[judged] >= 0).all()
        assert np.allclose(scored.blame.sum(axis=1), judged)
        assert not (scored.low > scored.high).any()


@settings(max_examples=60)
@given(
    arrays(np.float64, (120, 2, 3), elements=TOLD),
    st.sampled_from([1, MINUTE, 300 * MINUTE]),
    st.booleans(),
)
def test_a_series_of_which_nothing_is_known_is_judged_whatever_it_says(
    values: np.ndarray, step: int, free: bool
) -> None:
    detector = Single(SingleSettings(warmup=50), pump_class(), assets(2))
    for rows in moments(values, step=step):
        scored = take(detector, rows, allowed=free or rows.at[0] < START + 60 * step)
        judged = np.isfinite(scored.value)
        assert not np.isinf(scored.value).any()
        assert (scored.value[judged] >= 0).all()
        assert np.allclose(scored.blame.sum(axis=1), judged)
        assert not (scored.low > scored.high).any()


@settings(max_examples=60)
@given(
    arrays(np.float64, (150, 1, 3), elements=TOLD),
    st.floats(-100, 100),
    st.sampled_from([1, MINUTE, 3600 * MINUTE]),
)
def test_what_is_left_is_in_order_or_cannot_be_said(
    values: np.ndarray, end: float, step: int
) -> None:
    given_settings = ThresholdSettings(channel="vibration", end=end, min_rows=20)
    model = Threshold(given_settings, pump_class(), assets(1))
    for number, rows in enumerate(moments(values, step=step)):
        model.observe(rows, {})
        health = model.health()[0]
        assert np.isnan(health) or 0 <= health <= 1
        if number % 10 == 0:
            left = model.remaining(0)
            if not isinstance(left, CannotSay):
                assert 0 <= left.p05 <= left.p50 <= left.p95 < np.inf


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 10**12), st.floats(-1e6, 1e6)), max_size=600))
def test_the_means_of_a_trail_are_means_of_what_was_said(said: list[tuple[int, float]]) -> None:
    trail, now = Trail(1, 10**18), START
    for step, value in said:
        now += step
        trail.add(np.array([0]), np.array([now]), np.array([value]))
    at, mean = trail.points(0)
    assert len(at) <= PLACES
    assert (np.diff(at) > 0).all()
    if len(at):
        values = [value for _, value in said]
        assert min(values) - 1e-6 <= mean.min() <= mean.max() <= max(values) + 1e-6
        assert START < at[0] <= at[-1] <= now
