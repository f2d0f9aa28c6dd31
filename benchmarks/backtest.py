"""How fast a past runs through the live code: `python -m benchmarks.backtest`.

Pumps of the shipped class, a reading a minute, of which every fifth shakes for a tenth of the time,
run through the backtest in memory, in one process, and entry by entry as the live service takes
them (the baseline). Then the same lies in SQLite, and `millwright backtest` itself is timed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish
from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY, MINUTE, SECOND, Instant
from core.history import Columns
from core.ledger import ASIDE
from core.plant import Asset, NamedDetector, Plant, Site
from core.readings import Floats, Readings
from models.ensemble import EnsembleSettings
from service.backtest import Told, backtest
from service.backtest_past import Past

GOAL = "< 60"
CLASS = "centrifugal_pump"
START: Instant = 1_700_006_400 * SECOND
_HEALTHY = (100.0, 200.0, 1480.0, 25.0, 2.0, 6.0, 2.0, 60.0)
_NOISE = (2.0, 5.0, 3.0, 0.02, 0.05, 0.1, 0.1, 0.05)
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Pumps:
    """Reads like a history; makes each pump's rows as they are asked for."""

    days: int
    made: dict[str, Columns]

    @classmethod
    def of(cls, plant: Plant, days: int) -> Pumps:
        """Make all rows of a plant's pumps."""
        at = START + np.arange(days * DAY // MINUTE, dtype=np.int64) * MINUTE
        names = plant.classes[CLASS].channel_names
        pumps = enumerate(sorted(plant.assets))
        return cls(days, {asset: Columns(names, at, _rows(k, len(at))) for k, asset in pumps})

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`."""
        known = self.made[asset]
        first, last = np.searchsorted(known.at, [start, stop])
        return Columns(tuple(channels), known.at[first:last], known.values[first:last])


def _rows(seed: int, count: int) -> Floats:
    rng = np.random.default_rng(seed)
    values: Floats = rng.normal(_HEALTHY, _NOISE, (count, len(_HEALTHY))).round(3)
    if seed % 5 == 0:
        values[count // 2 : count // 2 + count // 10, 6] += 3
    return values


def plant_of(assets: int) -> Plant:
    """Make a plant of so many pumps of the shipped class."""
    shipped = load(SHIPPED).plant
    made = [Asset("site", "hall", f"p{number:02d}", CLASS) for number in range(assets)]
    return replace(
        shipped,
        assets={asset.id: asset for asset in made},
        sites={"site": Site("site", "UTC")},
        classes={CLASS: shipped.classes[CLASS]},
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run told, and the seconds that it took by the clock and of a processor."""

    told: Told
    took: float
    worked: float

    @property
    def rate(self) -> float:
        """Readings in a second of a processor, which others on the machine disturb least."""
        return self.told.readings / self.worked


def _timed(past: Past, *, entry_by_entry: bool = False) -> Ran:
    began, worked = time.perf_counter(), time.process_time()
    told = backtest(past, entry_by_entry=entry_by_entry)
    return Ran(told, time.perf_counter() - began, time.process_time() - worked)


def _figures(args: argparse.Namespace) -> list[Figure]:
    plant = plant_of(args.assets)
    assets = tuple(plant.assets)
    few = Pumps.of(plant, args.baseline)
    past = Past(few, plant, assets, START, START + args.baseline * DAY)
    _timed(past)  # compiles
    plain, quick = _timed(past, entry_by_entry=True), _timed(past)
    whole = Past(Pumps.of(plant, args.days), plant, assets, START, START + args.days * DAY)
    year, ensemble = _timed(whole), _timed(replace(whole, plant=_with_ensemble(plant)))
    span = f"{args.assets} assets, {args.days} days"
    note = f"{year.told.readings:,} readings in memory, one process"
    differing = _differing(plain.told, quick.told)
    return [
        Figure("entry by entry", plain.rate, "rows/s", None, "the baseline"),
        Figure(f"at once, {args.baseline} days", quick.rate, "rows/s", None, "mostly learning"),
        Figure("transitions and cases that differ", differing, "", "== 0"),
        Figure(f"at once, {args.days} days", year.rate, "rows/s", None, "of a processor's second"),
        Figure(span, year.took, "s", None, note),
        Figure(f"{span}, processor", year.worked, "s", None, note),
        Figure(f"{span}, by the ensemble", ensemble.took, "s", None, note),
        Figure(f"{span}, by the ensemble, processor", ensemble.worked, "s", None, note),
    ]


def _with_ensemble(plant: Plant) -> Plant:
    """Judge the pumps by the default detector in place of the shipped pattern."""
    pump = plant.classes[CLASS]
    detectors = tuple(
        NamedDetector(one.name, EnsembleSettings()) if one.name == "pattern" else one
        for one in pump.detectors
    )
    return replace(plant, classes={CLASS: replace(pump, detectors=detectors)})


def _differing(one: Told, other: Told) -> int:
    pairs = zip(one.transitions, other.transitions, strict=False)
    steps = abs(len(one.transitions) - len(other.transitions)) + sum(a != b for a, b in pairs)
    names = one.alerts.keys() | other.alerts.keys()
    return steps + sum(one.alerts.get(name) != other.alerts.get(name) for name in names)


def _stored(args: argparse.Namespace) -> Figure:
    """Time the command over a history in SQLite, in two processes."""
    import yaml

    from cli.adapters import open_casefile, open_history

    plant = plant_of(args.assets)
    with tempfile.TemporaryDirectory(prefix="millwright-") as made:
        folder = Path(made)
        (folder / "classes").mkdir()
        text = (SHIPPED / "classes" / f"{CLASS}.yaml").read_text(encoding="utf-8")
        (folder / "classes" / f"{CLASS}.yaml").write_text(text, encoding="utf-8")
        pumps = {asset.name: {"class": CLASS} for asset in plant.assets.values()}
        sites = {"site": {"timezone": "UTC", "areas": {"hall": {"assets": pumps}}}}
        (folder / "plant.yaml").write_text(yaml.safe_dump({"sites": sites}))
        (folder / "service.yaml").write_text("data: data\nbroker: {url: 'mqtt://127.0.0.1:1'}\n")
        config = load(folder)
        open_casefile(config).close()
        history = open_history(config)
        for asset, rows in Pumps.of(plant, args.days).made.items():
            for first in range(0, len(rows), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                at, none = rows.at[part], np.zeros(len(rows.at[part]), np.int32)
                some = Readings(CLASS, (asset,), rows.channels, none, at, rows.values[part], 0)
                history.write([some], ASIDE)
        history.close()
        words = ["backtest", "-c", str(folder), "--out", str(folder / "report.html")]
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli.main", *words], check=True, capture_output=True)
        took = time.perf_counter() - began
    name = f"the command over SQLite, {args.assets} assets, {args.days} days"
    return Figure(name, took, "s", GOAL, "two processes, report included")


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--assets", type=int, default=10)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--baseline", type=int, default=3, help="days run entry by entry")
    args = parser.parse_args(given)
    figures = [*_figures(args), _stored(args)]
    by = figures[3].value / figures[0].value
    headline = (
        f"backtest: {figures[3].value:,.0f} readings/s, {by:.0f} times entry by entry;"
        f" {figures[-1].name} in {figures[-1].value:.0f} s"
    )
    return finish("backtest", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
