from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_casefile
from cli.configuration import load
from cli.main import app
from core.casefile import Advance, Condition
from core.clock import HOUR
from core.errors import ConfigError, Unavailable
from core.work import Work, WorkEvent
from service.estimates import names_of
from tests import folders
from tests.story import START

P1 = "site/hall/p1"
HEALTH = "health: {kind: threshold, channel: vibration, end: 8, failure_mode: bearing}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = folders.write(tmp_path / "plant")
    pump = made / "classes" / "pump.yaml"
    pump.write_text(pump.read_text("utf-8") + HEALTH, "utf-8")
    return made


def scorecard(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["life", "scorecard", *map(str, words)])


def test_ended_lives_are_held_against_what_was_said_of_them(folder: Path) -> None:
    casefile = open_casefile(load(folder))
    told = tuple(
        Condition(P1, START - 10 * HOUR, name, left)
        for name, left in zip(names_of("bearing"), (5.0, 9.0, 20.0), strict=True)
    )
    done = WorkEvent(P1, START, Work.REPLACED, "Bilal", failure_mode="bearing")
    casefile.commit(Advance(1, conditions=told, work=(done,)))
    casefile.close()
    shown = scorecard("-c", folder)
    assert "failure mode" in shown.stdout
    assert "bearing" in shown.stdout
    found = json.loads(scorecard("-c", folder, "--json").stdout)
    assert (found["ended"], found["graded"], found["covered"]) == (1, 1, 1.0)
    assert found["error"] == pytest.approx(0.1)
    assert found["horizon_hours"] == 10.0
    assert found["widened"] == 1.0
    assert found["below"]["0.5"] == 0.0
    assert found["below"]["0.75"] == 1.0
    drawn = folder / "drawn.svg"
    assert scorecard("-c", folder, "--plot", drawn).exit_code == 0
    assert "bearing" in drawn.read_text("utf-8").lower()


@pytest.mark.parametrize("name", ["drawn.png", "nowhere/drawn.svg"])
def test_a_plot_that_cannot_be_written_is_refused_in_words(folder: Path, name: str) -> None:
    found = scorecard("-c", folder, "--plot", folder / name)
    assert isinstance(found.exception, ConfigError)
    assert "--plot" in str(found.exception)


def test_where_nothing_has_run_it_says_so(folder: Path) -> None:
    assert isinstance(scorecard("-c", folder).exception, Unavailable)
