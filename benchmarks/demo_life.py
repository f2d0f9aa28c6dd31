"""Remaining life of the demonstration's wearing machine: `python -m benchmarks.demo_life`.

The pump of `configs/scenarios/demo.yaml` runs through the backtest, without a broker, once for each
seed: what its sensors say differs, the end of its bearing does not. Counted is in how many runs the
failure falls into the 90 % interval that was said last (as the page shows it after the thirty
days), and into the one said first once there was an alert. With `--varied` each run has a bearing
of its own, that lasts for 8 to 40 days, and ends at another part of that life.

The baseline is a straight line through the last day of vibration to the end that the class has.
Nothing is adjusted to the seeds that are reported (docs/decisions/0038-life-lived.md).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish
from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY, HOUR, SECOND, Instant
from core.history import Columns
from core.plant import Plant
from service.backtest import Told, backtest
from service.backtest_past import Past
from service.estimates import names_of
from simulators.faults import Trouble
from simulators.fleet import Fleet
from simulators.scenario import Scenario
from simulators.scenario import load as load_scenario

GOAL = ">= 85"
NOW: Instant = 1_795_000_000 * SECOND
MODE, CHANNEL = "bearing_wear", "vibration_rms"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: hours left in truth, and what was said, of the last and of the first estimate.

    `told` has the p05, p50 and p95 of each, None where nothing could be said; `share` is how often
    the failure lay in the interval over all estimates since the alert. `straight` is the baseline.
    """

    left: tuple[float, float]
    told: tuple[tuple[float, ...] | None, tuple[float, ...] | None]
    share: float
    straight: float

    def covered(self, which: int) -> bool | None:
        """Tell whether the failure lay in an interval; None where none was given."""
        said = self.told[which]
        return None if said is None else said[0] <= self.left[which] <= said[2]


class Pump:
    """Reads like a history: the rows of one machine."""

    def __init__(self, fleet: Fleet) -> None:
        found = fleet.rows(fleet.machines[0])
        self.rows = Columns(found.channels, found.at, found.values)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`."""
        first, last = np.searchsorted(self.rows.at, [start, stop])
        places = [self.rows.channels.index(name) for name in channels]
        found = self.rows.values[first:last][:, places]
        return Columns(tuple(channels), self.rows.at[first:last], found)


def scenario_of(seed: int, *, varied: bool) -> Scenario:
    """Make the demonstration's pump of a seed, with a bearing of its own where that is wanted."""
    shipped = load_scenario(SHIPPED / "scenarios" / "demo.yaml")
    fault = next(one for one in shipped.faults if one.fault == MODE)
    span = shipped.span
    if varied:
        rng = np.random.default_rng(seed)
        life, part = rng.uniform(8, 40) * DAY, rng.uniform(0.6, 0.97)
        onset, failure = round(part * life / HOUR), round((1 - part) * life / HOUR) + 1
        fault = fault.model_copy(update={"onset": f"-{onset}h", "failure": f"+{failure}h"})
        span = 10 * DAY + onset * HOUR
    return shipped.model_copy(
        update={"seed": seed, "assets": (fault.asset,), "faults": (fault,), "span": span}
    )


def run(seed: int, plant: Plant, *, varied: bool) -> Run:
    """Play one run through the backtest."""
    fleet = Fleet(scenario_of(seed, varied=varied), plant, NOW)
    asset = fleet.machines[0].asset.id
    trouble = next(fault for _, fault in fleet.faults[asset] if isinstance(fault, Trouble))
    pump = Pump(fleet)
    alone = replace(plant, assets={asset: plant.assets[asset]})
    told = backtest(Past(pump, alone, (asset,), fleet.start, NOW + 1))
    return _run(told, asset, trouble.failure or NOW, _straight(pump.rows, alone, asset))


def _run(told: Told, asset: str, failure: Instant, straight: float) -> Run:
    series = told.lives.get(asset, {})
    early, middle, late = (series.get(name, {}) for name in names_of(MODE))
    since = min((one.began for one in told.episodes if one.group == "machine"), default=NOW)
    times = [at for at in sorted(middle) if at >= since]
    points = [(early[at], middle[at], late[at]) for at in times]
    left = [(failure - at) / HOUR for at in times]
    inside = [said[0] <= true <= said[2] for said, true in zip(points, left, strict=True)]
    recent = bool(times) and times[-1] > NOW - 2 * HOUR
    return Run(
        (left[-1] if recent else (failure - NOW) / HOUR, left[0] if left else 0.0),
        (points[-1] if recent else None, points[0] if points else None),
        sum(inside) / len(inside) if inside else float("nan"),
        straight,
    )


def _straight(rows: Columns, plant: Plant, asset: str) -> float:
    """Say by a straight line through the last day when the threshold is reached, in hours."""
    last = rows.at > rows.at[-1] - DAY
    hours = (rows.at[last] - rows.at[-1]) / HOUR
    slope, level = np.polyfit(hours, rows.values[last, rows.channels.index(CHANNEL)], 1)
    end = float(getattr(plant.class_of(asset).health, "end", 0.0))
    return float((end - level) / slope) if slope > 0 else float("inf")


def figures(runs: Sequence[Run], what: str, goal: str | None) -> list[Figure]:
    """Count in how many runs the failure fell into the interval."""
    made = []
    for which, when in ((0, "last"), (1, "first after the alert")):
        known = [hit for one in runs if (hit := one.covered(which)) is not None]
        share = 100 * sum(known) / len(known) if known else float("nan")
        note = f"{sum(known)} of {len(known)}; {len(runs) - len(known)} declined"
        made.append(Figure(f"{what}: in the interval said {when}", share, "%", goal, note))
    shares = [one.share for one in runs if one.share == one.share]
    every = 100 * float(np.mean(shares)) if shares else float("nan")
    made.append(Figure(f"{what}: in all intervals since the alert", every, "%"))
    ours = [abs(said[1] / one.left[0] - 1) for one in runs if (said := one.told[0])]
    width = [(said[2] - said[0]) / one.left[0] for one in runs if (said := one.told[0])]
    line = [abs(one.straight / one.left[0] - 1) for one in runs]
    made += [
        Figure(f"{what}: error of the middle, said last", 100 * _middle(ours), "%", None, "median"),
        Figure(f"{what}: error of a straight line", 100 * _middle(line), "%", None, "the baseline"),
        Figure(
            f"{what}: width of the interval", 100 * _middle(width), "%", None, "of what is left"
        ),
    ]
    return made


def _middle(values: Sequence[float]) -> float:
    return median(values) if values else float("nan")


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=int, default=40, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--varied", action="store_true", help="bearings of all lives, too")
    args = parser.parse_args(given)
    plant = load(SHIPPED).plant
    seeds = range(args.first, args.first + args.runs)
    made = [run(seed, plant, varied=False) for seed in seeds]
    results = figures(made, "demo", GOAL)
    if args.varied:
        results += figures([run(seed, plant, varied=True) for seed in seeds], "varied", None)
    headline = f"demo_life: {results[0].written} of {args.runs} runs in the 90 % interval said last"
    return finish("demo_life", results, headline, args)


if __name__ == "__main__":
    sys.exit(main())
