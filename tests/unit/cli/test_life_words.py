"""`life fit` and `life predict` say what is wrong before they begin, and end in words."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.life_plot import draw
from cli.life_report import report
from cli.piped import piped
from core.errors import Refused
from models.run_life_fit import Checked, fit
from models.run_life_kept import restored
from models.side_by_side import side_by_side
from storage import life_folder
from storage.run_columns import RunsAsked, read
from tests.fleets import csv, fleet, runs
from tests.life_command import command

ASKED = ("--operating", "LOAD,speed", "--time", "revs")


def turning(units: int, seed: int) -> pd.DataFrame:
    """Return a fleet that is told by a counter of revolutions, beyond where dates would lie."""
    frame = fleet(units, seed)
    frame["cycle"] = frame["cycle"].astype("int64") * 200_000_000
    return frame.rename(columns={"cycle": "revs"})


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the model of a fleet, one cell of which is no measurement."""
    where = tmp_path_factory.mktemp("life")
    frame = turning(12, 1)
    frame.loc[9, "heat"] = 1e308
    frame.to_pickle(where / "frame")
    given = csv(where, frame)
    assert command("fit", given, *ASKED, "--model", where / "model") == 0
    return where


def test_the_order_of_rows_and_units_does_not_change_a_model(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_pickle(learned / "frame")
    given = csv(tmp_path, frame.sample(frac=1, random_state=1))
    assert command("fit", given, *ASKED, "--model", tmp_path / "model") == 0
    assert '"heat": 1 cells are beyond any measurement' in capsys.readouterr().err
    for name in ("model.json", "fit.svg"):
        assert (tmp_path / "model" / name).read_bytes() == (learned / "model" / name).read_bytes()


def test_a_model_takes_the_counter_that_it_was_learned_from(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = turning(2, 3).rename(columns={"load": "Load", "heat": "HEAT"})
    given = csv(tmp_path, late[late["revs"] > 1_000_000_000])
    out = tmp_path / "out.csv"
    assert command("predict", given, "--model", learned / "model", "--out", out) == 0
    err = capsys.readouterr().err
    assert "missing" not in err
    assert "ages" not in err
    assert set(pd.read_csv(out)["state"]) == {"ok"}
    given = csv(tmp_path, late.assign(revs=1_700_000_000_000 + late["revs"]))
    assert command("predict", given, "--model", learned / "model", "--out", out) == 0
    assert "ages of up to 1.7" in capsys.readouterr().err


def test_parquet_keeps_the_kinds_of_unit_and_time(learned: Path, tmp_path: Path) -> None:
    frame = turning(2, 3).drop(columns="truth")
    frame["unit"] = frame["unit"].str[1:].astype("int32")
    frame.to_parquet(tmp_path / "in.parquet")
    csv(tmp_path, frame.assign(truth=0, unit="0" + frame["unit"].astype(str)), "in.csv")
    out = tmp_path / "out.parquet"
    asked = ("--model", learned / "model", "--out", out)
    assert command("predict", tmp_path / "in.parquet", *asked) == 0
    found = pd.read_parquet(out)
    assert found["unit"].tolist() == [0, 1]
    assert (found["unit"].dtype, found["time"].dtype) == (np.int32, np.int64)
    assert command("predict", tmp_path / "in.csv", *asked) == 0
    found = pd.read_parquet(out)
    assert found["unit"].tolist() == ["00", "01"]
    assert found["time"].dtype == np.int64


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--time", "unit"), '--time: column "unit" is that of --unit'),
        (("--unit", "truth", "--time", "revs"), '--unit: column "truth" is another in each of'),
        (("--time", "still"), '--time: column "still" is the same in all rows of each unit'),
    ],
)
def test_a_fit_that_has_no_lives_is_refused_before_it_begins(
    given: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = turning(12, 1)
    path = tmp_path / "runs.csv"
    frame.assign(truth=np.arange(len(frame)) * 0.5).to_csv(path, index=False)
    assert command("fit", path, *given, "--model", tmp_path / "m") == 2
    err = capsys.readouterr().err
    assert words in err
    assert "learning from" not in err
    assert not (tmp_path / "m").exists()


def test_units_of_hardly_a_row_or_an_age_are_refused() -> None:
    frame = fleet(12)
    table = runs(frame.groupby("unit").head(4))
    with pytest.raises(Refused, match="0 of 12 failed units have 5 rows or more; at least 10 must"):
        fit(table)
    table = runs(frame.assign(cycle=0))
    with pytest.raises(Refused, match="12 of 12 failed units have no age at their last row"):
        fit(table)


def broken(*_: object, **__: object) -> Any:
    msg = "array must not contain infs"
    raise ValueError(msg)


def test_whatever_a_fit_or_an_estimate_stumbles_over_is_said(
    learned: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, out = csv(tmp_path, turning(2, 3)), tmp_path / "o.csv"
    monkeypatch.setattr("models.run_life_fit.fit", broken)
    assert command("fit", given, *ASKED, "--model", tmp_path / "m") == 3
    words = "runs.csv: nothing can be learned from it: array must not contain infs"
    assert words in capsys.readouterr().err
    monkeypatch.setattr("models.run_life.RunLife.latest", broken)
    assert command("predict", given, "--model", learned / "model", "--out", out) == 3
    assert f"{learned / 'model'}: this model says nothing of {given}" in capsys.readouterr().err


def put(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        *above, last = path
        for name in above:
            record = record[name]
        record[last] = to

    return change


@pytest.mark.parametrize(
    "damage",
    [
        put("spread", "cap", to=0),
        put("spread", "cap", to=float("nan")),
        put("spread", "usual", to="long"),
        put("spread", to=[1, 2]),
        put("regimes", "names", to=[1, 2, 3, 4]),
        put("regimes", "names", to="heat"),
        put("regimes", "reach", to=None),
        put("regimes", to=None),
        put("doubt", "far", to={"a": 1}),
        put("past", "called", to=["u0"]),
        put("lift", to=[1, 2, 3]),
        put("members", to="five"),
        put("members", to=float("inf")),
        put("failures", to=-1),
        put("columns", to="none"),
        put("columns", "unit", to=5),
        put("columns", "counts", to="yes"),
    ],
)
def test_a_damaged_record_is_refused_in_words_that_name_the_folder(
    damage: Callable[[dict[str, Any]], None],
    learned: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = changed(learned, damage, tmp_path / "m")
    given = csv(tmp_path, turning(1, 3))
    assert command("predict", given, "--model", model, "--out", tmp_path / "o.csv") == 3
    err = capsys.readouterr().err
    assert err.startswith(f"millwright: {model}: ")
    assert "damaged" in err


def changed(learned: Path, change: Callable[[dict[str, Any]], None], model: Path) -> Path:
    """Make a model with another record."""
    model.mkdir()
    (model / "arrays.npz").write_bytes((learned / "model" / "arrays.npz").read_bytes())
    record = json.loads((learned / "model" / "model.json").read_bytes())
    change(record)
    (model / "model.json").write_text(json.dumps(record))
    return model


def test_a_model_whose_intervals_held_too_seldom_is_asked_with_a_warning(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = csv(tmp_path, turning(1, 3)), tmp_path / "o.csv"
    for share, warned in ((0.733, True), (0.9, False)):
        model = changed(learned, put("checked", "coverage", to=share), tmp_path / f"m{share}")
        assert command("predict", given, "--model", model, "--out", out) == 0
        said = "beware: on units left out, 73 % of the intervals of this model held"
        assert (said in capsys.readouterr().err) == warned


def test_values_that_leap_off_are_named_in_runs_and_in_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame, unit = fleet(12, 1), fleet(1, 3)
    frame.loc[30, "heat"] = unit.loc[12, "heat"] = -9999.0
    words = 'note: "heat": values that leap off count as missing, until three more rows show them: '
    words += "1, such as -9999 at {} of "
    operating = ("--operating", "load,speed", "--model", tmp_path / "m")
    assert command("fit", csv(tmp_path, frame), *operating) == 0
    assert words.format(31) + '"u0"' in capsys.readouterr().err
    given = csv(tmp_path, unit, "unit.csv")
    assert command("predict", given, "--model", tmp_path / "m", "--out", "-") == 0
    assert words.format(13) + '"u0"' in capsys.readouterr().err


def test_where_nothing_can_be_written_is_said_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    nothing = tmp_path / "nothing.csv"
    assert command("fit", nothing, "--model", file) == 3
    assert f"--model: {file} is no folder; allowed: a folder" in capsys.readouterr().err
    assert command("fit", nothing, "--model", file / "below") == 3
    assert f"--model: {file} is no folder" in capsys.readouterr().err
    assert command("predict", nothing, "--model", tmp_path, "--out", tmp_path / "x.doc") == 3
    assert "x.doc has no known form; allowed: .csv" in capsys.readouterr().err


def test_a_table_is_not_written_over_by_what_is_said_of_it(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = csv(tmp_path, turning(2, 3))
    before = given.read_bytes()
    (tmp_path / "link.csv").symlink_to(given)
    for out in (given, tmp_path / "link.csv"):
        assert command("predict", given, "--model", learned / "model", "--out", out) == 3
        assert f"--out: {out} is what is read; name another file" in capsys.readouterr().err
    assert given.read_bytes() == before


def test_who_reads_only_the_first_lines_gets_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        with piped():
            print("a" * 100_000)


def test_ctrl_c_in_a_fit_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("models.run_life_fit.fit", interrupted)
    before = signal.getsignal(signal.SIGINT)
    given = csv(tmp_path, turning(2, 3))
    assert command("fit", given, *ASKED, "--model", tmp_path / "m") == 130
    assert "millwright: interrupted; what is being fitted comes" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    assert not (tmp_path / "m").exists()


def test_how_far_a_fit_is_is_told_after_each_task() -> None:
    told: list[float] = []
    tasks = [lambda k=k: k for k in range(4)]
    assert side_by_side(tasks, beat=told.append) == [0, 1, 2, 3]
    assert told == [0.25, 0.5, 0.75, 1.0]


def judged(held: float) -> Checked:
    """Return what was said of units left out, where in the shortest third `held` of it was so."""
    truth = np.repeat(np.arange(1.0, 301.0), 2)
    off = np.where(truth > 100, 0.0, np.where(np.arange(600) % 100 < 100 * held, 0.0, 50.0))
    said, one = truth + off, np.ones(600)
    low, high = said - 10, said + 10
    return Checked(np.arange(600), truth, truth, truth, said, low, said, high, one, 10.0)


def test_a_third_that_holds_clearly_too_seldom_is_said_and_drawn(
    learned: Path, tmp_path: Path
) -> None:
    table = runs(fleet(12))
    made = restored(*life_folder.kept(learned / "model"))
    columns = read(learned / "runs.csv", RunsAsked(time="revs"))
    lines = report(table, made, judged(0.2), columns)
    beware = [line for line in lines if line.startswith("beware")]
    assert len(beware) == 1
    assert "seldom in the shortest third of the life that was said (20 %)" in beware[0]
    assert not [line for line in report(table, made, judged(1), columns) if "beware" in line]
    draw(judged(0.2), "h", tmp_path / "a.svg")
    draw(judged(1), "h", tmp_path / "b.svg")
    assert ">40</text>" in (tmp_path / "a.svg").read_text()
    assert ">40</text>" not in (tmp_path / "b.svg").read_text()
