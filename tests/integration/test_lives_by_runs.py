"""A model of runs to failure, fitted to one simulated fleet, foretells the ends of another live."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.casefile import LIFE
from core.clock import DAY, HOUR, Instant, from_datetime
from core.history import Columns
from core.plant import Asset, AssetClass, Channel, FailureMode, ModeRule, Plant, Role, Site
from core.run_settings import RunSettings
from core.work import Work, WorkEvent
from models.run_life_fit import fit
from models.run_life_kept import kept
from models.run_table import gathered
from service.backtest import Told, backtest
from service.backtest_past import Past
from service.scoring import Scoring
from simulators.life_files import write_fleets
from simulators.life_fleet import life_fleets
from storage import life_folder
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.run_columns import RunsAsked, read
from storage.settings import JournalSettings
from tests.fleets import QUICK
from tests.pasts import START, Rows, journalled

pytestmark = pytest.mark.timeout(300)  # compiled loops are made at their first use

KIND, YEARS, MODE = "electric_motor", 1.0, "any"
OPERATING = ("load", "ambient_temp")
SKIPPED = ("hours", "starts")
NAMES = tuple(f"{LIFE}{MODE}:{point}" for point in ("p05", "p50", "p95"))


@dataclass
class Record:
    """What a fleet showed and what was done on it."""

    plant: Plant
    rows: Rows
    work: tuple[WorkEvent, ...]
    stop: Instant


def simulated(folder: Path, machines: int, seed: int) -> Path:
    write_fleets(life_fleets((KIND,), machines, YEARS, seed), folder, START)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Learn from twenty machines."""
    folder = simulated(tmp_path_factory.mktemp("first"), 20, 1)
    asked = RunsAsked("unit", "day", "failed", SKIPPED)
    columns = read(folder / f"{KIND}.csv", asked, OPERATING)
    runs = gathered(
        columns.unit, columns.time, columns.values, columns.names, OPERATING, columns.failed
    )
    made, _ = fit(runs, course=replace(QUICK, nets=0, iterations=10))
    facts, arrays = kept(made)
    meant = {"time": "day", "counts": True, "spacing": 1.0}
    life_folder.keep(folder / "model", facts | {"columns": meant}, arrays)
    return folder / "model"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Record:
    """Another fleet, as a history has it: a reading at noon of each day that a machine ran."""
    folder = simulated(tmp_path_factory.mktemp("second"), 4, 2)
    return recorded(folder, model)


def recorded(folder: Path, model: Path) -> Record:
    began = {one["unit"]: moment(one["began"]) for one in table(folder / "lives.csv")}
    runs = table(folder / f"{KIND}.csv")
    names = tuple(name for name in runs[0] if name not in {"unit", "day", "failed", *SKIPPED})
    said: dict[str, dict[int, list[float]]] = {}
    for one in runs:
        at = began[one["unit"]] + (int(one["day"]) - 1) * DAY + 12 * HOUR
        values = [float(one[name]) if one[name] else np.nan for name in names]
        said.setdefault(one["unit"].split("/")[0], {})[at] = values
    channels = tuple(
        Channel(name, role=Role.OPERATING if name in OPERATING else Role.CONDITION)
        for name in names
    )
    settings = RunSettings(model=str(model), failure_mode=MODE, every=DAY, unit=DAY)
    kind = AssetClass(
        KIND, channels, modes=ModeRule(), silent_after=400 * DAY, stuck_after=400 * DAY,
        failure_modes=(FailureMode(MODE, "Any failure"),), runs=settings,
    )  # fmt: skip
    assets = {f"site/hall/{name}": Asset("site", "hall", name, KIND) for name in sorted(said)}
    columns = {}
    for asset in assets:
        found = said[asset.split("/")[-1]]
        times = np.array(sorted(found), np.int64)
        shown = np.array([found[at] for at in sorted(found)])
        columns[asset] = Columns(names, times, shown, np.zeros(shown.shape, np.uint8))
    works = tuple(
        WorkEvent(
            f"site/hall/{one['asset']}", moment(one["at"]), Work(one["work"]), "sim",
            routine=not one["failure_mode"], id=f"w{number}",
        )
        for number, one in enumerate(table(folder / "work.csv"))
        if f"site/hall/{one['asset']}" in assets
    )  # fmt: skip
    plant = Plant({"site": Site("site", "UTC")}, assets, {KIND: kind}, tick_every=DAY)
    stop = int(max(known.at[-1] for known in columns.values())) + DAY
    return Record(plant, Rows(columns), works, stop)


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def moment(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text))


def past(given: Record) -> Past:
    first = int(min(known.at[0] for known in given.rows.columns.values())) // DAY * DAY
    return Past(given.rows, given.plant, tuple(given.plant.assets), first, given.stop, 60 * DAY)


@pytest.fixture(scope="module")
def told(record: Record) -> Told:
    return backtest(past(record), record.work)


def test_live_says_what_a_backtest_says(record: Record, told: Told) -> None:
    journal = MemoryJournal(JournalSettings())
    journalled(record.rows, record.plant, journal, record.work, record.stop)
    casefile = MemoryCaseFile()
    scoring = Scoring(record.plant, journal, casefile)
    steps = 0
    while scoring.step(7):
        steps += 1
        if steps % 20 == 0:
            scoring = Scoring(record.plant, journal, casefile)  # as after a restart
    count = 0
    for asset in record.plant.assets:
        kept = casefile.conditions(asset, NAMES, 0, record.stop)
        for k, name in enumerate(NAMES):
            found = dict(zip(kept.at.tolist(), kept.values[:, k].tolist(), strict=True))
            assert found == told.lives.get(asset, {}).get(name, {})
        count += len(kept.at)
    assert count > 100
