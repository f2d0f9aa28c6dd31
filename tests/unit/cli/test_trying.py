"""`messages try` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

PLANT = """
sites:
  lahore:
    timezone: Asia/Karachi
    areas: {hall: {assets: {pump-01: {class: pump}}}}
"""
PUMP = "channels: {bearing_temp: {unit: degC, range: [-40, 200]}}\n"
SERVICE = """
ingest:
  sources:
    - name: tasmota
      topic: tele/{asset}/SENSOR
      site: lahore
      area: hall
      decoder: {kind: tasmota}
      channels: {A.Temperature: bearing_temp}
    - name: will
      topic: tele/{asset}/LWT
      site: lahore
      area: hall
      decoder: {kind: state}
"""
GOOD = '{"Time": "2026-11-23T13:00:00", "A": {"Temperature": 142.7}, "TempUnit": "F"}'
AT = "2026-11-23T08:00:05Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "classes").mkdir()
    (tmp_path / "plant.yaml").write_text(PLANT)
    (tmp_path / "classes" / "pump.yaml").write_text(PUMP)
    (tmp_path / "service.yaml").write_text(SERVICE)
    return tmp_path


def tried(folder: Path, topic: str, payload: str, *more: str) -> Result:
    words = ["messages", "try", "--topic", topic, "-c", str(folder), "--at", AT, *more]
    return CliRunner().invoke(app, words, input=payload)


def test_a_good_message_ends_with_its_reading(folder: Path) -> None:
    ran = tried(folder, "tele/pump-01/SENSOR", GOOD)
    assert ran.exit_code == 0, ran.output
    assert "source tasmota: tele/{asset}/SENSOR" in ran.output
    assert "reading   lahore/hall/pump-01 at 2026-11-23T08:00:00Z" in ran.output
    assert "bearing_temp 61.5 degC" in ran.output


def test_a_refused_message_says_why_and_exits_with_1(folder: Path) -> None:
    ran = tried(folder, "tele/pump-01/SENSOR", GOOD.replace("142.7", "1427"))
    assert ran.exit_code == 1
    assert "refused   out of physical range: bearing_temp is 775" in ran.output


def test_what_is_refused_is_exact_in_json(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text("{")
    ran = tried(folder, "tele/pump-01/SENSOR", "", "--payload", str(file), "--json")
    assert ran.exit_code == 1
    said = json.loads(ran.stdout)
    assert said["readings"] == []
    assert said["refused"]["reason"] == "malformed"


def test_a_device_that_is_gone_is_told(folder: Path) -> None:
    ran = tried(folder, "tele/pump-01/LWT", "Offline")
    assert ran.exit_code == 0, ran.output
    assert "told      lahore/hall/pump-01 is gone" in ran.output


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--at", "yesterday"], "--at: not an ISO 8601 time"),
        (["--at", "2026-11-23T08:00:00"], "without an offset"),
        (["--payload", "nowhere.json"], "nowhere.json: No such file"),
    ],
)
def test_what_cannot_be_tried_is_refused(folder: Path, more: list[str], says: str) -> None:
    ran = tried(folder, "tele/pump-01/LWT", "Online", *more)
    assert ran.exit_code != 0
    assert says in ran.output + str(ran.exception)
