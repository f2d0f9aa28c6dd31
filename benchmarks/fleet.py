"""A year of two hundred machines through the live code: `python -m benchmarks.fleet`.

Simulated machines report every ten minutes. Half of them stay healthy; of the others every second
one wears out a bearing, the rest have other faults of the machine or a sensor that lies. The year
is played once for each budget of false alerts, with the shipped classes and nothing else set. The
baseline is the fixed alarm lines of the classes alone, which promise nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.rig.machines import Hall, Ill, configure, hall
from benchmarks.rig.report import Figure, arguments, finish
from core.clock import DAY, Instant
from core.work import Work, WorkEvent
from models.budget import MONTH
from service.backtest import Told, backtest
from service.backtest_figures import figures
from service.backtest_past import Past
from service.backtest_truth import Episode, Failure
from service.finding import SENSOR, mended_by_work

BUDGETS = (0.5, 1.0, 4.0)
START: Instant = 1_700_000_000 // 86_400 * DAY
LEAD = 7 * DAY
AFTER = 3 * DAY
"""So long after a fault was mended, what is told still counts as about it."""

HELD = 30 * DAY
FIRST = 2


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: so many machines for so many days under a budget."""

    budget: float
    machines: int
    days: int
    seed: int
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a play. Shares are of faults, or of alerts about them."""

    rate: float
    months: float
    early: float
    wears: int
    lead: float
    named: float
    apart: float
    held: float
    seconds: float
    readings: int


def play(one: Play) -> Outcome:
    """Play a year, and hold what was told against what is known."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        change = {"false_alerts": one.budget}
        plant = configure(Path(made), one.machines, change, fixed=one.fixed)
        given = hall(plant, START, one.days * DAY, one.seed)
        past = Past(given, plant, tuple(plant.assets), given.start, given.stop)
        told = backtest(past, mended(given), known(given))
    return outcome(given, told, time.monotonic() - begun)


def mended(given: Hall) -> list[WorkEvent]:
    """Let each fault be mended when it ends."""
    return [
        WorkEvent(asset=ill.asset, at=ill.end, work=Work.REPLACED, by="bench", failure_mode="")
        for ill in given.ills
    ]


def known(given: Hall) -> list[Failure]:
    """List the faults, as what alerts may be about."""
    return [
        Failure(ill.asset, ill.begin, ill.end + AFTER, ill.end, ill.kind, "work")
        for ill in given.ills
    ]


def outcome(given: Hall, told: Told, seconds: float) -> Outcome:
    """Work out the figures."""
    found = figures(told, known(given))
    about = {ill: _about(ill, told.episodes) for ill in given.ills}
    wears = [ill for ill in given.ills if ill.wears]
    leads = [(ill.end - about[ill][0].began) / DAY for ill in wears if about[ill]]
    early = sum(lead >= LEAD / DAY for lead in leads)
    true = {ill: given.truth(ill) for ill in given.ills}
    firsts = [(ill, some[0]) for ill, some in about.items() if some]
    named = sum(true[ill] in _blamed(alert)[:FIRST] for ill, alert in firsts)
    apart = sum(alert.group.startswith(SENSOR) == bool(ill.channel) for ill, alert in firsts)
    grown = [ill for ill in given.ills if not ill.wears and not ill.channel]
    held = sum(any(_stands(alert, ill.begin + HELD) for alert in about[ill]) for ill in grown)
    return Outcome(
        found.rate or 0.0,
        found.months,
        _share(early, len(wears)),
        len(wears),
        median(leads) if leads else 0.0,
        _share(named, len(firsts)),
        _share(apart, len(firsts)),
        _share(held, len(grown)),
        seconds,
        told.readings,
    )


def _about(ill: Ill, alerts: Sequence[Episode]) -> list[Episode]:
    """List the alerts that began while a fault was there, the first first."""
    found = [
        alert
        for alert in alerts
        if alert.asset == ill.asset
        and ill.begin <= alert.began < ill.end
        and mended_by_work(alert.group)
    ]
    return sorted(found, key=lambda alert: alert.began)


def _blamed(alert: Episode) -> tuple[str, ...]:
    return (alert.group.removeprefix(SENSOR),) if alert.group.startswith(SENSOR) else alert.channels


def _stands(alert: Episode, at: Instant) -> bool:
    return alert.began <= at and (alert.ended is None or alert.ended >= at)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def laid_out(one: Play, came: Outcome) -> list[Figure]:
    """Lay out what a play came to."""
    name = "fixed lines" if one.fixed else f"budget {one.budget:g}"
    ratio = came.rate * MONTH / (30.4375 * DAY) / one.budget
    rate = f"{came.rate:.2f} a month of {came.months:.0f}"
    rows: list[tuple[str, float, str, str, str]] = [
        ("delivered of promised", ratio, "×", "", "the baseline" if one.fixed else rate),
        ("wear told 7 days before", came.early, "", ">= 0.9", f"of {came.wears}"),
        ("lead, median", came.lead, "days", "", ""),
        ("true channel among two", came.named, "", ">= 0.8", "by what the fault moves most"),
        ("sensor and machine apart", came.apart, "", ">= 0.9", "by the first alert"),
        ("held fault still told", came.held, "", "== 1", "on day thirty"),
        ("time", came.seconds, "s", "", f"{came.readings / came.seconds:,.0f} readings/s"),
    ]
    return [
        Figure(f"{name}: {what}", value, unit, None if one.fixed else target or None, note)
        for what, value, unit, target, note in rows
    ]


def bounded(plays: Sequence[Play], outcomes: Sequence[Outcome]) -> list[Figure]:
    """Say by how much the worst budget is missed, and for how long machines were healthy."""
    ratios = [
        came.rate * MONTH / (30.4375 * DAY) / one.budget
        for one, came in zip(plays, outcomes, strict=True)
        if not one.fixed
    ]
    worst = max(max(ratio, 1 / ratio if ratio else float("inf")) for ratio in ratios)
    months = min(came.months for came in outcomes)
    return [
        Figure("most off a budget", abs(worst - 1), "", "<= 0.3", "of the promised number"),
        Figure("healthy time", months, "asset-months", ">= 1000", "at least, in each play"),
    ]


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--machines", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, action="append", help="only these; may come again")
    args = parser.parse_args()
    plays = [Play(b, args.machines, args.days, args.seed) for b in args.budget or BUDGETS]
    plays.append(Play(1.0, args.machines, args.days, args.seed, fixed=True))
    with ProcessPoolExecutor(2) as pool:
        outcomes = list(pool.map(play, plays))
    pairs = zip(plays, outcomes, strict=True)
    found = [figure for one, came in pairs for figure in laid_out(one, came)]
    found += bounded(plays, outcomes)
    rates = ", ".join(f"{came.rate:.2f}" for came in outcomes[:-1])
    headline = f"fleet: {rates} false alerts a month of {args.machines} machines"
    return finish("fleet", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
