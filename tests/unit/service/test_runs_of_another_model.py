"""What is known of how well a model of runs foretold goes with that model, and its rows stay."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.clock import DAY, HOUR
from core.plant import Asset, AssetClass
from core.run_settings import RunSettings
from models.registry import build_healths
from models.threshold import ThresholdSettings
from service.checkpoint import Part
from service.lives import Lives
from service.runs import Runs
from storage import life_folder
from tests.plants import pump_class

ASSETS = (Asset("site", "hall", "p1", "pump"),)
WORN = ThresholdSettings.model_validate(
    {"channel": "vibration", "end": 8.0, "failure_mode": "bearing"}
)
ANSWERS = ("telling", "outcomes", "weighing by runs")


def model(folder: Path, content: float) -> Path:
    life_folder.keep(folder, {}, {"content": np.array([content])})
    return folder


def part(kind: AssetClass) -> Part:
    assert kind.runs is not None
    runs = partial(Runs, kind.runs, kind, ASSETS)
    lives = Lives(ASSETS, build_healths(kind, ASSETS), runs=runs)
    found = list(lives.sections(kind))
    return Part(
        "pump", ("p1",), {name: held for name, held, _ in found}, {n: made for n, _, made in found}
    )


def kind(folder: Path, *, health: bool = False, **more: object) -> AssetClass:
    given = {"model": str(folder), "failure_mode": "bearing", **more}
    runs = RunSettings.model_validate(given)
    return pump_class(runs=runs, health=WORN) if health else pump_class(runs=runs)


def answers(dropped: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in dropped}


@pytest.mark.parametrize("health", [False, True])
def test_after_a_refit_weights_and_widening_begin_anew_and_rows_stay(
    tmp_path: Path, *, health: bool
) -> None:
    asked = kind(model(tmp_path, 1.0), health=health)
    saved = part(asked).write()
    assert part(asked).read(saved) == []
    model(tmp_path, 2.0)
    assert answers(part(asked).read(saved)) == set(ANSWERS)


def test_the_same_model_in_another_folder_is_the_same_model(tmp_path: Path) -> None:
    saved = part(kind(model(tmp_path / "a", 1.0))).write()
    assert part(kind(model(tmp_path / "b", 1.0))).read(saved) == []
    assert answers(part(kind(model(tmp_path / "c", 2.0))).read(saved)) == set(ANSWERS)


@pytest.mark.parametrize("more", [{"unit": HOUR}, {"channels": {"heat": "temp"}}])
def test_one_that_is_asked_otherwise_is_another(tmp_path: Path, more: dict[str, object]) -> None:
    saved = part(kind(model(tmp_path, 1.0), unit=DAY)).write()
    other = kind(tmp_path, unit=DAY)
    assert other.runs is not None
    asked = replace(other, runs=other.runs.model_copy(update=more))
    assert answers(part(asked).read(saved)) == set(ANSWERS)


def test_weights_of_wear_beside_runs_go_with_the_settings_of_wear(tmp_path: Path) -> None:
    asked = kind(model(tmp_path, 1.0), health=True)
    saved = part(asked).write()
    raised = WORN.model_copy(update={"end": 9.0})
    assert "weighing by runs" in part(replace(asked, health=raised)).read(saved)
