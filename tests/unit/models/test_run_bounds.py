"""Units unlike any that was learned from, in when, how often or how long they were seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.life import CannotSay, Remaining
from models.run_bounds import standing
from models.run_life import HIGH, LOW, RunLife
from models.run_life_fit import fit
from models.run_life_kept import kept, restored
from tests.fleets import CHANNELS, QUICK, fleet, runs

FAST = replace(QUICK, nets=0, iterations=10)


@pytest.fixture(scope="module")
def model() -> RunLife:
    return fit(runs(fleet()), course=QUICK)[0]


@pytest.fixture
def unit() -> pd.DataFrame:
    return fleet(1, seed=5)


def said(model: RunLife, frame: pd.DataFrame) -> Remaining | CannotSay:
    return model.latest(runs(frame)).at(0)


def declined(model: RunLife, frame: pd.DataFrame) -> tuple[str, str]:
    found = said(model, frame)
    assert isinstance(found, CannotSay), found
    return found.reason, found.words


def test_a_unit_of_which_only_the_last_rows_are_given_is_declined(
    model: RunLife, unit: pd.DataFrame
) -> None:
    assert isinstance(said(model, unit.iloc[4:]), Remaining)
    reason, words = declined(model, unit.iloc[-20:])
    assert reason == "too_short"
    assert f"begin at an age of {len(unit) - 19}, but must at 6 or before" in words
    assert "all rows since it was new are needed" in words
    assert declined(model, unit.iloc[-3:])[1] == declined(model, unit.iloc[-3:-1])[1]


def test_a_unit_whose_age_does_not_count_from_when_it_was_new_is_declined(
    model: RunLife, unit: pd.DataFrame
) -> None:
    reason, words = declined(model, unit.assign(cycle=unit["cycle"] - 100))
    assert reason == "too_short"
    assert "begin at an age of -99, but must at 0 or after" in words


@pytest.mark.parametrize(("pace", "how"), [(3.0, "farther apart"), (0.2, "closer")])
def test_rows_at_another_spacing_are_declined(
    model: RunLife, unit: pd.DataFrame, pace: float, how: str
) -> None:
    other = unit.iloc[::3] if pace > 1 else unit.assign(cycle=unit["cycle"] * pace)
    reason, words = declined(model, other)
    assert reason == "other_spacing"
    assert f"{how} than" in words
    assert "those that were learned from: 0.667 to 1.5 between" in words


def test_a_time_in_another_unit_is_told_by_its_spacing(model: RunLife, unit: pd.DataFrame) -> None:
    minutes = unit.assign(cycle=unit["cycle"] * 60)
    assert declined(model, minutes)[0] == "other_spacing"
    assert declined(model, minutes.iloc[:4])[0] == "too_short"


def test_gaps_and_rows_at_the_same_time_are_no_other_spacing(
    model: RunLife, unit: pd.DataFrame
) -> None:
    rng = np.random.default_rng(1)
    gaps = unit[(rng.random(len(unit)) < 0.75) | (unit["cycle"] < 3)]
    assert isinstance(said(model, gaps), Remaining)
    assert isinstance(said(model, pd.concat([unit, unit.iloc[30:50]])), Remaining)


def test_what_is_said_of_a_row_rests_on_no_later_spacing(
    model: RunLife, unit: pd.DataFrame
) -> None:
    later = unit.assign(cycle=np.where(unit["cycle"] > 30, unit["cycle"] * 9 - 240, unit["cycle"]))
    found = model.forecast(runs(later)).reason
    assert not found[5:30].any()
    assert found[-1] != ""


def test_sensors_that_stand_still_are_declined_by_name(model: RunLife, unit: pd.DataFrame) -> None:
    stuck = fleet(1, seed=5, loads=False)
    stuck.loc[stuck.index[-12:], "heat"] = stuck["heat"].iloc[-12] * (1 + 1e-12 * np.arange(12))
    reason, words = declined(model, stuck)
    assert reason == "sensors_distrusted"
    assert words.endswith("as they stand still: heat")
    reasons = model.forecast(runs(stuck)).reason
    assert not reasons[5:-3].any(), "up to nine alike may be chance"
    assert set(reasons[-3:]) == {"sensors_distrusted"}
    channels = list(CHANNELS)
    unit[channels] = unit[channels].iloc[0].to_numpy()
    assert declined(model, unit)[0] == "sensors_distrusted"


def test_a_channel_that_often_stood_still_in_training_may_do_so() -> None:
    frame = fleet(14)
    frame["level"] = frame.groupby("unit")["level"].transform(lambda each: each.iloc[0])
    model, _ = fit(runs(frame), course=FAST)
    asked = fleet(1, seed=5)
    asked["level"] = frame["level"].iloc[0]
    assert isinstance(said(model, asked), Remaining)
    assert "heat" in declined(model, asked.assign(heat=asked["heat"].iloc[0]))[1]


def test_gaps_neither_break_nor_lengthen_what_stands_still() -> None:
    frame = fleet(2)
    frame["heat"] = 1.0
    frame.loc[frame.index[3:5], "heat"] = np.nan
    frame.loc[7, "heat"] = 2.0
    table = runs(frame)
    count = standing(table, table.columns(("heat",)))[:, 0]
    assert count[:10].tolist() == [1, 2, 3, 3, 3, 4, 5, 1, 1, 2]
    assert count[table.edges[1]] == 1


def test_a_unit_far_older_than_any_is_declined_though_it_is_worn(
    model: RunLife, unit: pd.DataFrame
) -> None:
    worn = unit.tail(40)
    whole = pd.concat([unit.head(30), *[worn] * 6], ignore_index=True)
    whole["cycle"] = np.arange(1, len(whole) + 1)
    assert whole["cycle"].max() > 1.5 * fleet()["cycle"].max()
    assert model.latest(runs(whole)).health[0] < 0.7
    assert declined(model, whole) == ("too_old", "it is far older than any that was learned from")


def test_an_interval_that_tells_no_more_than_knowing_nothing_is_declined(model: RunLife) -> None:
    stretched = replace(model, stretch=replace(model.stretch, above=model.stretch.above + 1.5))
    found = stretched.forecast(runs(fleet(3, seed=4)))
    width = found.course[:, HIGH] - found.course[:, LOW]
    assert model.doubt.bounds is not None
    left = fleet()["truth"].quantile([0.05, 0.95]).to_numpy()  # units of like length
    assert model.doubt.bounds.widest == pytest.approx(left[1] - left[0], rel=0.15)
    wide = width > model.doubt.bounds.widest
    seen = found.reason != "too_short"
    assert 0.05 < wide[seen].mean() < 0.95
    assert np.array_equal(found.reason[seen] == "too_wide", wide[seen])
    assert np.isfinite(found.rul).all(), "what a benchmark reads is there all the same"


def test_a_model_declines_hardly_any_of_the_rows_it_was_learned_from() -> None:
    frame = fleet(16, seed=3)
    number = frame["unit"].str[1:].astype(int)
    frame = frame[(frame["cycle"] > number) & ((number % 3 > 0) | (frame["cycle"] % 3 == 0))]
    table = runs(frame)
    model, _ = fit(table, course=FAST)
    found = model.forecast(table)
    place = np.arange(len(table.time)) - table.edges[table.unit]
    assert (found.reason[place >= 4] != "").mean() < 0.01


def test_rows_that_came_twice_in_training_may_do_so() -> None:
    model, _ = fit(runs(pd.concat([fleet(14)] * 2, ignore_index=True)), course=FAST)
    assert isinstance(said(model, pd.concat([fleet(1, seed=5)] * 2)), Remaining)


def test_one_unit_that_began_late_does_not_teach_that_all_may() -> None:
    frame = fleet(24)
    frame = frame[(frame["unit"] != "u3") | (frame["cycle"] > 40)]
    model, _ = fit(runs(frame), course=FAST)
    assert declined(model, fleet(1, seed=5).iloc[30:])[0] == "too_short"


def test_a_model_of_before_there_were_bounds_declines_as_it_did(model: RunLife) -> None:
    facts, arrays = kept(model)
    again = restored(facts, arrays)
    assert again.doubt.bounds is not None
    frame = pd.concat([fleet(2, seed=4).iloc[::3], fleet(1, seed=5).iloc[-30:].assign(unit="x")])
    assert again.latest(runs(frame)).words.tolist() == model.latest(runs(frame)).words.tolist()
    del facts["bounds"], arrays["bounds.still"]
    old = restored(facts, arrays)
    assert old.doubt.bounds is None
    assert old.latest(runs(frame)).reason.tolist() == ["", "", ""]
    assert old.latest(runs(fleet(1, seed=5).iloc[:3])).reason.tolist() == ["too_short"]
