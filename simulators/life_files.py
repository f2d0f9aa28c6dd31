"""Writes a simulated fleet into a folder: runs of each class, lives, failures, work, the truth.

`CLASS.csv` (or `.parquet`) is what `millwright life fit` takes; `lives.csv` is for models of
lifetimes; `work.csv` has the columns that `millwright backtest` reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.clock import DAY, HOUR, Instant, iso
from simulators.life_course import NONE, Done, Life
from simulators.life_fleet import LifeFleet

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class FleetWritten:
    """What was written: the files of runs, and how many machines, rows, lives and failures."""

    runs: tuple[Path, ...]
    machines: int
    rows: int
    lives: int
    failures: int


def write_fleets(
    fleets: Iterable[LifeFleet], out: Path, begin: Instant, *, parquet: bool = False
) -> FleetWritten:
    """Write fleets whose record begins at `begin` into a folder, which is made."""
    import pandas as pd

    out.mkdir(parents=True, exist_ok=True)
    runs, lives, work, machines, rows = [], [], [], 0, 0
    for fleet in fleets:
        frame = _runs(fleet)
        path = out / f"{fleet.of.name}.{'parquet' if parquet else 'csv'}"
        if parquet:
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False, lineterminator="\n", float_format="%.6g")
        runs.append(path)
        machines, rows = machines + len(fleet.signs.own), rows + len(frame)
        lives += [_life(fleet, life, begin) for life in _recorded(fleet)]
        work += [_work(fleet, done, begin) for done in fleet.course.work if done.day >= fleet.since]
    work.sort(key=lambda row: (row["at"], row["asset"]))
    tables = {
        "lives": lives,
        "failures": [_failure(row) for row in work if row["failure"]],
        "work": [{name: row[name] for name in WORK} for row in work],
        "truth": [{name: row[name] for name in TRUTH} for row in work if row["outcome"]],
    }
    for name, table in tables.items():
        columns = COLUMNS[name]
        pd.DataFrame(table, columns=columns).to_csv(
            out / f"{name}.csv", index=False, lineterminator="\n"
        )
    return FleetWritten(tuple(runs), machines, rows, len(lives), len(tables["failures"]))


WORK = ["asset", "at", "work", "failure_mode", "routine", "by", "note"]
TRUTH = ["asset", "at", "work", "failure_mode", "outcome", "left"]
COLUMNS = {
    "lives": [
        "unit", "asset", "class", "began", "ended", "start_hours", "hours", "start_starts",
        "starts", "load", "failed", "failure_mode", "new", "number",
    ],
    "failures": ["asset", "at", "failure_mode"],
    "work": WORK,
    "truth": TRUTH,
}  # fmt: skip


def _recorded(fleet: LifeFleet) -> list[Life]:
    """Give the lives of which the record has at least one row."""
    seen = {
        (machine, int(life))
        for machine, row in enumerate(fleet.course.life[:, fleet.since :])
        for life in np.unique(row)
        if life != NONE
    }
    return [life for life in fleet.course.lives if (life.machine, life.number) in seen]


def _runs(fleet: LifeFleet) -> pd.DataFrame:
    """Lay out a row for each day that a machine ran, life after life."""
    import pandas as pd

    course = fleet.course
    life = course.life[:, fleet.since :]
    machine, day = np.nonzero(life != NONE)
    number, whole = life[machine, day], day + fleet.since
    first = {(one.machine, one.number): one.first for one in course.lives}
    failed = {(one.machine, one.number): int(one.failed) for one in course.lives}
    keys = list(zip(machine.tolist(), number.tolist(), strict=True))
    columns: dict[str, object] = {
        "unit": [fleet.unit(*one) for one in keys],
        "day": whole - np.array([first[one] for one in keys]) + 1,
        "hours": course.hours[machine, whole].round(1),
        "starts": course.starts[machine, whole].astype(np.int64),
        "load": course.duty.load[machine, whole].round(3),
        "ambient_temp": course.duty.air[whole].round(1),
    }
    for k, name in enumerate(fleet.of.channels):
        columns[name] = fleet.values[machine, whole, k].round(3)
    columns["failed"] = [failed[one] for one in keys]
    return pd.DataFrame(columns)


def _life(fleet: LifeFleet, life: Life, begin: Instant) -> dict[str, object]:
    course, since = fleet.course, fleet.since
    days = np.arange(max(life.first, since), life.last + 1)
    before = max(life.first, since) - 1
    known = life.first < since
    return {
        "unit": fleet.unit(life.machine, life.number),
        "asset": fleet.name(life.machine),
        "class": fleet.of.name,
        "began": iso(begin + (life.first - since) * DAY),
        "ended": iso(begin + (life.last - since) * DAY + 23 * HOUR),
        "start_hours": round(float(course.hours[life.machine, before]) if known else 0.0, 1),
        "hours": round(life.hours, 1),
        "start_starts": int(course.starts[life.machine, before]) if known else 0,
        "starts": int(life.starts),
        "load": round(float(course.duty.load[life.machine, days].mean()), 3),
        "failed": int(life.failed),
        "failure_mode": life.mode,
        "new": int(life.new),
        "number": life.number + 1,
    }


def _work(fleet: LifeFleet, done: Done, begin: Instant) -> dict[str, object]:
    return {
        "asset": fleet.name(done.machine),
        "at": iso(begin + (done.day - fleet.since) * DAY + 23 * HOUR),
        "work": str(done.work),
        "failure_mode": done.mode,
        "routine": "yes" if done.routine else "",
        "by": "simulated",
        "note": "after a failure" if done.failure else "",
        "failure": done.failure,
        "outcome": done.outcome,
        "left": round(done.left, 3),
    }


def _failure(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in COLUMNS["failures"]}
