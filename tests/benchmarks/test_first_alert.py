"""The benchmark of first alerts, on recordings made here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.first_alert import Case, shewhart
from simulators.recording import Track

ROOT = Path(__file__).parents[2]


def write_pump(path: Path, onset: int, rows: int = 700) -> None:
    rng = np.random.default_rng(len(path.stem))
    values = rng.normal(5, 1, (rows, 2))
    values[onset:, 0] += 4
    lines = ["datetime;a;b;anomaly;changepoint"]
    for i, (a, b) in enumerate(values):
        label = float(i >= onset)
        lines.append(f"2020-03-09 10:{i // 60:02d}:{i % 60:02d};{a:.4f};{b:.4f};{label};0.0")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_engines(path: Path, units: int = 6, life: int = 200) -> None:
    rng = np.random.default_rng(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for unit in range(1, units + 1):
            values = rng.normal(500, 1, (life, 24))
            values[life - 60 :, 3:6] += np.linspace(0, 20, 60)[:, None]
            for cycle, row in enumerate(values, 1):
                file.write(f"{unit} {cycle} " + " ".join(f"{x:.3f}" for x in row) + "\n")


def run(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.first_alert", "--data", str(data), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_reports_ours_beside_the_baselines(tmp_path: Path) -> None:
    for name in ("valve1/0", "valve2/0", "other/9", "other/1"):
        write_pump(tmp_path / "skab" / f"{name}.csv", 500)
    write_engines(tmp_path / "cmapss" / "train_FD001.txt")
    result = tmp_path / "result.json"
    ran = run(tmp_path, "--check", "--each", "--json", str(result))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "other/1 " in ran.stdout
    assert ran.stdout.splitlines()[-1] == ("first_alert: 8 of 8 held-out recordings alert in time")
    figures = {f["name"]: f["value"] for f in json.loads(result.read_text())["figures"]}
    assert figures["SKAB held out, ours"] == 3
    assert figures["FD001 chosen on, ours"] == 1
    assert "SKAB chosen on, 3 sigma, one reading" in figures


def test_without_the_data_it_says_where_they_come_from(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.returncode == 2
    assert "github.com/waico/SKAB" in ran.stderr


@pytest.mark.parametrize(
    ("row", "said"),
    [(None, "missed"), (9, "early"), (10, "in time"), (20, "in time"), (21, "late")],
)
def test_an_alert_is_in_time_within_its_rows(row: int | None, said: str) -> None:
    assert Case("x", True, 10, 20, 30, (row,), "").verdict(0) == said


def test_the_baseline_finds_what_lasts_after_its_learning_rows() -> None:
    values = np.random.default_rng(1).normal(0, 1, (600, 2))
    values[100] = values[450] = 99
    values[500:, 1] = 50
    second = 1_000_000_000
    track = Track("", np.arange(600) * second, np.column_stack([values, np.ones(600)]))
    assert shewhart(track, 1) == 450
    assert shewhart(track, 5) == 504
    assert shewhart(Track("", track.at, track.values[:, 2:]), 1) is None
