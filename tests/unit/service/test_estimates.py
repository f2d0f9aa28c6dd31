from __future__ import annotations

import math

import numpy as np
import pytest

from core.clock import HOUR, MINUTE
from core.life import CannotSay, LifeEstimate, Remaining
from service.estimates import Estimates, names_of

NAMES = ("a", "b", "c")


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Three assets speak in turn for a day, each at a pace of its own."""
    made = [
        (minute * MINUTE + asset, asset)
        for asset, every in enumerate((7, 61, 240))
        for minute in range(0, 24 * 60, every)
    ]
    at, asset = zip(*sorted(made), strict=True)
    return np.array(asset, np.intp), np.array(at, np.int64)


def due(cuts: list[int]) -> list[tuple[int, int]]:
    """Return which assets are due at what time, where the rows come in pieces cut there."""
    asset, at = rows()
    made, found = Estimates(NAMES), []
    for piece in np.split(np.arange(len(at)), cuts):
        for places, turned in made.parts(asset[piece], at[piece]):
            assert set(turned) <= set(places)
            for who in set(asset[piece][turned].tolist()):
                last = places[asset[piece][places] == who][-1]
                assert last in turned, "a row that comes later is seen before the estimate"
            found += zip(asset[piece][turned].tolist(), at[piece][turned].tolist(), strict=True)
    return sorted(found)


def test_an_estimate_is_due_at_the_first_row_of_each_hour_of_each_asset() -> None:
    found = due([])
    assert [at // HOUR for asset, at in found if asset == 0] == list(range(24))
    assert [at // HOUR for asset, at in found if asset == 1] == list(range(24))
    assert [at // HOUR for asset, at in found if asset == 2] == list(range(0, 24, 4))


@pytest.mark.parametrize("cuts", [[1], [50, 51, 200], list(range(1, 230))])
def test_it_hangs_on_no_cut(cuts: list[int]) -> None:
    assert due(cuts) == due([])


def test_every_row_is_seen_once_and_in_order() -> None:
    asset, at = rows()
    seen = np.concatenate([places for places, _ in Estimates(NAMES).parts(asset, at)])
    assert sorted(seen.tolist()) == list(range(len(at)))
    for who in range(3):
        assert np.all(np.diff(at[seen[asset[seen] == who]]) > 0)


def test_what_cannot_be_said_leaves_a_gap() -> None:
    left = Remaining(1.0, 2.0, math.inf)
    lives = [
        (1, LifeEstimate("b", 5, "wear", 0.5, left, "")),
        (2, LifeEstimate("c", 6, "wear", 0.5, CannotSay("learning", "too early"), "")),
    ]
    (block,) = Estimates(NAMES).kept(lives)
    assert [(one.asset, one.at, one.name, one.value) for one in block] == [
        ("b", 5, name, value)
        for name, value in zip(names_of("wear"), (1.0, 2.0, math.inf), strict=True)
    ]


def test_it_goes_on_where_it_stopped() -> None:
    asset, at = rows()
    first, second = Estimates(NAMES), Estimates(NAMES)
    list(first.parts(asset[:50], at[:50]))
    second.restore(first.state())
    ours, theirs = ([one.parts(asset[50:], at[50:])] for one in (first, second))
    for one, other in zip(*(list(given[0]) for given in (ours, theirs)), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_machine_that_is_well_is_told_once_a_day_at_whatever_hour_it_speaks() -> None:
    made, asset = Estimates(NAMES), np.array([0, 1], np.intp)
    health, told = np.array([math.nan, 0.5]), []
    for hour in range(0, 72, 5):
        if hour % 24 > 6:
            at = np.full(2, hour * HOUR)
            told.append((hour, *made.wanted(asset, health, at).tolist()))
    assert [hour for hour, well, _ in told if well] == [10, 35, 55]
    assert all(falling for *_, falling in told)


def test_the_day_is_kept_over_a_restart_and_a_state_of_before_it_opens() -> None:
    made, later, older = (Estimates(NAMES) for _ in range(3))
    asset, well, at = np.array([0], np.intp), np.array([1.0]), np.array([9 * HOUR])
    assert made.wanted(asset, well, at)
    later.restore(made.state())
    older.restore({"hour": made.state()["hour"]})
    assert not later.wanted(asset, well, at)
    assert older.wanted(asset, well, at)
