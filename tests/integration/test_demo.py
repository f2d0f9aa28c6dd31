"""The demo: machines, broker, service and page of its own, until the alert it is about."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from cli.options import SHIPPED
from simulators.influx import PrivateInflux
from storage.influx_server import InfluxPlace, InfluxServer
from tests.processes import Running, millwright

pytestmark = [pytest.mark.mosquitto, pytest.mark.timeout(240)]

PLANT = """\
sites:
  lahore:
    timezone: Asia/Karachi
    areas:
      water:
        assets:
          pump-01: {class: centrifugal_pump, title: Wearing pump}
          pump-02: {class: centrifugal_pump, title: Healthy pump}
"""
LIAR = "          compressor-01: {class: compressor, title: Compressor with a lying sensor}\n"


@pytest.fixture
def pumps(tmp_path: Path) -> Path:
    """Two pumps of the shipped class."""
    folder = tmp_path / "plant"
    shutil.copytree(SHIPPED / "classes", folder / "classes")
    (folder / "plant.yaml").write_text(PLANT, encoding="utf-8")
    return folder


@pytest.fixture
def plant(pumps: Path) -> Path:
    """All that the scenario of the demo is about, which say half as often here."""
    (pumps / "plant.yaml").write_text(PLANT + LIAR, encoding="utf-8")
    (pumps / "scenarios").mkdir()
    story = (SHIPPED / "scenarios" / "demo.yaml").read_text(encoding="utf-8")
    told = story.replace("interval: 5min", "interval: 10min")
    assert told != story
    (pumps / "scenarios" / "demo.yaml").write_text(told, encoding="utf-8")
    return pumps


def test_it_ends_with_0_at_the_alert_about_the_wearing_machine_before_its_failure(
    plant: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    done = millwright(
        *("demo", "--until-alert", "--seconds", "5", "--port", "0"),
        *("--keep", kept, "-c", plant),
        seconds=200,
    )
    assert done.returncode == 0, done.stderr
    assert "page:   http://127.0.0.1:" in done.stdout
    (verdict,) = [line for line in done.stdout.splitlines() if line.startswith("first alert about")]
    assert verdict.startswith("first alert about lahore/water/pump-01: ")
    assert verdict.endswith(" h before it")
    listed = millwright("alerts", "list", "--all", "--json", "-c", kept / "configuration")
    cases = [json.loads(line) for line in listed.stdout.splitlines()]
    about = {case["asset"] for case in cases if case["group"] == "machine"}
    assert "lahore/water/pump-01" in about
    truth = json.loads((kept / "truth.json").read_text())
    assert truth["healthy"] == ["lahore/water/pump-02"]
    assert not about & set(truth["healthy"])

    again = millwright("demo", "--keep", kept, "-c", plant)
    assert again.returncode == 3
    assert "there is something already" in again.stderr


def test_it_leaves_nothing_behind_when_it_is_told_to_end(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with Running(tmp_path, "demo", "--seconds", "60", "--port", "0", "-c", plant) as demo:
        demo.says("cases:")
        assert len(list((tmp_path / "tmp").iterdir())) == 1
        assert demo.end(signal.SIGTERM) == 0
    assert list((tmp_path / "tmp").iterdir()) == []
    assert "Traceback" not in demo.err


def test_it_is_refused_where_no_machine_ever_fails(plant: Path) -> None:
    done = millwright("demo", "--until-alert", "--scenario", "healthy", "--port", "0", "-c", plant)
    assert done.returncode == 3
    assert "no machine of this scenario fails" in done.stderr


@pytest.mark.influxd
def test_it_keeps_history_in_an_influxdb_of_its_own(pumps: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    words = ("demo", "--scenario", "healthy", "--seconds", "5", "--port", "0")
    more = ("--store", "influxdb", "--keep", kept, "-c", pumps)
    with Running(tmp_path, *words, *more) as demo:
        demo.says("store:  a private InfluxDB on port")
        demo.says("history: played", 70)
        assert demo.end(signal.SIGTERM) == 0
    assert "Traceback" not in demo.err
    assert not (kept / "history.db").exists()
    with PrivateInflux(kept / "influxdb") as influx:
        server = InfluxServer(InfluxPlace(influx.url, influx.org, influx.token))
        flux = "from(bucket: b) |> range(start: -40d) |> filter(fn: (r) => r.asset == a) |> count()"
        found = server.query(flux, b="telemetry", a="pump-01")
        server.close()
    assert min(int(table.value.sum()) for table in found) > 1000


def test_without_influxd_it_says_what_to_install(
    plant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWRIGHT_INFLUXD", "/nowhere/influxd")
    done = millwright("demo", "--store", "influxdb", "--port", "0", "-c", plant)
    assert done.returncode == 4
    assert "install InfluxDB 2 from its maker's packages" in done.stderr
    assert "MILLWRIGHT_INFLUXD" in done.stderr
