from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, MINUTE
from models.recent import FAR, MEMORY, MID, NEAR, Recent

NAN = np.nan


def told(
    recent: Recent, values: np.ndarray, first: int = 0, half: float = NAN, every: int = MINUTE
) -> None:
    """Tell asset 0 rows, expected around 10 within `half`."""
    count = len(values)
    band = np.full(values.shape, 10.0)
    recent.add(
        np.zeros(count, np.intp),
        (first + np.arange(count)) * every,
        values,
        band - half,
        band + half,
        np.ones(count, np.bool_),
    )


def noise(count: int, channels: int = 2, seed: int = 3) -> np.ndarray:
    return 10 + np.random.default_rng(seed).normal(0, 1, (count, channels))


def test_the_last_rows_stand_as_they_were_and_against_their_band() -> None:
    recent, values = Recent(1, 2), noise(500)
    told(recent, values, half=2.0)
    past = recent.past(0)
    assert past.rows.values == pytest.approx(values[-NEAR:], rel=1e-6)
    assert past.rows.off == pytest.approx((values[-NEAR:] - 10) / 2, abs=1e-6)
    assert past.half == pytest.approx(np.full((NEAR, 2), 2.0))
    assert past.rows.at.tolist() == [row * MINUTE for row in range(500 - NEAR, 500)]


def test_means_are_those_of_the_rows_they_stand_for() -> None:
    recent, values = Recent(1, 2), noise(400)
    told(recent, values)
    past = recent.past(0)
    assert past.mid.values[-1] == pytest.approx(values[392:].mean(axis=0), rel=1e-6)
    assert len(past.mid.at) == MID
    each = 12  # 400 rows of 6 fill 48 places once, so that each holds twice as many
    assert past.far.values[0] == pytest.approx(values[:each].mean(axis=0), rel=1e-6)
    assert past.spread[0] == pytest.approx(values[:6].std(axis=0), rel=0.5)
    assert np.isnan(past.far.off).all()


def test_the_means_reach_back_over_the_window_and_no_further_than_twice() -> None:
    recent = Recent(1, 1, window=2 * DAY)
    told(recent, noise(20_000, 1))
    at = recent.past(0).far.at
    assert len(at) <= FAR + 1
    assert DAY < at[-1] - at[0] < 4 * DAY


def test_the_usual_steps_of_two_channels_together_are_learned() -> None:
    recent, values = Recent(1, 3), noise(2 * MEMORY, 3)
    values[:, 2] = 20 - values[:, 0]
    told(recent, values)
    cross = recent.past(0).cross
    alike = cross[0, 2] / np.sqrt(cross[0, 0] * cross[2, 2])
    assert alike == pytest.approx(-1, abs=0.01)
    assert abs(cross[0, 1] / np.sqrt(cross[0, 0] * cross[1, 1])) < 0.1


def test_it_does_not_matter_how_rows_are_cut_or_whether_a_state_lies_between() -> None:
    values = noise(900)
    values[300:320, 1] = np.nan
    whole, parts = Recent(1, 2), Recent(1, 2)
    told(whole, values, half=2.0)
    for first in range(0, 900, 7):
        told(parts, values[first : first + 7], first, half=2.0)
        kept, parts = parts.state(), Recent(1, 2)
        parts.restore(kept)
    for name, kept in whole.state().items():
        np.testing.assert_array_equal(kept, parts.state()[name], err_msg=name)


def test_rows_that_do_not_count_leave_no_trace() -> None:
    recent = Recent(1, 2)
    values = noise(100)
    rows = np.zeros(100, np.intp), np.arange(100) * MINUTE, values, values, values
    recent.add(*rows, np.zeros(100, np.bool_))
    assert len(recent.past(0).rows.at) == 0


def test_where_time_steps_back_it_begins_anew() -> None:
    recent = Recent(1, 2)
    told(recent, noise(300), first=1000)
    told(recent, noise(20), first=0)
    past = recent.past(0)
    assert len(past.rows.at) == 20
    assert past.far.at.max() < 20 * MINUTE


def test_an_asset_can_be_forgotten_and_the_others_stand() -> None:
    recent = Recent(2, 2)
    values = noise(100)
    asset = np.arange(100) % 2
    at, none = np.arange(100) * MINUTE, np.full(values.shape, NAN)
    recent.add(asset.astype(np.intp), at, values, none, none, np.ones(100, np.bool_))
    recent.forget(0)
    assert len(recent.past(0).rows.at) == 0
    assert len(recent.past(1).rows.at) == NEAR
