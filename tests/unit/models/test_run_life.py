"""Remaining life from runs to failure: right, held to intervals, and silent where it must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from core.errors import Refused
from core.life import LEVELS, CannotSay, Remaining
from models.run_life import HIGH, LOW, MIDDLE, RunLife
from models.run_life_fit import Checked, fit
from models.run_life_kept import kept, restored
from models.run_spread import STEEP, Lift
from tests.fleets import QUICK, fleet, runs


@pytest.fixture(scope="module")
def fitted() -> tuple[RunLife, Checked]:
    return fit(runs(fleet()), course=QUICK)


@pytest.fixture(scope="module")
def model(fitted: tuple[RunLife, Checked]) -> RunLife:
    return fitted[0]


def test_life_left_of_new_units_is_told_with_intervals_that_hold(model: RunLife) -> None:
    frame = fleet(60, seed=2)
    table = runs(frame)
    said = model.forecast(table)
    late = frame["truth"].to_numpy() < 25
    judged = late & (said.reason == "")
    off = said.rul[judged] - frame["truth"].to_numpy()[judged]
    assert np.sqrt(np.mean(off**2)) < 8
    truth = frame["truth"].to_numpy()
    held = (said.course[:, LOW] <= truth) & (truth <= said.course[:, HIGH])
    assert 0.8 <= held.mean() <= 0.98
    assert (said.reason != "").mean() < 0.08  # the first four rows of each unit
    assert (np.diff(said.course, axis=1) >= 0).all()
    assert said.course.min() >= 0


def test_a_fit_says_how_it_did_on_units_left_out(fitted: tuple[RunLife, Checked]) -> None:
    checked = fitted[1]
    assert 0.85 <= checked.coverage() <= 0.97
    assert len(checked.coverage_by_third()) == 3
    assert checked.width < checked.constant_width
    assert checked.error(20) < checked.error()


def test_a_fit_keeps_to_one_thread_so_that_sums_round_the_same_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looking(_: object) -> None:
        raise Refused(str({part["num_threads"] for part in threadpool_info()}))

    monkeypatch.setattr("models.run_regimes.learn", looking)
    with threadpool_limits(2), pytest.raises(Refused, match=r"^\{1\}$"):
        fit(runs(fleet()), course=QUICK)


def test_what_is_said_of_a_row_rests_on_no_later_one(model: RunLife) -> None:
    frame = fleet(3, seed=3)
    whole = model.forecast(runs(frame))
    short = frame[frame["cycle"] <= 40]
    begun = model.forecast(runs(short))
    same = (frame["cycle"] <= 40).to_numpy()
    assert np.allclose(whole.rul[same], begun.rul)
    assert np.allclose(whole.course[same], begun.course)


def test_what_is_said_of_the_last_rows_alone_is_what_is_said_of_all(model: RunLife) -> None:
    table = runs(fleet(5, seed=6, cut=True))
    whole, last = model.forecast(table), model.latest(table)
    assert np.array_equal(last.course, whole.course[table.last])
    assert np.allclose(last.rul, whole.rul[table.last], rtol=1e-12)
    assert np.array_equal(last.reason, whole.reason[table.last])


def test_a_model_that_was_kept_says_the_same(model: RunLife) -> None:
    facts, arrays = kept(model)
    table = runs(fleet(4, seed=4))
    again = restored(facts, arrays).forecast(table)
    assert np.array_equal(again.course, model.forecast(table).course)


def test_a_model_of_before_there_were_networks_still_opens(model: RunLife) -> None:
    facts, arrays = kept(model)
    del facts["share"], facts["lift"]
    old = restored(facts, {name: each for name, each in arrays.items() if ".net" not in name})
    said = old.forecast(runs(fleet(2, seed=4)))
    assert np.isfinite(said.rul).all()
    assert old.basis.startswith("boosted trees on")


def test_networks_count_for_as_much_as_units_left_out_show(model: RunLife) -> None:
    assert 0 < model.share <= 1
    assert "boosted trees and networks" in model.basis
    alone, _ = fit(runs(fleet(12)), course=replace(QUICK, nets=0, iterations=5))
    assert alone.share == 0


def test_no_less_is_said_than_most_alike_outlived(fitted: tuple[RunLife, Checked]) -> None:
    model, checked = fitted
    table = runs(fleet(20, seed=8))
    plain, lifted = replace(model, lift=Lift()).forecast(table), model.forecast(table)
    assert (lifted.rul >= plain.rul).all()
    more = lifted.rul > plain.rul
    assert 0.02 < more.mean() < 0.7
    fresh = plain.health > 0.8
    assert fresh[more].all()  # near the end, channels tell better than the past
    assert (lifted.rul <= plain.course[:, MIDDLE])[more].mean() > 0.95
    assert np.array_equal(lifted.course, plain.course)
    assert np.array_equal(lifted.health, plain.health)
    assert checked.rul.max() > model.spread.cap  # what is checked is what is said


def test_a_model_of_before_there_was_a_lift_says_what_it_said(model: RunLife) -> None:
    facts, arrays = kept(model)
    del facts["lift"]
    table = runs(fleet(4, seed=4))
    said = restored(facts, arrays).forecast(table)
    assert np.array_equal(said.rul, replace(model, lift=Lift()).forecast(table).rul)
    assert said.rul.max() <= model.spread.cap
    assert model.forecast(table).rul.max() > model.spread.cap


def test_what_is_outlived_does_not_jump_with_what_is_said(model: RunLife) -> None:
    said = np.linspace(0.5, 1.0, 4001) * model.spread.cap
    course, outlived = model.spread.of(said, np.full(len(said), 30.0), Lift(0.175))[1:]
    whole = model.spread.left.max()
    assert np.abs(np.diff(outlived)).max() < 0.005 * whole
    low, high = (course[:, LEVELS.index(level)] for level in (0.1, 0.25))
    assert ((low <= outlived) & (outlived <= high)).all()
    assert not model.spread.of(said, said, Lift())[2].any()


def test_beyond_the_cap_more_is_said_up_to_what_fewer_outlived(model: RunLife) -> None:
    said, cap = np.linspace(0.5, 1.0, 4001) * model.spread.cap, model.spread.cap
    age = np.full(len(said), 30.0)
    surely, further, both = (
        model.spread.of(said, age, lift)[2] for lift in (Lift(0.3), Lift(0.45), Lift(0.3, 0.45))
    )
    below = surely <= cap
    assert 0 < below.mean() < 1
    assert np.array_equal(both[below], surely[below])
    assert ((surely <= both) & (both <= further))[~below].all()
    assert (both[~below] > surely[~below]).mean() > 0.9
    assert (both[~below] - cap <= STEEP * (surely[~below] - cap) + 1e-9).all()
    assert np.abs(np.diff(both)).max() < STEEP * np.abs(np.diff(surely)).max() + 1e-9


def test_a_model_whose_lift_was_one_number_says_what_it_said(model: RunLife) -> None:
    facts, arrays = kept(model)
    facts["lift"] = 0.175
    table = runs(fleet(4, seed=4))
    said = restored(facts, arrays).forecast(table)
    assert np.array_equal(said.rul, replace(model, lift=Lift(0.175)).forecast(table).rul)


@pytest.mark.parametrize("harm", ["short", "missing", "loop", "layer", "share", "lift", "bounds"])
def test_a_damaged_model_is_refused(model: RunLife, harm: str) -> None:
    facts, arrays = kept(model)
    if harm == "short":
        arrays["regimes.mean"] = arrays["regimes.mean"][:, :1]
    elif harm == "missing":
        del arrays["member0.cut"]
    elif harm == "layer":
        arrays["member0.net0.weight1"] = arrays["member0.net0.weight1"][:3]
    elif harm == "share":
        facts["share"] = 1.5
    elif harm == "bounds":
        arrays["bounds.still"] = arrays["bounds.still"][:1]
    elif harm == "lift":
        facts["lift"] = [0.2, 1.0]
    else:
        arrays["member0.left"] = np.zeros_like(arrays["member0.left"])
    with pytest.raises(Refused, match="damaged"):
        restored(facts, arrays)


def last(model: RunLife, frame: pd.DataFrame) -> Remaining | CannotSay:
    table = runs(frame)
    return model.forecast(table).at(int(table.last[0]))


def reason(model: RunLife, frame: pd.DataFrame) -> str:
    said = last(model, frame)
    assert isinstance(said, CannotSay), said
    assert said.words
    return said.reason


def test_a_regime_never_seen_is_declined(model: RunLife) -> None:
    frame = fleet(1, seed=5)
    assert isinstance(last(model, frame), Remaining)
    frame.loc[frame.index[-10:], ["load", "speed"]] = (1.6, 55.0)
    assert reason(model, frame) == "new_regime"


def test_sensors_that_were_swapped_are_declined(model: RunLife) -> None:
    frame = fleet(1, seed=5)
    frame[["heat", "flow"]] = frame[["flow", "heat"]].to_numpy()
    assert reason(model, frame) == "sensors_distrusted"


def test_a_sensor_that_contradicts_the_others_is_declined(model: RunLife) -> None:
    frame = fleet(1, seed=5)
    frame.loc[frame.index[-20:], "heat"] -= 40  # colder than ever, while all else is worn
    said = last(model, frame)
    assert isinstance(said, CannotSay)
    assert said.reason == "sensors_distrusted"
    assert said.words.endswith("heat most of all")


@pytest.mark.parametrize(("colder", "believed"), [(2.0, True), (5.0, False)])
def test_how_far_a_sensor_may_stray_hangs_on_how_far_any_did(
    model: RunLife, colder: float, believed: bool
) -> None:
    frame = fleet(1, seed=5)
    frame.loc[frame.index[-20:], "heat"] -= colder
    assert isinstance(last(model, frame), Remaining if believed else CannotSay)


def test_a_unit_that_does_not_degrade_is_declined(model: RunLife) -> None:
    some = [fleet(1, seed=s, wears=False) for s in range(6, 10)]
    frame = pd.concat(some, ignore_index=True)
    frame["unit"], frame["cycle"] = "u0", np.arange(1, len(frame) + 1)
    assert reason(model, frame) == "not_falling"


def test_a_unit_hardly_begun_is_declined(model: RunLife) -> None:
    assert reason(model, fleet(1, seed=5).iloc[:3]) == "too_short"


def test_a_unit_whose_channels_are_silent_is_declined(model: RunLife) -> None:
    frame = fleet(1, seed=5)
    frame[["heat", "shake", "flow"]] = np.nan
    assert reason(model, frame) == "channel_missing"


def test_there_are_no_more_members_than_units_that_failed() -> None:
    made, checked = fit(runs(fleet(11)), course=replace(QUICK, folds=15, nets=0, iterations=5))
    assert len(made.members) == 11
    assert len(np.unique(checked.unit)) == 11


def test_too_few_failures_are_refused_in_words() -> None:
    with pytest.raises(Refused, match="9 of 9 units have failed; at least 10 must"):
        fit(runs(fleet(9)))


def test_units_that_still_run_are_no_failures_and_lengthen_lives() -> None:
    frame = fleet(40, seed=7)
    early = (frame["truth"] > 40) | (frame["unit"].str[1:].astype(int) % 2 == 0)
    frame = frame[early].copy()
    frame["event"] = (frame["truth"] == 0).astype(int)
    made, checked = fit(runs(frame), course=QUICK)
    assert made.failures == 20
    assert 0.75 <= checked.coverage() <= 0.97
    assert checked.width < 2 * checked.truth.max()


def test_units_that_were_lost_to_sight_tell_how_long_the_others_would_have_lived() -> None:
    frame = fleet(80, seed=7)
    rng = np.random.default_rng(2)
    until = {name: rng.integers(60, 140) for name in frame["unit"].unique()}
    frame = frame[frame["cycle"] <= frame["unit"].map(until)].copy()
    frame["event"] = (frame["truth"] == 0).astype(int)
    made, _ = fit(runs(frame), course=replace(QUICK, nets=0))
    young = fleet(60, seed=12).groupby("unit").head(20)
    left = made.latest(runs(young)).mean.mean()
    assert left == pytest.approx(young.groupby("unit")["truth"].min().mean(), abs=5)
    assert frame.loc[frame["event"] == 1, "cycle"].mean() - 20 < left - 5  # the short-lived failed
