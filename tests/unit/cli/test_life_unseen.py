"""`life fit` and `life predict` on files that are unlike any other, and on ugly ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.life import REASONS
from tests.fleets import csv, fleet
from tests.life_command import FLEET, command

PUMPS = ("--unit", "Pumpe", "--event", "ausgefallen", "--operating", "Drehzahl")
HOURS = ("--time", "Betriebsstunden")


def pumps(count: int, seed: int, *, ends: bool) -> pd.DataFrame:
    """Make pumps measured every few hours, with gaps, at any speed; `left` is what each had.

    Where it `ends`, two of three run until they fail, the others are lost to sight.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for pump in range(count):
        life = float(rng.uniform(500, 1100))
        stop = life if ends and pump % 3 else life * float(rng.uniform(0.3, 0.95))
        hours = np.cumsum(rng.uniform(4, 16, 400))
        hours = hours[hours < stop]
        worn = np.exp((hours - life) / 120.0)
        speed = rng.uniform(900, 1500, len(hours))
        noise = rng.normal(0, 1, (len(hours), 3))
        table = pd.DataFrame({"Betriebsstunden": hours.round(1), "Pumpe": f"P-{pump:02d}/Süd"})
        table["Drehzahl"] = speed.round(0)
        table["Schwingung"] = 2 + (speed / 1000) ** 2 + 3 * worn + 0.2 * noise[:, 0]
        table["Lagertemp"] = 40 + speed / 50 + 12 * worn + noise[:, 1]
        table["Druck"] = 6 - 1.5 * worn + 0.2 * noise[:, 2]
        table["Bediener"] = rng.choice(["Bilal", "Wei", "Anna"], len(hours))
        table["ausgefallen"] = 0
        table.loc[len(table) - 1, "ausgefallen"] = int(stop == life)
        table["left"] = life - hours
        table.loc[rng.random(len(table)) < 0.05, "Druck"] = np.nan
        frames.append(table[rng.random(len(table)) < 0.9] if len(table) > 20 else table)
        if stop == life:
            frames[-1] = pd.concat([frames[-1], table.iloc[[-1]]]).drop_duplicates()
    return pd.concat(frames, ignore_index=True)


def german(where: Path, frame: pd.DataFrame, name: str) -> Path:
    path = where / name
    frame.drop(columns="left").to_csv(path, sep=";", decimal=",", index=False, encoding="latin-1")
    return path


def test_pumps_in_hours_with_other_names_gaps_and_units_that_still_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = german(tmp_path, pumps(36, 1, ends=True), "pumps.csv")
    model, out = tmp_path / "model", tmp_path / "out.csv"
    assert command("fit", runs, *PUMPS, *HOURS, "--model", model) == 0
    said = capsys.readouterr().out
    assert "24 units failed, 12 had not; 3 channels, 1 operating regimes" in said
    assert "since they hold no numbers: Bediener" in said
    asked = pumps(40, 2, ends=False)
    given = german(tmp_path, asked.drop(columns="ausgefallen"), "today.csv")
    assert command("predict", given, "--model", model, "--out", out) == 0
    ends = asked.groupby("Pumpe", sort=False).last()
    found = pd.read_csv(out).set_index("unit").loc[ends.index]
    assert set(found["state"]) == {"ok"}
    held = (found["rul_p05"] <= ends["left"]) & (ends["left"] <= found["rul_p95"])
    assert held.mean() >= 0.75
    late = ends["left"] < 250
    off = float((found["rul"] - ends["left"])[late].abs().mean())
    by_age = 800 - ends["Betriebsstunden"]
    assert off < 0.6 * float((by_age - ends["left"])[late].abs().mean())
    fast = asked.groupby("Pumpe").tail(10).index
    given = german(
        tmp_path,
        asked.assign(Drehzahl=asked["Drehzahl"].mask(asked.index.isin(fast), 2600)),
        "fast.csv",
    )
    assert command("predict", given, "--model", model, "--out", out) == 0
    assert set(pd.read_csv(out)["reason"]) == {"new_regime"}


def changed(**cells: str | float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**cells)


def one_cell(column: str, row: int, said: str | float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row, column] = said
        return frame

    return change


