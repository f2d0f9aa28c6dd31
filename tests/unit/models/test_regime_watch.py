"""Following in which regime a machine runs."""

from __future__ import annotations

import numpy as np

from core.clock import DAY, HOUR, MINUTE
from core.plant import Mode
from models.regime_watch import LATER, Followed, RegimeWatch
from models.regimes import Regimes, regimes
from tests.regimes import loads

STEP = 10 * MINUTE


def found(seed: int = 1) -> Regimes:
    rows = loads(seed, 1000, (50, 80))
    return regimes(rows, np.arange(1000, dtype=np.int64) * STEP, rows)


def watch(assets: int = 1, settle: int | None = 3 * STEP) -> RegimeWatch:
    made = RegimeWatch(assets, 3, settle, 30 * MINUTE)
    for asset in range(assets):
        made.learn(asset, found())
    return made


def follow(made: RegimeWatch, rows: np.ndarray, begin: int = 0, mode: int = 4) -> Followed:
    count = len(rows)
    at = begin + np.arange(count, dtype=np.int64) * STEP
    modes = np.full(count, mode, np.int8)
    return made.follow(np.zeros(count, np.intp), at, np.full(count, STEP), rows, modes)


def at_load(load: float, count: int, seed: int = 7) -> np.ndarray:
    return loads(seed, count, (load,))


def test_a_known_load_is_told_by_its_number() -> None:
    made = watch()
    one, other = follow(made, at_load(50, 20)), follow(made, at_load(80, 20), HOUR)
    assert set(one.mode.tolist()) == {Mode.RUNNING}
    assert len({int(one.regime[-1]), int(other.regime[-1])}) == 2


def test_a_change_of_load_is_masked_until_the_machine_has_settled() -> None:
    modes = follow(watch(), np.concatenate([at_load(50, 5), at_load(80, 9)])).mode
    assert modes.tolist() == [Mode.RUNNING] * 5 + [Mode.TRANSITION] * 3 + [Mode.RUNNING] * 6


def test_a_load_never_seen_is_new_and_said_once_it_has_lasted() -> None:
    said = follow(watch(), np.concatenate([at_load(50, 5), at_load(110, 9)]))
    assert (said.mode[5:] == Mode.NEW_REGIME).all()
    assert np.flatnonzero(said.turned == 1).tolist() == [7]
    assert np.allclose(said.said[7, 0], 110, atol=6)


def test_channels_that_never_came_together_are_new() -> None:
    rows = at_load(80, 6)
    rows[:, 1] = 500
    assert (follow(watch(), rows).mode == Mode.NEW_REGIME).all()


def test_a_single_row_outside_is_not_judged_and_changes_nothing_else() -> None:
    rows = at_load(50, 9)
    rows[4] = 300
    modes = follow(watch(), rows).mode
    assert modes.tolist() == [Mode.RUNNING] * 4 + [Mode.NEW_REGIME] + [Mode.RUNNING] * 4


def test_what_is_new_is_over_when_the_machine_is_back_for_as_long() -> None:
    said = follow(watch(), np.concatenate([at_load(110, 6), at_load(50, 9)]))
    assert np.flatnonzero(said.turned == -1).tolist() == [8]


def test_a_machine_that_stops_is_not_in_a_new_regime() -> None:
    said = follow(watch(), np.zeros((9, 3)), mode=Mode.OFF)
    assert (said.mode == Mode.OFF).all()
    assert not said.turned.any()


def test_a_season_is_nothing_new() -> None:
    made, rows = watch(), at_load(80, 90 * 144)
    drift = np.linspace(0, 6, len(rows))[:, None] * [1, 10, 0]
    said = follow(made, rows + drift)
    assert (said.mode == Mode.NEW_REGIME).mean() < 0.002
    assert not said.turned.any()


def test_a_range_follows_no_farther_than_a_bound() -> None:
    made, rows = watch(), at_load(80, 400 * 144)
    drift = np.linspace(0, 120, len(rows))[:, None] * [1, 10, 0]
    said = follow(made, rows + drift)
    assert said.turned.any()
    assert (said.mode[-1000:] == Mode.NEW_REGIME).all()


def test_the_size_of_a_batch_changes_no_bit() -> None:
    rng = np.random.default_rng(3)
    rows = np.concatenate([at_load(load, 20, n) for n, load in enumerate((50, 80, 110, 65, 50))])
    asset = rng.integers(0, 3, len(rows))
    at = np.arange(len(rows), dtype=np.int64) * STEP
    modes = np.where(rng.random(len(rows)) < 0.1, Mode.OFF, Mode.RUNNING).astype(np.int8)
    passed = np.full(len(rows), STEP)
    whole = watch(3)
    said = whole.follow(asset, at, passed, rows, modes)
    for size in (1, 7):
        cut, parts = watch(3), []
        for first in range(0, len(rows), size):
            part = slice(first, first + size)
            parts.append(cut.follow(asset[part], at[part], passed[part], rows[part], modes[part]))
        for name in Followed.__slots__:
            joined = np.concatenate([getattr(each, name) for each in parts])
            assert np.array_equal(joined, getattr(said, name), equal_nan=name == "said")
        kept, other = whole.state(), cut.state()
        assert all(np.array_equal(kept[n], other[n], equal_nan=True) for n in ("held", "above"))


def test_a_state_goes_on_exactly_as_before() -> None:
    made, again = watch(), RegimeWatch(1, 3, None, 30 * MINUTE)
    follow(made, at_load(110, 5))
    again.restore(made.state())
    rows = np.concatenate([at_load(110, 5), at_load(50, 5)])
    one, other = follow(made, rows, DAY), follow(again, rows, DAY)
    assert np.array_equal(one.mode, other.mode)
    assert np.array_equal(one.turned, other.turned)


def test_regimes_learned_later_are_bounded_and_can_be_taken_back() -> None:
    made = watch()
    for number in range(1, LATER + 1):
        rows = at_load(80 + 40 * number, 200)
        one = regimes(rows, np.arange(200, dtype=np.int64) * STEP, rows, 1)
        assert made.learn(0, one, number)
    assert follow(made, at_load(120, 5)).model.tolist() == [1] * 5
    made.drop(0, 1)
    assert (follow(made, at_load(120, 5), DAY).mode == Mode.NEW_REGIME).all()
    assert follow(made, at_load(200, 5), 2 * DAY).model.tolist() == [LATER] * 5
