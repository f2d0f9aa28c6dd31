"""`life fit` and `life predict`: right on sound files, and in words on ugly ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage.life_file import COLUMNS
from tests.fleets import csv, fleet
from tests.life_command import FLEET, command


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fitted model."""
    where = tmp_path_factory.mktemp("life")
    assert command("fit", csv(where, fleet()), *FLEET, "--model", where / "model") == 0
    return where / "model"


def test_a_fit_tells_its_error_and_coverage_on_units_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("fit", csv(tmp_path, fleet()), *FLEET, "--model", tmp_path / "m") == 0
    said = capsys.readouterr().out
    assert "24 units failed, 0 had not; 4 channels, 3 operating regimes" in said
    assert "on units left out: error" in said
    assert "90 % intervals held" in said
    assert "never move: still" in said
    assert (tmp_path / "m" / "fit.svg").read_text(encoding="utf-8").startswith("<?xml")
    record = json.loads((tmp_path / "m" / "model.json").read_bytes())
    assert 0.8 <= record["checked"]["coverage"] <= 1


def test_the_last_row_of_each_unit_is_told(model: Path, tmp_path: Path) -> None:
    frame = fleet(30, seed=3, cut=True)
    out = tmp_path / "left.csv"
    assert command("predict", csv(tmp_path, frame), "--model", model, "--out", out) == 0
    found = pd.read_csv(out)
    assert tuple(found.columns) == COLUMNS
    ends = frame.groupby("unit", sort=False).last()
    assert found["unit"].tolist() == ends.index.tolist()
    assert found["time"].tolist() == ends["cycle"].tolist()
    assert set(found["state"]) == {"ok"}
    truth = ends["truth"].to_numpy()
    assert ((found["rul_p05"] <= truth) & (truth <= found["rul_p95"])).mean() >= 0.75
    assert (found["p_fail_10"] <= found["p_fail_30"]).all()
    assert found["health"].between(0, 1).all()
    assert found["basis"].str.contains("24 failed units").all()


