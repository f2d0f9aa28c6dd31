from __future__ import annotations

import csv
import json
from pathlib import Path

from core.clock import DAY, HOUR, iso
from core.plant import Plant
from simulators.fleet import Fleet
from simulators.run import write
from simulators.scenario import Scenario, parse
from simulators.truth import truths

NOW = 20_000 * DAY + 9 * HOUR
TEXT = """
span: 1d
faults:
  - {asset: compressor-0, fault: bearing_wear, onset: -12h, failure: +1h}
  - {asset: compressor-0, fault: dropout, channel: flow, onset: -6h, until: -5h}
"""


def scenario() -> Scenario:
    return parse(TEXT, "s.yaml")


def test_the_truth_is_written_beside_the_telemetry(plant: Plant, tmp_path: Path) -> None:
    written = write(scenario(), plant, NOW, tmp_path / "out")
    document = json.loads(written.truth[0].read_text())
    assert document["now"] == iso(NOW)
    assert [row["fault"] for row in document["faults"]] == ["bearing_wear", "dropout"]
    assert document["faults"][0]["failure"] == iso(NOW + HOUR)
    assert document["faults"][1]["channel"] == "flow"
    assert "lahore/hall/compressor-0" not in document["healthy"]
    assert len(document["healthy"]) == 5
    rows = list(csv.DictReader(written.truth[1].read_text().splitlines()))
    assert rows[0]["onset"] == iso(NOW - 12 * HOUR)
    assert rows[0]["until"] == ""


def test_telemetry_is_one_table_per_class_with_empty_cells_where_absent(
    plant: Plant, tmp_path: Path
) -> None:
    told: list[int] = []
    written = write(scenario(), plant, NOW, tmp_path, told.append)
    assert [path.name for path in written.telemetry] == [
        "centrifugal_pump.csv",
        "compressor.csv",
        "electric_motor.csv",
    ]
    assert written.count == 6 * 288 == told[-1]
    rows = list(csv.DictReader((tmp_path / "compressor.csv").read_text().splitlines()))
    own = [row for row in rows if row["asset"] == "lahore/hall/compressor-0"]
    assert len(own) == 288
    assert sum(row["flow"] == "" for row in own) == 12
    assert list(own[0])[:3] == ["time", "asset", "motor_current"]


def test_the_same_now_writes_the_same_files(plant: Plant, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(scenario(), plant, NOW, tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_truths_are_told_without_files(plant: Plant) -> None:
    found = truths(Fleet(scenario(), plant, NOW))
    assert [(t.fault, t.onset, t.failure) for t in found] == [
        ("bearing_wear", NOW - 12 * HOUR, NOW + HOUR),
        ("dropout", NOW - 6 * HOUR, None),
    ]