def failed(said: str | float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Say in the last row of each unit how it ended, and put `said` in row 9."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        ended = (frame["unit"] != frame["unit"].shift(-1)).astype(int)
        return one_cell("gone", 9, said)(frame.assign(gone=ended))

    return change


@pytest.mark.parametrize(
    ("change", "given", "code", "words"),
    [
        (
            changed(),
            ("--separator", ";"),
            2,
            'runs.csv:1: --unit: no column "unit"; columns: unit,',
        ),
        (changed(), ("--separator", "::"), 2, "'::' is not one sign; allowed: one, or tab, or"),
        (changed(), ("--unit", "engine"), 2, 'runs.csv:1: --unit: no column "engine"; columns: u'),
        (changed(), ("--event", "failed"), 2, 'runs.csv:1: --event: no column "failed"; columns:'),
        (changed(), ("--ignore", "lod"), 2, '--ignore: no column "lod"; did you mean "load"?'),
        (
            changed(load="high"),
            (),
            2,
            'runs.csv:1: --operating: column "load" holds no numbers; allowed: numbers',
        ),
        (changed(cycle="soon"), (), 2, 'runs.csv:2: column "cycle": "soon" is no time; allowed:'),
        (changed(cycle=np.nan), (), 2, 'runs.csv:2: column "cycle": "nan" is no time; allowed:'),
        (changed(unit=np.nan), (), 2, "runs.csv: no row has both a unit and a time that can be"),
        (changed(heat=1, shake=1, flow=1, level=1), (), 3, "none of the columns ever moves: heat"),
        (changed(unit="u0"), (), 3, "1 of 1 units have failed; at least 10 must"),
        (lambda f: f.iloc[:0], (), 2, "runs.csv:1: no row of data; at least one is needed below"),
        (lambda f: f.drop(columns="unit"), (), 2, 'runs.csv:1: --unit: no column "unit"; columns'),
        (
            failed("broken"),
            ("--event", "gone"),
            2,
            'runs.csv:11: column "gone": "broken" is no event; allowed: 1 failed, 0 not',
        ),
        (failed(2), ("--event", "gone"), 2, 'runs.csv:11: column "gone": 2 is no event; allowed'),
        (
            failed(1),
            ("--event", "gone"),
            2,
            'runs.csv:11: column "gone", unit "u0": failed at 10, but rows follow',
        ),
    ],
)
def test_fits_to_ugly_files_are_refused_with_file_line_column_and_what_is_allowed(
    change: Callable[[pd.DataFrame], pd.DataFrame],
    given: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = csv(tmp_path, change(fleet(12)))
    assert command("fit", runs, *FLEET, "--model", tmp_path / "m", *given) == code
    assert words in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def ugly(frame: pd.DataFrame) -> pd.DataFrame:
    """Put what is ugly, but of use, into runs."""
    frame = one_cell("heat", 3, "Sensorfehler")(frame)
    empty = pd.DataFrame([{"unit": "u1", "cycle": 20.5}])
    frame = pd.concat([frame, empty, frame.iloc[50:52]])
    return frame.assign(note="looked at", count=1).sample(frac=1, random_state=1)


def test_a_fit_to_runs_that_are_ugly_but_of_use_says_what_was_odd(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = csv(tmp_path, ugly(fleet(14)))
    assert command("fit", runs, *FLEET, "--model", tmp_path / "m") == 0
    told = capsys.readouterr()
    assert "14 units failed, 0 had not; 4 channels, 3 operating regimes" in told.out
    assert "never move: still, count" in told.out
    assert "hold no numbers: note" in told.out
    assert '"heat": 1 cells are no numbers, such as "Sensorfehler"' in told.err
    assert "2 rows bear the time of the row before, such as line" in told.err
    assert "earlier than the row before of their unit, such as line" in told.err


def test_a_unit_that_begins_a_new_life_under_its_old_name_is_pointed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = fleet(12)
    first = int((frame["unit"] == "u0").sum())
    frame["unit"] = frame["unit"].replace("u1", "u0")
    assert command("fit", csv(tmp_path, frame), *FLEET, "--model", tmp_path / "m") == 0
    err = capsys.readouterr().err
    words = (
        f"1 rows are earlier than the row before of their unit, such as line {first + 2} of runs"
    )
    assert words in err
    assert "give that another name" in err


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fitted model."""
    where = tmp_path_factory.mktemp("life")
    assert command("fit", csv(where, fleet()), *FLEET, "--model", where / "model") == 0
    return where / "model"


@pytest.mark.parametrize(
    ("change", "given", "code", "words"),
    [
        (
            changed(),
            ("--separator", "|"),
            2,
            'runs.csv:1: --unit: no column "unit"; columns: unit,',
        ),
        (lambda f: f.iloc[:0], (), 2, "runs.csv:1: no row of data; at least one is needed below"),
        (
            lambda f: f.drop(columns="speed"),
            (),
            2,
            'runs.csv:1: operating column of the model: no column "speed"; columns: unit',
        ),
        (changed(speed="fast"), (), 2, 'column "speed" holds no numbers; allowed: numbers'),
        (changed(cycle="soon"), (), 2, 'runs.csv:2: column "cycle": "soon" is no time; allowed:'),
        (
            lambda f: f.rename(columns=dict.fromkeys(["heat", "shake", "flow", "level"], "x")),
            (),
            3,
            "none of the channels that the model knows: heat, shake, flow, level",
        ),
    ],
)
def test_units_of_no_use_are_refused_with_file_line_column_and_what_is_allowed(
    change: Callable[[pd.DataFrame], pd.DataFrame],
    given: tuple[str, ...],
    code: int,
    words: str,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.csv"
    data = csv(tmp_path, change(fleet(2, seed=3)))
    assert command("predict", data, "--model", model, "--out", out, *given) == code
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_a_channel_that_turned_to_words_is_said_to_hold_no_numbers(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = csv(tmp_path, fleet(2, seed=3).assign(level="low"))
    assert command("predict", data, "--model", model, "--out", tmp_path / "out.csv") == 0
    assert "channels that hold no numbers here: level" in capsys.readouterr().err


def new_regime(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[frame.index[-10:], ["load", "speed"]] = (1.6, 55.0)
    return frame


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"heat": "flow", "flow": "heat"})


def not_worn(frame: pd.DataFrame) -> pd.DataFrame:
    frames = [fleet(1, seed=seed, wears=False) for seed in range(6, 10)]
    whole = pd.concat(frames, ignore_index=True)
    return whole.assign(unit="u0", cycle=np.arange(1, len(whole) + 1))


def frozen(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[frame.index[-20:], "heat"] = frame["heat"].iloc[-20]
    return frame


def test_what_is_wanting_of_units_is_told_in_words(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = [fleet(1, seed=s).iloc[-20 - s :].assign(unit=f"l{s}") for s in range(7)]
    still = [frozen(fleet(1, seed=5)).assign(unit=name) for name in ("f0", "f1")]
    data = csv(tmp_path, pd.concat([*still, *late]))
    assert command("predict", data, "--model", model, "--out", tmp_path / "out.csv") == 0
    err = capsys.readouterr().err
    assert 'nothing is said of "f0", "f1": sensors that it is followed by are not believed' in err
    assert 'nothing is said of "l0": its rows begin at an age of ' in err
    assert "but must at 6 or before: all rows since it was new are needed" in err
    assert err.count("nothing is said of") == 5
    assert "nor, for like reasons, of 3 more" in err


def test_a_unit_declined_in_plain_words_is_named_too_and_one_with_missing_rows(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = fleet(1, seed=5)
    holed = unit[~unit["cycle"].between(70, 80)].iloc[:75].assign(unit="holed")
    data = csv(tmp_path, pd.concat([unit.iloc[:3], holed, unit.assign(unit="sound")]))
    out = tmp_path / "out.csv"
    assert command("predict", data, "--model", model, "--out", out) == 0
    err = capsys.readouterr().err
    assert 'nothing is said of "u0": too little of it has been seen' in err
    assert "the least that may be left of 1 units is told lower: by up to " in err
    assert ', of "holed"' in err
    found = pd.read_csv(out).set_index("unit")
    assert found.loc["holed", "state"] == "ok"
    said = r"on 24 failed units; on units left out \d\d % of its 90 % intervals held"
    assert re.search(said, str(found.loc["sound", "basis"]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (frozen, "sensors_distrusted"),
        (lambda frame: frame.iloc[-20:], "too_short"),
        (lambda frame: frame.iloc[::3], "other_spacing"),
        (new_regime, "new_regime"),
        (swapped, "sensors_distrusted"),
        (not_worn, "not_falling"),
        (lambda frame: frame.iloc[:3], "too_short"),
        (changed(heat=np.nan, shake=np.nan, flow=np.nan), "channel_missing"),
    ],
)
def test_what_cannot_be_said_is_declined_with_the_reason_and_no_number(
    change: Callable[[pd.DataFrame], pd.DataFrame], reason: str, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    sound = fleet(1, seed=5).assign(unit="sound")
    data = pd.concat([change(fleet(1, seed=5)), sound])
    assert command("predict", csv(tmp_path, data), "--model", model, "--out", out) == 0
    found = pd.read_csv(out).set_index("unit")
    declined = found.loc["u0"]
    assert (declined["state"], declined["reason"]) == ("cannot_say", reason)
    assert reason in REASONS
    numbers = ["rul", "rul_p05", "rul_p50", "rul_p95", "p_fail_10", "p_fail_30"]
    assert declined[[*numbers, "health", "basis"]].isna().all()
    assert found.loc["sound", "state"] == "ok"
    assert np.isfinite(found.loc["sound", numbers].astype(float)).all()
