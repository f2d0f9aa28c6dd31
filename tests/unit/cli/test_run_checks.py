"""`check` opens the models of runs to failure that classes name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.configuration import load
from cli.main import app
from models.run_life_fit import fit
from models.run_life_kept import kept
from storage import life_folder
from tests.configurations import PUMP, folder
from tests.fleets import QUICK, fleet, runs

RUNS = "runs: {model: models/pump, failure_mode: bearing, unit: 1d, channels: {%s}}\n"
WHOLE = "heat: temp, shake: vibration, flow: speed, level: speed, load: speed, speed: speed"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    facts, arrays = kept(fit(runs(fleet()), course=QUICK)[0])
    meant = {"time": "cycle", "counts": True, "spacing": 1.0}
    life_folder.keep(made, facts | {"columns": meant}, arrays)
    return made


def said(where: Path, model: Path | None, channels: str, more: str = "") -> tuple[int, str]:
    made = folder(where, pump=f"{PUMP}{RUNS % channels}{more}")
    if model is not None:
        (made / "models").mkdir()
        (made / "models" / "pump").symlink_to(model)
    return check(made)


def check(made: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "-c", str(made)])
    return result.exit_code, result.stderr


def test_a_model_that_loads_and_has_all_its_columns_passes(tmp_path: Path, model: Path) -> None:
    assert said(tmp_path / "c", model, WHOLE) == (0, "")


def test_unknown_columns_and_channels_are_told(tmp_path: Path, model: Path) -> None:
    code, words = said(tmp_path / "a", model, "heat: temp, load: speed, heet: vibration")
    assert code == 2
    assert 'classes/pump.yaml: runs.channels: the model has no column "heet"; it has heat' in words
    assert 'the model\'s column "shake" has no channel of that name in the class' in words
    code, words = said(tmp_path / "b", model, "heat: tempe")
    assert code == 2
    assert 'runs.channels.heat: unknown channel "tempe"' in words


def test_the_failure_mode_that_stands_where_none_is_given_is_one_of_the_class(
    tmp_path: Path,
) -> None:
    without = RUNS.replace("failure_mode: bearing, ", "") % WHOLE
    code, words = check(folder(tmp_path / "a", pump=f"{PUMP}{without}"))
    assert code == 2
    assert 'runs.failure_mode: unknown failure mode "wear"; ' in words
    assert "it stands where none is given" in words
    text = PUMP.replace("bearing", "wear")
    assert "runs.failure_mode" not in check(folder(tmp_path / "b", pump=f"{text}{without}"))[1]


def test_the_revision_tells_models_apart(tmp_path: Path) -> None:
    made = folder(tmp_path / "c", pump=f"{PUMP}{RUNS % WHOLE}")
    life_folder.keep(made / "models" / "pump", {}, {"content": np.zeros(1)})
    first = load(made).plant.revision
    assert load(made).plant.revision == first
    life_folder.keep(made / "models" / "pump", {}, {"content": np.ones(1)})
    assert load(made).plant.revision != first


def test_a_model_that_does_not_load_is_told(tmp_path: Path) -> None:
    code, words = said(tmp_path / "c", None, WHOLE)
    assert code == 2
    assert "runs.model: " in words
    assert "no model of `millwright life fit` in it" in words
