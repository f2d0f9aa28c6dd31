from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import Refused
from core.life import CannotSay, Outlook, Remaining
from models.run_life import RunLife
from models.run_life_fit import fit
from models.run_life_kept import kept, restored
from tests.fleets import QUICK, fleet, runs

CHANNELS = ("heat", "shake", "flow")


@pytest.fixture(scope="module")
def model() -> RunLife:
    return fit(runs(fleet()), course=QUICK)[0]


def last(model: RunLife, frame: pd.DataFrame) -> Outlook:
    return model.latest(runs(frame)).at(0)


def spoiled(frame: pd.DataFrame, channel: str, row: int, value: float) -> pd.DataFrame:
    frame = frame.copy()
    frame.loc[frame.index[row], channel] = value
    return frame


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("row", [0, 3, 9, -3, -1])
@pytest.mark.parametrize("value", [0.0, -9999.0, 1e6])
def test_a_wild_value_counts_as_missing(
    channel: str, row: int, value: float, model: RunLife
) -> None:
    unit = fleet(1, seed=5).iloc[:-4]
    odd = last(model, spoiled(unit, channel, row, value))
    assert isinstance(odd, Remaining)
    assert odd == last(model, spoiled(unit, channel, row, np.nan))


def test_sound_values_and_levels_that_stay_are_none(model: RunLife) -> None:
    frame = fleet(6, seed=8)
    assert not model.regimes.wild(runs(frame)).any()
    unit = fleet(1, seed=5)
    unit.loc[unit.index[40:], "heat"] += 300
    odd = model.regimes.wild(runs(unit))[:, model.regimes.names.index("heat")]
    assert np.flatnonzero(odd).tolist() == [40, 41, 42]


def test_a_wild_value_in_training_switches_no_doubt_off() -> None:
    made, checked = fit(runs(spoiled(fleet(), "heat", 500, -9999.0)), course=QUICK)
    assert made.regimes.wild(runs(spoiled(fleet(), "heat", 500, -9999.0))).sum() == 1
    assert 0.85 <= checked.coverage() <= 0.97
    unit = fleet(1, seed=5)
    unit[["heat", "shake"]] = unit[["shake", "heat"]].to_numpy()
    said = last(made, unit)
    assert isinstance(said, CannotSay)
    assert said.reason == "sensors_distrusted"


def test_alarms_and_surges_that_many_units_end_in_are_no_wild_values() -> None:
    frame = fleet(24)
    left = frame["truth"].to_numpy()
    frame["level"] = np.where(left == 9, 1.0, 0.0)
    frame.loc[left == 0, "heat"] += 500
    made, _ = fit(runs(frame), course=QUICK)
    assert "level" in made.regimes.names
    odd = made.regimes.wild(runs(frame))
    assert not odd[:, [made.regimes.names.index(name) for name in ("level", "heat")]].any()
    asked = fleet(20, seed=5)
    asked["level"] = np.where(asked["truth"] == 9, 1.0, 0.0)
    asked = asked[asked["truth"] >= 5]
    said, truth = made.latest(runs(asked)), 5.0
    assert np.sqrt(np.mean((said.rul - truth) ** 2)) < 3


def test_wild_values_of_many_units_anywhere_in_their_lives_are_wild() -> None:
    frame = fleet(24)
    rows = frame.groupby("unit").sample(1, random_state=1).index
    frame.loc[rows, "heat"] = -9999.0
    made, _ = fit(runs(frame), course=QUICK)
    heat = made.regimes.names.index("heat")
    assert made.regimes.wild(runs(frame))[:, heat].sum() == len(rows)
    assert made.regimes.scale[:, heat].max() < 50  # what is usual was learned of the rest


def test_small_leaps_of_a_channel_that_hardly_moves_are_none() -> None:
    frame = fleet(24)
    rng = np.random.default_rng(3)
    steps, apart = rng.normal(0, 1, len(frame)), rng.normal(0, 3, 24)
    each = apart[frame["unit"].str[1:].astype(int)]
    frame["level"] = each + 1e-3 * steps + 2.0 * (np.abs(steps) > 2.6)  # nine in a thousand
    made, _ = fit(runs(frame), course=replace(QUICK, nets=0, iterations=5))
    assert not made.regimes.wild(runs(frame)).any()


def test_a_channel_that_says_nothing_is_named_where_wear_is_told_by_it(model: RunLife) -> None:
    assert isinstance(last(model, fleet(1, seed=5).assign(level=np.nan)), Remaining)
    said = last(model, fleet(1, seed=5).assign(shake=np.nan))
    assert isinstance(said, CannotSay)
    assert (said.reason, said.words) == (
        "channel_missing",
        "channels that it is followed by say nothing: shake",
    )


def test_rows_that_come_twice_are_declined(model: RunLife) -> None:
    said = last(model, pd.concat([fleet(1, seed=5)] * 2))
    assert isinstance(said, CannotSay)
    assert said.reason == "other_spacing"


def test_a_unit_that_is_there_twice_is_refused_by_both_names() -> None:
    copy = fleet(1).assign(unit="again")
    nothing = dict.fromkeys((*CHANNELS, "level", "load", "speed", "still"), np.nan)
    empty = [copy.assign(unit=name, **nothing) for name in ("dead", "deaf")]
    other = copy.assign(unit="other", cycle=copy["cycle"] * 1.01)
    fit(runs(pd.concat([fleet(), *empty, other])), course=replace(QUICK, nets=0, iterations=5))
    with pytest.raises(Refused, match='"again" has the same rows as "u0"; leave out copies'):
        fit(runs(pd.concat([fleet(), copy])), course=QUICK)


def test_a_model_of_before_there_were_any_takes_all_values(model: RunLife) -> None:
    facts, arrays = kept(model)
    assert np.array_equal(restored(facts, arrays).regimes.leap, model.regimes.leap)
    del arrays["regimes.leap"]
    old = restored(facts, arrays)
    assert old.regimes.leap is None
    assert not old.regimes.wild(runs(spoiled(fleet(1, seed=5), "heat", 9, 0.0))).any()
