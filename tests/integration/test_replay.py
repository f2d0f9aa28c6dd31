"""`millwright replay`: a CSV through a private broker and service, or to a broker of the plant."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from cli.options import SHIPPED
from cli.tryout import try_out
from simulators.autoclass import varying
from simulators.broker import PrivateMosquitto
from simulators.recording import read
from tests import folders
from tests.processes import Running, millwright
from tests.waiting import until

ROWS, ONSET = 1_000, 700


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two hours of a rig whose vibration steps up at row 700; labels say it too."""
    random = np.random.default_rng(7)
    path = tmp_path / "rig.csv"
    lines = ["datetime;vibration;temperature;speed;anomaly"]
    for row in range(ROWS):
        hour, rest = divmod(row * 7, 3600)
        vibration = 2 + random.normal(0, 0.1) + 1.5 * (row >= ONSET)
        temperature, speed = 50 + random.normal(0, 0.5), 1500 + random.normal(0, 5)
        stamp = f"2020-03-09 {10 + hour}:{rest // 60:02}:{rest % 60:02}"
        lines.append(f"{stamp};{vibration:.4f};{temperature:.3f};{speed:.2f};{int(row >= ONSET)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.mosquitto
def test_any_csv_is_tried_out_and_the_alert_falls_on_its_row(recording: Path) -> None:
    done = millwright("replay", recording, "--json")
    assert done.returncode == 0, done.stderr
    (alert,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert alert["alert"] == "first"
    assert ONSET <= alert["row"] < ONSET + 50
    assert alert["of"] == ROWS
    assert alert["at"].startswith("2020-03-09T11:")
    assert "left out as labels: anomaly" in done.stderr


def test_without_mosquitto_the_broker_of_python_does(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("simulators.broker.mosquitto_path", lambda: None)
    try_out(varying(read(recording))[0], "auto", SHIPPED, "max", keep_times=False, as_json=True)
    said = capsys.readouterr()
    assert "Mosquitto is not installed; amqtt on port" in said.err
    assert ONSET <= json.loads(said.out)["row"] < ONSET + 50


@pytest.mark.mosquitto
def test_a_class_of_the_plant_judges_by_its_own_rules(recording: Path, tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    pump = folder / "classes" / "pump.yaml"
    pump.write_text(pump.read_text().replace("warning: 4", "warning: 3"))
    asked = ("--class", "pump", "-c", folder)
    done = millwright("replay", recording, *asked)
    assert done.returncode == 0, done.stderr
    head, first, *_ = done.stdout.splitlines()
    assert head.split()[:4] == ["asset", "alert", "row", "of"]
    assert first.split()[:3] == ["rig", "first", str(ONSET)]


@pytest.mark.mosquitto
def test_a_recording_is_published_as_an_asset_of_the_plant(
    mosquitto: PrivateMosquitto, recording: Path, tmp_path: Path
) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    with Running(tmp_path, "run", "-c", folder) as service:
        service.says("broker_connected")
        url = f"mqtt://127.0.0.1:{mosquitto.port}"
        asked = ("--class", "pump", "--broker", url, "-c", folder)
        done = millwright("replay", recording, *asked, "--asset", "site/hall/p1")
        assert f"{ROWS} published, {ROWS} confirmed by the broker" in done.stderr
        stranger = millwright("replay", recording, *asked, "--asset", "site/hall/p9")
        assert stranger.returncode == 3
        assert 'unknown asset "site/hall/p9"' in stranger.stderr
        assert service.end() == 0
    listed = millwright("messages", "rejected", "-c", folder)
    assert "since the journal was made: none" in listed.stdout


@pytest.mark.mosquitto
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_try_says_so_by_its_exit_code_and_leaves_nothing_behind(
    how: signal.Signals,
    code: int,
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with Running(tmp_path, "replay", recording, "--speed", "10") as replay:
        replay.says("a private Mosquitto on port")
        until(lambda: list((tmp_path / "tmp").glob("*/data/cases.db")))
        assert replay.end(how) == code
    assert replay.err.endswith("millwright: interrupted before the whole recording was scored\n")
    assert list((tmp_path / "tmp").iterdir()) == []
