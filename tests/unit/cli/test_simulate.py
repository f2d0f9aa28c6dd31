import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from core.errors import ConfigError, Refused

SCENARIO = """\
title: A quiet day
span: 1d
interval: 30min
assets: [pump-01, pump-02]
faults:
  - {asset: pump-01, fault: stuck_sensor, channel: flow, onset: -6h}
"""


def simulate(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "quiet.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_scenario_is_written_with_its_truth(scenario: Path, tmp_path: Path) -> None:
    done = simulate(scenario, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert done.stdout.startswith("96 readings in ")
    with (tmp_path / "out" / "centrifugal_pump.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 48
    assert {row["asset"] for row in rows} == {"lahore/water/pump-01", "lahore/water/pump-02"}
    truth = json.loads((tmp_path / "out" / "truth.json").read_text())
    assert truth["healthy"] == ["lahore/water/pump-02"]
    assert truth["faults"][0]["fault"] == "stuck_sensor"


def test_without_out_the_folder_is_named_after_the_scenario(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert simulate(scenario.name).exit_code == 0
    assert (tmp_path / "quiet" / "truth.csv").exists()


def test_a_scenario_that_there_is_not_is_named_with_those_there_are() -> None:
    done = simulate("weer")
    assert isinstance(done.exception, Refused)
    assert 'unknown scenario "weer"; did you mean "wear"?' in str(done.exception)


def test_a_fault_in_a_scenario_is_named_with_its_line(scenario: Path) -> None:
    scenario.write_text(SCENARIO + "    grows: 3d\n")
    done = simulate(scenario)
    assert isinstance(done.exception, ConfigError)


@pytest.mark.parametrize("words", [("--live",), ("--speed", "10")])
def test_what_is_about_publishing_needs_a_broker(scenario: Path, words: tuple[str, ...]) -> None:
    done = simulate(scenario, *words)
    assert isinstance(done.exception, Refused)
    assert "give --broker" in str(done.exception)


def test_a_speed_that_is_none_is_refused_before_anything_is_sent(scenario: Path) -> None:
    done = simulate(scenario, "--broker", "mqtt://127.0.0.1:1", "--speed", "quick")
    assert isinstance(done.exception, Refused)
    assert "--speed: 'quick' is not a speed" in str(done.exception)
