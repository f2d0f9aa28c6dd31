"""The ways in which a machine runs, found in its operating channels."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import MINUTE
from models.regimes import Regimes, regimes, told_apart
from tests.regimes import loads, stays

SEEDS = range(8)


def number(operating: np.ndarray) -> int:
    label = told_apart(operating)
    return len(set(label[label >= 0].tolist()))


def learned(operating: np.ndarray, values: np.ndarray | None = None) -> Regimes:
    at = np.arange(len(operating), dtype=np.int64) * MINUTE
    return regimes(operating, at, operating if values is None else values)


@pytest.mark.parametrize("levels", [(50.0, 80.0), (40.0, 60.0, 100.0), (30.0, 50.0, 75.0, 110.0)])
@pytest.mark.parametrize("count", [400, 2000])
def test_as_many_regimes_are_found_as_there_are_loads(
    levels: tuple[float, ...], count: int
) -> None:
    found = [number(loads(seed, count, levels)) for seed in SEEDS]
    assert found.count(len(levels)) >= len(found) - 1


@pytest.mark.parametrize("count", [80, 400, 2000])
def test_noise_of_any_shape_is_one_regime(count: int) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        elliptic = rng.normal(size=(count, 3)) @ rng.normal(size=(3, 3)) + 50
        heavy = rng.standard_t(3, (count, 2)) + 50
        skewed = np.exp(rng.normal(size=(count, 1)))
        flat = 30 + 30 * rng.random((count, 2))
        assert [number(each) for each in (elliptic, heavy, skewed, flat)] == [1, 1, 1, 1]


def test_a_load_that_follows_the_day_is_one_regime() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        day = np.sin(np.arange(1000) * 2 * np.pi / 144)[:, None] * [10, 3]
        assert number(50 + day + rng.normal(size=(1000, 2)) * 0.5) == 1


def test_a_machine_that_goes_to_and_fro_all_the_time_is_in_one_regime() -> None:
    rng = np.random.default_rng(1)
    assert number((stays(rng, 1000, (50, 80), 3) + rng.normal(size=1000))[:, None]) == 1


def test_what_is_only_passed_through_is_no_regime() -> None:
    rng = np.random.default_rng(2)
    load = np.convolve(stays(rng, 1000, (50, 80)), np.ones(4) / 4, "valid")
    found = learned((load + rng.normal(size=len(load)))[:, None])
    assert sorted(np.round(found.centre[:, 0], -1).tolist()) == [50, 80]
    assert (found.high - found.low < 12).all()


def test_the_same_rows_give_the_same_regimes() -> None:
    rows = loads(3, 800, (50, 80))
    one, other = learned(rows), learned(rows.copy())
    assert np.array_equal(one.low, other.low)
    assert np.array_equal(one.margin, other.margin)


def test_a_channel_that_never_said_anything_tells_nothing() -> None:
    rows = loads(4, 600, (50, 80))
    rows[:, 1] = np.nan
    rows[::7, 0] = np.nan
    assert len(learned(rows).centre) == 2


def test_how_long_a_machine_takes_to_settle_is_learned() -> None:
    rng = np.random.default_rng(5)
    load = stays(rng, 1500, (50, 80), 60)
    warm, now = np.empty(1500), load[0]
    for i, asked in enumerate(load):
        now += 0.3 * (asked - now)
        warm[i] = now
    operating = (load + rng.normal(size=1500))[:, None]
    quick = learned(operating, operating).settle
    slow = learned(operating, (warm + 0.1 * rng.normal(size=1500))[:, None]).settle
    assert quick <= 3 * MINUTE
    assert 4 * MINUTE <= slow <= 15 * MINUTE