def test_every_row_can_be_told_to_the_screen(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = fleet(2, seed=3)
    given = csv(tmp_path, frame)
    assert command("predict", given, "--model", model, "--every-row", "--out", "-") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(frame) + 1
    assert "cannot_say,too_short" in lines[1]
    assert command("predict", given, "--model", model, "--out", "-") == 0
    _, *last = capsys.readouterr().out.splitlines()
    ends = frame.groupby("unit").size().cumsum()
    assert last == [lines[end] for end in ends]


def test_parquet_comes_and_goes(model: Path, tmp_path: Path) -> None:
    frame = fleet(2, seed=3).drop(columns="truth")
    frame.to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    assert command("predict", tmp_path / "in.parquet", "--model", model, "--out", out) == 0
    assert len(pd.read_parquet(out)) == 2


def ugly_semicolons(where: Path) -> Path:
    path = where / "a.csv"
    fleet(2, seed=3).to_csv(path, sep=";", decimal=",", index=False)
    return path


def ugly_shuffled(where: Path) -> Path:
    return csv(where, fleet(2, seed=3).sample(frac=1, random_state=1))


def ugly_gaps(where: Path) -> Path:
    frame = fleet(2, seed=3)
    frame.loc[10:20, "heat"] = np.nan
    return csv(where, frame.drop(index=range(30, 40)))


def ugly_words(where: Path) -> Path:
    frame = fleet(2, seed=3).astype({"heat": object})
    frame.loc[5, "heat"] = "sensor error"
    return csv(where, frame)


def ugly_utf16_gz(where: Path) -> Path:
    path = where / "a.csv.gz"
    path.write_bytes(gzip.compress(fleet(2, seed=3).to_csv(index=False).encode("utf-8-sig")))
    return path


def ugly_extra(where: Path) -> Path:
    return csv(where, fleet(2, seed=3).assign(operator="Bilal", extra=1.5))


def ugly_channel_missing(where: Path) -> Path:
    return csv(where, fleet(2, seed=3).drop(columns="level"))


def ugly_unnamed_unit(where: Path) -> Path:
    frame = fleet(2, seed=3)
    frame.loc[3, "unit"] = np.nan
    return csv(where, frame)


@pytest.mark.parametrize(
    ("make", "note"),
    [
        (ugly_semicolons, ""),
        (ugly_shuffled, ""),
        (ugly_gaps, ""),
        (ugly_words, '"heat": 1 cells are no numbers, such as "sensor error"'),
        (ugly_utf16_gz, ""),
        (ugly_extra, ""),
        (ugly_channel_missing, "channels that are missing: level"),
        (ugly_unnamed_unit, "1 rows without a unit or a time that can be read were passed over"),
    ],
)
def test_ugly_files_are_told_all_the_same(
    make: object, note: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    out = tmp_path / "out.csv"
    code = command("predict", make(tmp_path), "--model", model, "--out", out)
    err = capsys.readouterr().err
    assert code == 0, err
    assert note in err
    found = pd.read_csv(out)
    assert sorted(found["unit"]) == ["u0", "u1"]
    assert set(found["state"]) == {"ok"}


@pytest.mark.parametrize(
    ("change", "given", "words"),
    [
        (lambda f: f.drop(columns="cycle"), (), "no column"),
        (
            lambda f: f.drop(columns="load"),
            (),
            'operating column of the model: no column "load"; columns: unit',
        ),
        (lambda f: f[["unit", "cycle", "load", "speed"]], (), "none of the channels"),
        (lambda f: f, ("--unit", "untt"), '--unit: no column "untt"; did you mean "unit"?'),
        (
            lambda f: f.assign(
                cycle=pd.date_range("2026-01-01", periods=len(f), freq="D").astype(str)
            ),
            (),
            "time is dates, in the model's runs it was a counter",
        ),
    ],
)
def test_files_of_no_use_are_refused_in_words(
    change: object,
    given: tuple[str, ...],
    words: str,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(change)
    path = tmp_path / "odd.csv"
    change(fleet(2, seed=3).drop(columns="truth")).to_csv(path, index=False)
    out = tmp_path / "out.csv"
    assert command("predict", path, "--model", model, "--out", out, *given) in {2, 3}
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_fits_that_cannot_be_are_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = csv(tmp_path, fleet(4))
    assert command("fit", few, *FLEET, "--model", tmp_path / "m") == 3
    assert "4 of 4 units have failed; at least 10 must" in capsys.readouterr().err
    frame = fleet(12).assign(heat=1, shake=2, flow=3, level=4)
    assert command("fit", csv(tmp_path, frame), *FLEET, "--model", tmp_path / "m") == 3
    assert "none of the columns ever moves: heat, shake" in capsys.readouterr().err
    odd = csv(tmp_path, fleet(12).assign(event=2))
    assert command("fit", odd, *FLEET, "--event", "event", "--model", tmp_path / "m") == 2
    assert 'column "event": 2 is no event; allowed: 1 failed, 0 not' in capsys.readouterr().err
    frame = fleet(12)
    again = csv(tmp_path, frame.assign(event=(frame["cycle"] == 5).astype(int)))
    assert command("fit", again, *FLEET, "--event", "event", "--model", tmp_path / "m") == 2
    assert 'unit "u0": failed at 5, but rows follow' in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_a_folder_that_holds_no_model_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = csv(tmp_path, fleet(2, seed=3))
    out = tmp_path / "o.csv"
    assert command("predict", data, "--model", tmp_path / "nothing", "--out", out) == 3
    assert "no model of `millwright life fit`" in capsys.readouterr().err
    bad = tmp_path / "bad"
    bad.mkdir()
    for name in ("model.json", "arrays.npz"):
        (bad / name).write_bytes((model / name).read_bytes())
    (bad / "arrays.npz").write_bytes((model / "arrays.npz").read_bytes()[:-9])
    assert command("predict", data, "--model", bad, "--out", out) == 3
    assert "damaged" in capsys.readouterr().err
    assert command("predict", data, "--model", model, "--out", tmp_path / "x.doc") == 3
    assert "x.doc has no known form; allowed: .csv" in capsys.readouterr().err
