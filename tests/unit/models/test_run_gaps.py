"""Rows that are missing: the life left is lowered by as much as features are behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import Refused
from core.life import LEVELS
from core.readings import Bools, Floats
from models.run_gaps import NONE, lowered
from models.run_life import HIGH, LOW, MIDDLE, RunForecast, RunLife, told_by
from models.run_life_fit import fit
from models.run_life_kept import kept, restored
from tests.fleets import CHANNELS, QUICK, fleet, runs


@pytest.fixture(scope="module")
def model() -> RunLife:
    return fit(runs(fleet(40)), course=QUICK)[0]


def dropped(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    """Leave out a share of the rows at random, but none of the first two."""
    kept_rows = np.random.default_rng(1).random(len(frame)) >= share
    return frame[kept_rows | (frame["cycle"] < 3)]


def held(found: RunForecast, frame: pd.DataFrame) -> Bools:
    truth = frame["truth"].to_numpy()
    inside: Bools = (found.course[:, LOW] <= truth) & (truth <= found.course[:, HIGH])
    return inside


def width(found: RunForecast) -> Floats:
    spread: Floats = found.course[:, HIGH] - found.course[:, LOW]
    return spread


def test_intervals_hold_where_rows_are_missing(model: RunLife) -> None:
    frame = dropped(fleet(40, seed=11), 0.3)
    blind = replace(model, gaps=NONE).forecast(runs(frame))
    found = model.forecast(runs(frame))
    late = frame["truth"].to_numpy() < 40
    assert held(blind, frame)[late].mean() < 0.75
    assert held(found, frame)[late].mean() > 0.87
    assert width(found)[late].mean() < width(blind)[late].mean() + 3  # rows
    assert np.array_equal(found.course[:, HIGH], blind.course[:, HIGH])
    least = np.maximum(blind.course[:, LOW] - found.late, 0)
    assert np.array_equal(found.course[:, LOW], least)
    for each in ("rul", "mean"):
        half = np.maximum(getattr(blind, each) - found.late / 2, 0)
        assert np.array_equal(getattr(found, each), half)


def test_a_hole_is_forgotten_as_rows_come_and_unknown_before(model: RunLife) -> None:
    unit = fleet(2, seed=9)
    unit = unit[unit["unit"] == "u1"]
    gone = unit["cycle"].between(len(unit) - 50, len(unit) - 31)
    whole, found = (model.forecast(runs(each)) for each in (unit, unit[~gone]))
    first = len(unit) - 51  # the row after those that are missing
    assert np.array_equal(found.course[:first], whole.course[:first])
    assert found.late[first] == pytest.approx(20 * 14 / 16, rel=0.02)
    assert (np.diff(found.late[first:]) < 0).all()
    assert found.late[-1] < 1


@pytest.mark.parametrize("rows", [3, 5])
def test_cells_that_are_missing_count_by_what_their_channel_tells(
    model: RunLife, rows: int
) -> None:
    unit = fleet(1, seed=5).iloc[:80]
    some, every = unit.copy(), unit.copy()
    some.loc[some.index[-rows:], "heat"] = np.nan
    every.loc[every.index[-rows:], list(CHANNELS)] = np.nan
    share = told_by(model.members)[model.regimes.names.index("heat")]
    one, all_ = (float(model.latest(runs(each)).late[0]) for each in (some, every))
    borne = model.gaps.borne
    assert one + borne == pytest.approx(share * (all_ + borne), rel=1e-6)
    assert all_ == pytest.approx(rows - borne, rel=0.35)
    assert model.latest(runs(every)).reason[0] == ""


@pytest.mark.parametrize("dead", [["heat"], list(CHANNELS)])
def test_channels_that_fall_silent_are_declined_and_named(model: RunLife, dead: list[str]) -> None:
    unit = fleet(1, seed=5).iloc[:80]
    unit.loc[unit.index[-6:], dead] = np.nan
    found = model.latest(runs(unit))
    told = [name for name in dead if name != "level" or len(dead) > 1]
    assert found.reason[0] == "channel_missing"
    assert found.words[0].endswith(f"say nothing: {', '.join(told)}")


def test_a_channel_may_fall_silent_for_as_long_as_it_did_in_training() -> None:
    frame = fleet(40)
    frame.loc[frame["cycle"] % 4 > 0, list(CHANNELS)] = np.nan
    made, checked = fit(runs(frame), course=QUICK)
    assert 0.85 <= checked.coverage() <= 0.97
    unit = fleet(1, seed=5).iloc[:80]
    unit.loc[unit["cycle"] % 4 > 0, list(CHANNELS)] = np.nan
    assert made.forecast(runs(unit)).reason[5:].tolist() == [""] * 75
    unit.loc[unit.index[-8:], "heat"] = np.nan
    assert made.latest(runs(unit)).reason[0] == "channel_missing"


def test_a_unit_too_much_is_missing_of_says_that_rows_are(model: RunLife) -> None:
    assert model.doubt.bounds is not None
    bounds = replace(model.doubt.bounds, widest=30.0)
    tight = replace(model, doubt=replace(model.doubt, bounds=bounds))
    unit = fleet(1, seed=5).iloc[:-20]
    unit = unit[~unit["cycle"].between(len(unit) - 36, len(unit) - 2)]
    found = tight.latest(runs(unit))
    assert found.reason[0] == "too_wide"
    assert found.words[0].startswith("rows of it are missing: what its model says")
    assert replace(tight, gaps=NONE).latest(runs(unit)).reason[0] == ""


def test_where_a_machine_stood_no_rows_are_missing(model: RunLife) -> None:
    unit = fleet(1, seed=5)
    table = runs(unit[~unit["cycle"].between(60, 90)].iloc[:70])
    stood = np.where(table.time > 60, table.time - 31, table.time)
    assert model.latest(table).late[0] > 5
    assert model.latest(replace(table, clock=stood)).late[0] == 0


def test_every_level_is_lowered_least_life_most_and_stays_in_order() -> None:
    course = np.linspace(6.0, 14.0, len(LEVELS))[None, :].repeat(3, axis=0)
    found = lowered(course, np.array([0.0, 4.0, 9.0]))
    assert np.array_equal(found[0], course[0])
    assert (np.diff(found[1]) >= 0).all()
    assert found[1, LOW] == pytest.approx(course[1, LOW] - 4)
    assert found[2, LOW] == 0
    assert found[1, MIDDLE] == pytest.approx(course[1, MIDDLE] - 2)
    assert found[1, HIGH] == course[1, HIGH]


def test_rows_at_one_pace_change_nothing_at_all(model: RunLife) -> None:
    table = runs(fleet(6, seed=4))
    assert not model.forecast(table).late.any()


def test_what_was_missing_in_training_too_lowers_nothing() -> None:
    made, checked = fit(runs(dropped(fleet(40), 0.3)), course=QUICK)
    frame = dropped(fleet(20, seed=5), 0.3)
    found = made.forecast(runs(frame))
    assert (found.late > 0).mean() < 0.03
    assert 0.8 <= checked.coverage() <= 0.98


def test_a_model_of_before_there_were_gaps_says_what_it_said(model: RunLife) -> None:
    facts, arrays = kept(model)
    assert restored(facts, arrays).gaps == model.gaps
    del facts["gaps"]
    assert restored(facts, arrays).gaps == NONE


@pytest.mark.parametrize("gaps", [[-1.0, 0.0], [1.0, float("nan")], [1.0, 0.0, 0.0], ["x", 0.0]])
def test_gaps_that_there_cannot_be_are_refused(model: RunLife, gaps: list[object]) -> None:
    facts, arrays = kept(model)
    with pytest.raises(Refused, match="damaged"):
        restored(facts | {"gaps": gaps}, arrays)
