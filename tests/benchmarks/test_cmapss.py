"""The benchmark on C-MAPSS reads what C-MAPSS looks like, and scores as its protocol says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cmapss, life_gaps
from benchmarks.rig.turbofan import ENGINES, band, penalty, rmse, weibull_left
from models.network import Lesson
from models.run_life_fit import Course


def engines(path: Path, count: int, seed: int, *, cut: bool) -> list[int]:
    """Write a file of engines; returns what those had left that were cut short."""
    rng = np.random.default_rng(seed)
    rows, left = [], []
    for unit in range(1, count + 1):
        life = int(rng.integers(60, 120))
        stop = int(rng.integers(20, life)) if cut else life
        left.append(life - stop)
        age = np.arange(1, stop + 1)
        worn = np.exp(-(life - age) / 15.0)
        sensors = 500 + rng.normal(0, 1, (stop, 21)) + 6 * worn[:, None] * (np.arange(21) % 3 - 1)
        sensors[:, 0] = 518.67
        settings = np.stack([rng.normal(0, 0.002, stop), np.zeros(stop), np.full(stop, 100.0)], 1)
        rows.append(np.column_stack([np.full(stop, unit), age, settings, sensors]))
    np.savetxt(path, np.concatenate(rows), fmt="%.4f")
    return left


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cmapss"
    folder.mkdir()
    for k, name in enumerate(ENGINES):
        engines(folder / f"train_{name}.txt", 12, k, cut=False)
        left = engines(folder / f"test_{name}.txt", 9, 10 + k, cut=True)
        np.savetxt(folder / f"RUL_{name}.txt", left, fmt="%d")
    quick = Course(
        iterations=8, rate=0.4, nets=1, lesson=Lesson(hidden=(6,), rounds=2, corrected=20)
    )
    monkeypatch.setattr("models.run_life_fit.SHIPPED", quick)
    monkeypatch.setattr(cmapss, "TRIED", {"few": replace(quick, iterations=5, nets=0)})
    return tmp_path


def test_all_figures_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--data", str(data), "--json", str(data / "out.json"), "--seeds", "1"]
    assert cmapss.main(given) == 0
    said = capsys.readouterr().out
    for words in (
        "Weibull on age",
        "STAR 2024",
        "settings, on training engines left out",
        "FD002, seed 0: cap",
        "third 3",
        "declined",
    ):
        assert words in said
    figures = {one["name"] for one in json.loads((data / "out.json").read_text())["figures"]}
    assert {"FD001 RMSE", "FD003 uncapped", "FD002 fit and predict"} <= figures


def test_scores_are_those_of_the_protocol() -> None:
    said, truth = np.array([110.0, 140.0]), np.array([100.0, 190.0])
    assert rmse(said, truth) == pytest.approx(np.sqrt((100 + 2500) / 2))
    assert rmse(said, truth, 125) == pytest.approx(np.sqrt(100 / 2))
    assert penalty(said, truth, 125) == pytest.approx(np.e - 1)
    assert penalty(np.array([87.0]), truth[:1]) == pytest.approx(np.e - 1)
    assert band(100) == (0.82, 0.97)


def test_a_weibull_on_age_is_its_conditional_mean() -> None:
    rng = np.random.default_rng(1)
    lives = 200 * rng.weibull(3.0, 4000)
    found = weibull_left(lives, np.array([0.0, 100.0]))
    assert found[0] == pytest.approx(lives.mean(), rel=0.02)
    assert found[1] == pytest.approx((lives[lives > 100] - 100).mean(), rel=0.03)


def test_where_the_data_is_missing_it_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cmapss.main(["--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "NASA" in capsys.readouterr().err


def test_what_missing_rows_do_is_told_by_how_far_features_are_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cmapss").mkdir()
    engines(tmp_path / "cmapss" / "train_FD001.txt", 24, 1, cut=False)
    left = engines(tmp_path / "cmapss" / "test_FD001.txt", 2, 2, cut=True)
    np.savetxt(tmp_path / "cmapss" / "RUL_FD001.txt", left, fmt="%d")
    monkeypatch.setattr(life_gaps, "QUICK", replace(cmapss.QUICK, iterations=20, nets=0, folds=3))
    out = tmp_path / "out.json"
    given = ["--data", str(tmp_path), "--subsets", "FD001", "--json", str(out), "--check"]
    assert life_gaps.main(given) == 0, capsys.readouterr().out
    figures = {each["name"]: each for each in json.loads(out.read_text())["figures"]}
    first, far = (f"FD001, features {part} rows behind" for part in ("0 to 1", "8 to 16"))
    assert figures[f"{first}: intervals held"]["value"] > 85
    blind = float(figures[f"{far}: intervals held"]["note"].split()[0])
    assert blind < 75
