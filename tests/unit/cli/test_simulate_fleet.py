"""`simulate --fleet` writes lives that can be learned from."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli.backtest_work import read_work
from cli.main import app
from core.errors import Refused

NOW = 1_800_000_000_000_000_000


def simulate(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, words), "--now", str(NOW)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fleet")
    done = simulate("--fleet", "12", "--years", "2", "--class", "centrifugal_pump", "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("12 machines, ")
    assert "--unit unit --time hours --event failed" in done.stdout
    assert "--ignore day,starts" in done.stdout
    return out


def test_runs_have_a_unit_a_time_that_rises_values_and_an_event(folder: Path) -> None:
    runs = pd.read_csv(folder / "centrifugal_pump.csv")
    assert runs.columns[0] == "unit"
    assert {"hours", "starts", "load", "vibration_rms", "failed"} <= set(runs.columns)
    for _, life in runs.groupby("unit"):
        assert life["hours"].is_monotonic_increasing
        assert life["day"].is_monotonic_increasing
        assert life["failed"].nunique() == 1


def test_lives_and_runs_speak_of_the_same_units(folder: Path) -> None:
    runs, lives = (pd.read_csv(folder / name) for name in ("centrifugal_pump.csv", "lives.csv"))
    assert set(runs["unit"]) == set(lives["unit"])
    assert runs.groupby("unit")["hours"].max().round(0).to_dict() == (
        lives.set_index("unit")["hours"].round(0).to_dict()
    )
    assert 0 < lives["failed"].sum() < len(lives)
    assert (lives["start_hours"] < lives["hours"]).all()
    assert (lives["start_hours"] > 0).any()


def test_work_is_what_backtest_reads_and_failures_are_followed_by_it(folder: Path) -> None:
    with (folder / "failures.csv").open() as file:
        failures = list(csv.DictReader(file))
    assert failures
    work = read_work(folder / "work.csv", [f"pump-{i:03d}" for i in range(1, 13)])
    assert {str(event.work) for event in work} == {"inspected", "repaired", "replaced"}
    after = [event for event in work if event.note]
    assert len(after) == len(failures)
    with (folder / "truth.csv").open() as file:
        outcomes = {row["outcome"] for row in csv.DictReader(file)}
    assert "partly" in outcomes


def test_runs_may_be_parquet(tmp_path: Path) -> None:
    done = simulate(
        "--fleet", "3", "--years", "0.3", "--class", "compressor", "--parquet", "--out", tmp_path
    )
    assert done.exit_code == 0
    assert len(pd.read_parquet(tmp_path / "compressor.parquet")) > 100


@pytest.mark.parametrize("below", ["", "fleet"])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, below: str) -> None:
    taken = tmp_path / "runs.csv"
    taken.touch()
    done = simulate("--fleet", "3", "--out", taken / below)
    assert isinstance(done.exception, Refused)
    assert f"--out: {taken} is a file; allowed: a folder" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wear", "--fleet", "3"), "it takes no scenario"),
        (("--fleet", "0"), "allowed: 1 to"),
        (("--fleet", "3", "--years", "99"), "allowed: 0.1 to"),
        (("--fleet", "3", "--class", "pmup"), "unknown class"),
        ((), "name a scenario"),
    ],
)
def test_what_cannot_be_is_refused_in_words(words: tuple[str, ...], said: str) -> None:
    done = simulate(*words)
    assert isinstance(done.exception, Refused)
    assert said in str(done.exception)
