"""A configuration folder as an engineer would write one, for commands that need files."""

from __future__ import annotations

from pathlib import Path

from cli.configuration import Configuration, load
from simulators.broker import free_port

PLANT = """\
tick_every: 1s
sites:
  site:
    timezone: Asia/Karachi
    areas:
      hall:
        assets:
          p1: {class: pump, title: Pump 1}
          p2: {class: pump, title: پمپ 2}
"""

NEW_PUMP = "          p3: {class: pump, title: Pump 3}\n"

PUMP = """\
channels:
  speed: {unit: rpm, role: operating}
  vibration: {unit: mm/s, range: [0, 50], title: vibration}
  temperature: {unit: °C, title: bearing temperature}
modes: {channel: speed, off_below: 10, running_above: 100}
detectors:
  zones: {kind: limits, channels: {vibration: {warning: 4, alarm: 8}}}
rules:
  high: {detector: zones, title: vibration above its line}
failure_modes:
  bearing:
    title: Bearing wear
    channels: [vibration]
    actions: [Look at the bearing.]
"""


def write(folder: Path, broker: int = 1, feed: int | None = None, more: str = "") -> Path:
    """Write the files of a small plant; `more` is put into service.yaml."""
    (folder / "classes").mkdir(parents=True)
    (folder / "plant.yaml").write_text(PLANT, encoding="utf-8")
    (folder / "classes" / "pump.yaml").write_text(PUMP, encoding="utf-8")
    service = (
        f"data: data\nbroker: {{url: 'mqtt://127.0.0.1:{broker}', client_id: m-{broker}}}\n"
        f"feed: {{port: {free_port() if feed is None else feed}}}\n{more}"
    )
    (folder / "service.yaml").write_text(service, encoding="utf-8")
    return folder


def written(folder: Path) -> Configuration:
    """Write a small plant and read it."""
    return load(write(folder))


def add_pump(folder: Path) -> None:
    """Describe a third pump, p3."""
    with (folder / "plant.yaml").open("a", encoding="utf-8") as file:
        file.write(NEW_PUMP)
