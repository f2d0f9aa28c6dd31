"""Figures are held against their goals, and a shortfall is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.rig.report import Figure, arguments, finish


def report(tmp_path: Path, *figures: Figure, check: bool = True) -> int:
    flags = ["--json", str(tmp_path / "r.json"), *(["--check"] if check else [])]
    return finish("toy", figures, "toy: done", arguments("toy").parse_args(flags))


def test_a_figure_that_misses_its_goal_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(tmp_path, Figure("speed", 1.5, "x", ">= 2"), Figure("size", 1, "MB", "< 2")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "falls short: speed is 1.50 x, goal >= 2" in lines
    assert not any("falls short: size" in line for line in lines)
    assert lines[-1] == "toy: done"


def test_goals_that_are_met_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path, Figure("speed", 2.0, "x", ">= 2"), Figure("lost", 0, "", "== 0")) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "toy: done"


def test_without_check_a_shortfall_is_reported_and_no_failure(tmp_path: Path) -> None:
    assert report(tmp_path, Figure("speed", 1.0, "x", ">= 2"), check=False) == 0
    figures = json.loads((tmp_path / "r.json").read_text())["figures"]
    assert [figure["ok"] for figure in figures] == [False]


def test_a_figure_that_could_not_be_measured_misses_every_goal(tmp_path: Path) -> None:
    assert report(tmp_path, Figure("speed", float("nan"), "x", ">= 2")) == 1
