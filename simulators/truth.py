"""The truth of a scenario: what went wrong, when it began and when it ended in failure.

It is written beside the telemetry, so that whatever judges the telemetry can itself be judged.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core.clock import SECOND, Instant, iso
from simulators.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Truth:
    """One fault as it was: all times are instants; `channel` is set for faults of a sensor."""

    asset: str
    fault: str
    channel: str | None
    onset: Instant
    failure: Instant | None
    until: Instant | None


def truths(fleet: Fleet) -> tuple[Truth, ...]:
    """Tell all faults of a fleet, by asset and onset."""
    found = [
        Truth(
            asset,
            spec.fault,
            getattr(fault, "channel", None),
            fault.onset,
            getattr(fault, "failure", None),
            fault.until,
        )
        for asset, faults in fleet.faults.items()
        for spec, fault in faults
    ]
    return tuple(sorted(found, key=lambda truth: (truth.asset, truth.onset, truth.fault)))


def write(fleet: Fleet, folder: Path) -> tuple[Path, Path]:
    """Write truth.json and truth.csv into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_written(truth) for truth in truths(fleet)]
    sick = {row["asset"] for row in rows}
    document = {
        "title": fleet.scenario.title,
        "seed": fleet.scenario.seed,
        "start": iso(fleet.start),
        "now": iso(fleet.now),
        "interval_s": fleet.scenario.interval / SECOND,
        "faults": rows,
        "healthy": [m.asset.id for m in fleet.machines if m.asset.id not in sick],
    }
    as_json, as_csv = folder / "truth.json", folder / "truth.csv"
    as_json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with as_csv.open("w", encoding="utf-8", newline="") as file:
        names = list(Truth.__slots__)
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return as_json, as_csv


def _written(truth: Truth) -> dict[str, str | None]:
    times = {"onset", "failure", "until"}
    return {
        name: iso(value) if name in times and value is not None else value
        for name, value in asdict(truth).items()
    }
