"""Small configuration folders, sound as they are, for tests to break."""

from __future__ import annotations

from pathlib import Path

from cli.configuration import load
from core.errors import ConfigError

PLANT = """\
sites:
  lahore:
    timezone: Asia/Karachi
    areas:
      water:
        assets:
          p1: {class: pump}
"""
PUMP = """\
channels:
  speed: {unit: rpm, range: [0, 4000], role: operating}
  vibration: {unit: mm/s, range: [0, 50]}
  temp: {unit: degC, payload_unit: degF, range: [-40, 200]}
modes: {channel: speed, off_below: 10}
detectors:
  zones: {kind: limits, channels: {vibration: {warning: 4, alarm: 8}}}
  pattern: {kind: mewma}
rules:
  high: {detector: zones}
failure_modes:
  bearing: {title: Bearing wear, channels: [vibration], actions: [Look.]}
health: {kind: threshold, channel: vibration, failure_mode: bearing, end: 8}
"""


def folder(
    where: Path,
    plant: str | bytes = PLANT,
    pump: str | bytes = PUMP,
    service: str | bytes | None = None,
    **more: str,
) -> Path:
    """Write a configuration folder; `more` are further classes by their names."""
    (where / "classes").mkdir(parents=True)
    given = {"plant.yaml": plant, "classes/pump.yaml": pump, "service.yaml": service}
    given |= {f"classes/{name}.yaml": text for name, text in more.items()}
    for name, text in given.items():
        if text is not None:
            body = text if isinstance(text, bytes) else text.encode()
            (where / name).write_bytes(body)
    return where


def faults(where: Path) -> list[str]:
    """Return what is said of a folder, with file names relative to it; empty where it is sound."""
    try:
        load(where)
    except ConfigError as error:
        return [str(fault).removeprefix(f"{where}/") for fault in error.faults]
    return []


def but(text: str, old: str, new: str) -> str:
    """Return a text with one part of it changed, which must be there."""
    assert text.count(old) == 1, old
    return text.replace(old, new)
