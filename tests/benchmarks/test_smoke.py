"""Every benchmark runs, on a small scale: prints its table, writes JSON, ends with its headline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = {
    "ingest": ["--messages", "3000"],
    "latency": ["--assets", "10", "--rate", "200", "--seconds", "18"],
    "fuzz": ["--inputs", "500", "--engine", "mutator"],
    "backtest": ["--assets", "1", "--days", "2", "--baseline", "1"],
    "fleet": ["--machines", "2", "--days", "9", "--budget", "1"],
    "wear": ["--seeds", "1"],
    "brackets": ["--seeds", "8"],
    "use": ["--machines", "4"],
    "waveform": ["--rounds", "2", "--seeds", "3"],
    "forward": ["--assets", "8", "--rows", "20", "--bursts", "6", "--cuts", "2"],
    "recordings": ["--seeds", "1", "--rows", "350"],
    "scoring": ["--readings", "2000", "--assets", "200", "--rounds", "1"],
    "life_fleet": ["--machines", "3", "--years", "1", "--seeds", "1", "--lives", "4"],
    "life_speed": ["--assets", "4", "--past", "300", "--rounds", "5"],
    "demo_life": ["--runs", "1"],
    "memory": ["--assets", "5", "--rows", "200", "--steady", "1"],
    "cardinality": ["--names", "5000", "--seconds", "2", "--assets", "5"],
    "chaos": [
        *("--kills", "1", "--restarts", "1", "--broker-kills", "1"),
        *("--rate", "100", "--assets", "5"),
    ],
}
MET = {
    "life_fleet": ["0 failures, blend: answers given", "saved against run to failure"],
    "backtest": ["transitions and cases that differ"],
    "cardinality": ["memory more", "series more", "messages missing", "proposed assets"],
    "waveform": [
        "outer race over healthy, 4,096 samples, band sought",
        "outer race over healthy, 16,384 samples, band given",
        "velocity of a sine, error",
    ],
    "scoring": ["ensemble, state", "mewma, state"],
    "fuzz": ["escapes", "good messages unread"],
    "forward": ["lost", "doubled", "cuts of each link", "sites' cases at the centre"],
    "latency": ["alerts unseen", "achieved rate"],
    "chaos": [
        "acts after the load",
        "not acknowledged",
        "readings missing",
        "readings missing, undisturbed",
        "machine alerts missing or doubled",
        "broker kills after the load",
        "forgotten readings unexplained",
        "broker kills told in the feed",
        "service ended by itself",
    ],
}
"""The goals that hold at any scale and on any machine."""


@pytest.mark.mosquitto
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_reports_what_it_measured(name: str, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", *SMALL[name], "--json", str(result)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(result.read_text())
    assert ran.stdout.splitlines()[-1] == report["headline"]
    assert any(figure["note"] == "the baseline" for figure in report["figures"])
    figures = {figure["name"]: figure for figure in report["figures"]}
    for exact in MET.get(name, []):
        assert figures[exact]["goal"] is not None
        assert figures[exact]["ok"], ran.stdout


@pytest.mark.mosquitto
@pytest.mark.influxd
@pytest.mark.timeout(300)
def test_the_drain_into_influxdb_loses_nothing_on_any_way(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    options = ["--peer", "telegraf", "--messages", "2000", "--rounds", "1", "--json", str(result)]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    figures = {figure["name"]: figure for figure in json.loads(result.read_text())["figures"]}
    assert {f"ours, {way}" for way in ("plain", "scoring", "tls", "mapping")} <= figures.keys()
    for exact in ("lost", "sum of a channel off by"):
        assert figures[exact]["ok"], ran.stdout
