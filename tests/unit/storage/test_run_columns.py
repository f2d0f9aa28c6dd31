"""Columns of runs: what counts and what is a date, what is refused, and what is noted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import ConfigError
from storage.run_columns import RunColumns, RunsAsked, check_lives, read

ROWS = 40


def table(where: Path, time: Sequence[object], **more: object) -> Path:
    """Write two units, each with the same times, and a channel that moves."""
    count = len(time)
    frame = pd.DataFrame({"unit": ["a"] * count + ["b"] * count, "t": [*time, *time]})
    frame["heat"] = np.linspace(20.0, 30.0, 2 * count)
    path = where / "runs.csv"
    frame.assign(**more).to_csv(path, index=False)
    return path


def taken(path: Path, counter: bool | None = None, **more: str) -> RunColumns:
    return read(path, RunsAsked(time="t", counter=counter, **more))


@pytest.mark.parametrize("most", [2e8, 3e9, 5e11, 2e15])
def test_a_counter_however_great_counts_and_loses_no_row(tmp_path: Path, most: float) -> None:
    revs = np.linspace(1, most, ROWS).round().astype(np.int64)
    found = taken(table(tmp_path, revs.tolist()))
    assert found.counts
    assert found.time[:ROWS] == pytest.approx(revs, rel=1e-12)
    assert not any("passed over" in note for note in found.notes)


def test_parts_of_a_great_counter_are_kept(tmp_path: Path) -> None:
    found = taken(table(tmp_path, [1.5, 2.25, 4e10 + 0.5]))
    assert found.time[:3].tolist() == [1.5, 2.25, 4e10 + 0.5]


@pytest.mark.parametrize("scale", [1, 1000, 10**6, 10**9])
def test_numbers_within_this_century_since_1970_are_dates_and_a_note_says_so(
    tmp_path: Path, scale: int
) -> None:
    stamps = [(1_700_000_000 + 86_400 * k) * scale for k in range(ROWS)]
    path = table(tmp_path, stamps)
    found = taken(path)
    assert not found.counts
    assert found.time[:ROWS].tolist() == list(range(ROWS))
    assert (
        "seconds since 1970 (2023-11-14 to 2023-12-23); where it counts, give --counter"
        in (found.notes[0])
    )
    assert taken(path, counter=True).counts
    assert taken(path, counter=True).time[ROWS - 1] == stamps[-1] - stamps[0]
    assert not taken(path, counter=False).notes


def test_a_counter_that_begins_near_nothing_is_none_of_dates(tmp_path: Path) -> None:
    found = taken(table(tmp_path, [5, *range(1_000_000_000, 1_000_000_200)]))
    assert found.counts
    assert found.time[1] == 1_000_000_000
    assert "where it holds seconds since 1970, give --dates" in found.notes[0]


def test_days_written_as_one_number_are_dates(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-20", periods=ROWS).strftime("%Y%m%d").astype(int).tolist()
    path = table(tmp_path, days)
    found = taken(path)
    assert not found.counts
    assert found.time[:ROWS].tolist() == list(range(ROWS))
    assert "days as 20240131 (2024-01-20 to 2024-02-28)" in found.notes[0]
    assert taken(path, counter=True).counts
    assert taken(table(tmp_path, [20240131, 20240132])).counts


def test_what_is_said_of_times_must_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='--dates: column "t" holds numbers that are no dates'):
        taken(table(tmp_path, [1, 2, 3]), counter=False)
    dates = ["2024-01-01", "2024-01-02", "2024-01-03"]
    with pytest.raises(ConfigError, match='--counter: column "t" holds dates'):
        taken(table(tmp_path, dates), counter=True)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (RunsAsked(time="unit"), '--time: column "unit" is that of --unit; allowed: another'),
        (RunsAsked(time="t", event="t"), '--event: column "t" is that of --time'),
        (RunsAsked(unit="heat", time="t"), '--unit: column "heat" is another in each of 6 rows'),
        (RunsAsked(time="still"), '--time: column "still" is the same in all rows of each unit'),
    ],
)
def test_columns_that_make_no_lives_are_refused(
    tmp_path: Path, asked: RunsAsked, words: str
) -> None:
    path = table(tmp_path, [1, 2, 3], still=7)
    with pytest.raises(ConfigError) as refused:
        check_lives(path, read(path, asked))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("load", "words"), [([np.nan] * 6, 'column "load"'), ([1, np.nan] * 3, "load, speed together")]
)
def test_operating_columns_that_are_never_filled_are_refused(
    tmp_path: Path, load: list[float], words: str
) -> None:
    path = table(tmp_path, [1, 2, 3], load=load, speed=[np.nan, 1] * 3)
    with pytest.raises(ConfigError, match=f"--operating: no row has a number in {words}"):
        check_lives(path, read(path, RunsAsked(time="t"), ["load", "speed", "load"]))


def test_operating_columns_are_found_whatever_their_case(tmp_path: Path) -> None:
    path = table(tmp_path, [1, 2, 3], Load=[1, 2, 3] * 2)
    found = read(path, RunsAsked(time="t"), ["LOAD"])
    assert found.operating == ("Load",)
    assert found.called(["load", "HEAT"]).names == ("HEAT", "load")
    assert found.called(["load", "HEAT"]).operating == ("load",)
    with pytest.raises(ConfigError, match='--operating: column "Load" is ignored; allowed'):
        read(path, RunsAsked(time="t", ignore=("load",)), ["load"])


def test_a_cell_beyond_any_measurement_is_missing_and_a_note_says_where(tmp_path: Path) -> None:
    found = taken(table(tmp_path, [1, 2, 3], heat=[1, 1e308, 3, 4, -1e40, 6]))
    assert np.isnan(found.values[[1, 4], 0]).all()
    assert np.isfinite(found.values[[0, 2, 3, 5], 0]).all()
    assert '"heat": 2 cells are beyond any measurement, such as 1e+308 in line 3' in found.notes[-1]


@pytest.mark.parametrize("said", [[0, 0, 1, 0, 0, 0], ["no", "no", "yes"] * 2])
def test_a_column_like_the_event_is_named(tmp_path: Path, said: list[object]) -> None:
    path = table(tmp_path, [1, 2, 3], gone=said)
    assert '"gone" holds only 0 and 1, and 1 in last rows alone' in taken(path).notes[-1]
    assert "--event gone units that end without a 1 count as not failed" in taken(path).notes[-1]
    assert not taken(path, event="gone").notes
    assert not taken(table(tmp_path, [1, 2, 3], valve=[0, 1, 0, 0, 0, 1])).notes
    assert '"failed"' in taken(table(tmp_path, [1, 2, 3], failed=[0, 0, 0, 1, 1, 1])).notes[-1]


def test_a_number_with_a_comma_is_the_culprit_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='runs.csv:4: column "t": "1,000.0" is no time'):
        taken(table(tmp_path, ["998.0", "999.0", *(f"1,{k:03}.0" for k in range(9))]))
    many = [*map(str, range(1, 60)), "1,000.0"]
    assert (
        'passed over, such as line 61 of runs.csv (time "1,000.0")'
        in (taken(table(tmp_path, many)).notes[0])
    )
    path = table(tmp_path, list(range(1, 60)))
    lines = path.read_text().splitlines()
    lines[5] = "a,5,1,000.0"
    path.write_text("\n".join(lines))
    (note,) = taken(path).notes
    assert "1 rows with more cells than the header were passed over, such as line 6" in note
    assert "unless it is in quotes" in note
