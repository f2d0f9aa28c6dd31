"""A past that was imported is in the plots and in the models of the service that runs next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.adapters import open_casefile, open_history, open_journal
from cli.configuration import load
from cli.main import app
from core.clock import HOUR, MINUTE, SECOND, system_clock
from service.scoring import Scoring
from tests import folders
from tests.buckets import Buckets
from tests.story import Story
from tests.waiting import until

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


class Historian:
    """Two days of two machines in an InfluxDB, one of which is pump p1 here."""

    def __init__(self, buckets: Buckets, folder: Path) -> None:
        self.folder, self.token = folders.write(folder), buckets.place.token
        bucket, now = buckets.new(), system_clock() // MINUTE * MINUTE
        self.at = [now - n * MINUTE for n in range(2880, 0, -1)]
        lines = [
            f"pumps,machine={machine} vib={n / 1000},rpm={1500 + n % 9}i {at}"
            for machine in ("P-101", "P-102")
            for n, at in enumerate(self.at)
        ]
        buckets.server.write(bucket, "".join(f"{line}\n" for line in lines).encode())
        (self.folder / "import.yaml").write_text(
            f"source: {{kind: influxdb, url: '{buckets.place.url}', org: {buckets.place.org},\n"
            f"  bucket: {bucket}, token: env:HISTORIAN, window: 30min}}\n"
            "series:\n"
            "  - measurement: pumps\n"
            "    asset: site/hall/{machine}\n"
            f"    assets: {{site/hall/P-101: {P1}}}\n"
            "    fields: {vib: vibration, rpm: speed}\n"
        )

    def start(self) -> subprocess.Popen[bytes]:
        command = ["storage", "import", str(self.folder / "import.yaml"), "-c", str(self.folder)]
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", *command],
            env={**os.environ, "HISTORIAN": self.token},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def killed_at(self, share: float) -> None:
        process = self.start()
        until(lambda: self.share() >= share or process.poll() is not None)
        process.kill()
        process.communicate()

    def share(self) -> float:
        file = self.folder / "data" / "imports" / "import.json"
        return float(json.loads(file.read_text())["share"]) if file.exists() else 0.0

    def stored(self) -> Any:
        history = open_history(load(self.folder))
        try:
            return history.read(P1, ("vibration", "speed"), 0, system_clock())
        finally:
            history.close()


@pytest.mark.influxd
def test_an_import_that_is_killed_again_and_again_ends_whole(
    buckets: Buckets, tmp_path: Path
) -> None:
    historian = Historian(buckets, tmp_path / "plant")
    for share in (0.1, 0.4, 0.7):
        historian.killed_at(share)
        assert share <= historian.share() < 1
    process = historian.start()
    said, _ = process.communicate()
    assert process.returncode == 0
    assert "2,880 readings imported" in said.decode()
    found = historian.stored()
    assert found.at.tolist() == historian.at
    assert found.values[:, 0].tolist() == [n / 1000 for n in range(2880)]
    assert found.values[:, 1].tolist() == [1500 + n % 9 for n in range(2880)]
    assert found.at[-1] - found.at[0] > 47 * HOUR
