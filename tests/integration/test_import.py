"""A past that was imported is in the plots and in the models of the service that runs next."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from cli.adapters import open_casefile, open_history, open_journal
from cli.configuration import load
from cli.main import app
from core.clock import SECOND, system_clock
from service.scoring import Scoring
from tests import folders
from tests.story import Story

P1 = "site/hall/p1"
COUNT = 300
LEARNS = "  pattern: {kind: mewma, learn: {rows: 120, min_rows: 60, span: 30d}}\n"


def plant(where: Path) -> Path:
    folder = folders.write(where)
    pump = folder / "classes" / "pump.yaml"
    text = pump.read_text().replace("rules:\n", f"{LEARNS}rules:\n  odd: {{detector: pattern}}\n")
    pump.write_text(text)
    return folder


def write_past(folder: Path) -> int:
    """Write an hour of a healthy pump, which ended a minute ago; returns when it began."""
    (folder / "past").mkdir()
    random, begin = np.random.default_rng(3), system_clock() // SECOND - 60 - 10 * COUNT
    lines = ["when,rpm,vib,temp_F"]
    for number in range(COUNT):
        speed, vibration = 1500 + random.normal(0, 5), 2 + random.normal(0, 0.1)
        fahrenheit = 122 + random.normal(0, 0.9)
        lines.append(f"{begin + 10 * number},{speed:.2f},{vibration:.4f},{fahrenheit:.3f}")
    (folder / "past" / "P-101.csv").write_text("\n".join(lines))
    (folder / "import.yaml").write_text(
        "source: {kind: csv, folder: past, time: when, time_format: s}\n"
        "series:\n"
        "  - measurement: P-101\n"
        f"    asset: {P1}\n"
        "    fields:\n"
        "      {rpm: speed, vib: vibration, temp_F: {channel: temperature, unit: degF}}\n"
    )
    return begin


def test_an_imported_past_is_there_and_taught(tmp_path: Path) -> None:
    folder = plant(tmp_path / "plant")
    begin = write_past(folder)
    command = ["storage", "import", str(folder / "import.yaml"), "-c", str(folder), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exception is None
    assert json.loads(done.stdout.splitlines()[0])["kept"] == COUNT
    config = load(folder)

    history = open_history(config)
    hour = history.read(P1, ("temperature",), begin * SECOND, system_clock())
    assert len(hour) == COUNT
    assert abs(float(hour.values.mean()) - 50) < 0.5
    history.close()

    journal, casefile = open_journal(config), open_casefile(config)
    scoring = Scoring(config.plant, journal, casefile)
    story = Story(config.plant, journal, system_clock())
    for _ in range(20):
        story.passes(10 * SECOND).says(P1, vibration=3.2)
    while scoring.step():
        pass
    opened = [alert for _, alert in casefile.events(0)]
    journal.close()
    casefile.close()
    assert [(alert.asset, alert.group) for alert in opened] == [(P1, "machine")]
