"""What `benchmarks.fleet` makes of plays; the smoke test plays one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.fleet import halves, spoiled
from benchmarks.rig.machines import SPOILED, Ill, spoil
from benchmarks.rig.year import Outcome, _held
from core.clock import DAY
from service.backtest_truth import Episode

GOOD = Outcome(1.0, 0.1, 100.0, 1.0, 10, 1.0, 60.0, 0.9, 0.95, 20, 1.0, 1.0, 1000)


def outcome(**classes: Outcome) -> Outcome:
    names = ("centrifugal_pump", "compressor", "electric_motor")
    return replace(GOOD, parts={name: classes.get(name, GOOD) for name in names})


def test_the_settings_of_one_part_are_held_to_the_shipped_on_the_other() -> None:
    better_for_pumps = outcome(
        centrifugal_pump=replace(GOOD, named=1.0), compressor=replace(GOOD, named=0.45)
    )
    halls = {"shipped": [outcome()], "quick": [better_for_pumps]}
    rows = {row.name: row for row in halves(halls, 1.0)}
    named = rows["compressor and electric_motor: true channel among two"]
    assert named.value == (0.45 + 0.9) / 2
    assert named.note == "0.900 as shipped; chosen quick on centrifugal_pump"
    assert round(rows["chosen on one half, most off"].value, 6) == 0.25
    assert rows["centrifugal_pump: true channel among two"].value == 0.9, "shipped is chosen there"


def test_where_settings_do_as_well_the_shipped_are_chosen() -> None:
    rows = halves({"quick": [outcome()], "shipped": [outcome()]}, 1.0)
    assert all("chosen shipped" in row.note for row in rows[:-1])
    assert rows[-1].value == 0


def test_a_figure_that_only_one_has_is_wholly_off() -> None:
    silent = outcome(compressor=replace(GOOD, named=float("nan")), centrifugal_pump=GOOD)
    better = replace(silent, parts=silent.parts | {"centrifugal_pump": replace(GOOD, named=1.0)})
    rows = halves({"shipped": [outcome()], "quick": [better]}, 1.0)
    assert rows[-1].falls_short


def test_figures_are_averaged_over_halls() -> None:
    quick = outcome(centrifugal_pump=replace(GOOD, named=1.0), compressor=replace(GOOD, named=0.5))
    rows = {
        row.name: row for row in halves({"shipped": [outcome()] * 2, "quick": [quick, quick]}, 1.0)
    }
    one = {
        row.name: row
        for row in halves({"shipped": [outcome()] * 2, "quick": [quick, outcome()]}, 1.0)
    }
    name = "compressor and electric_motor: true channel among two"
    assert rows[name].value == 0.7
    assert round(one[name].value, 6) == 0.8


def test_what_contamination_costs_is_counted_in_points() -> None:
    (_, lost, _) = spoiled(GOOD, replace(GOOD, told=0.94))
    assert round(lost.value, 6) == 6
    assert lost.falls_short


def test_as_many_rows_are_spoiled_as_is_said_and_only_of_condition_channels() -> None:
    clean = np.random.default_rng(1).normal(size=(4320, 5))
    dirty = clean.copy()
    spoil(dirty, np.array([2, 3, 4]), key=7)
    touched = (dirty != clean).any(axis=1)
    assert touched.mean() == SPOILED
    assert (dirty[:, :2] == clean[:, :2]).all()


def test_a_fault_is_held_where_it_is_alarmed_for_most_of_its_thirtieth_day() -> None:
    def told(*spans: tuple[float, float | None]) -> bool:
        said = ("c", "a", "machine", ("r",), "warning", "", "", ())
        alerts = [
            Episode(*said, int(first * DAY), None if last is None else int(last * DAY))
            for first, last in spans
        ]
        return _held(Ill("a", "overheating", 0, 60 * DAY), alerts)

    assert told((5, None))
    assert not told((5, 29.3))
    assert told((5, 29.3), (29.6, 31))
    assert not told((29.2, 29.5), (29.3, 29.6)), "two at once count once"
