"""A year of two hundred machines through the live code: `python -m benchmarks.fleet`.

Simulated machines report every ten minutes. Half of them stay healthy; of the others every second
one wears out a bearing, the rest have other faults of the machine or a sensor that lies. The year
is played once for each budget of false alerts, with the shipped classes and nothing else set. The
first half of the machines is played once more with 5 % of what is learned from anomalous. A second
hall, and other settings in both, show whether those that one part of the classes would choose do as
well for the other: in one hall a fault is 3 % of those of a class. The baseline is the fixed alarm
lines of the classes alone, which promise nothing.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.rig.machines import SPOILED
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.year import HALF, Outcome, Play, half_of, play

BUDGETS = (0.5, 1.0, 4.0)
TRIED: tuple[tuple[tuple[str, float], ...], ...] = ((("smoothing", 0.1),), (("smoothing", 0.4),))
"""Settings that are tried beside the shipped ones."""

HALVES = (("centrifugal_pump",), ("compressor", "electric_motor"))
CLOSE = 0.05


def laid_out(one: Play, came: Outcome) -> list[Figure]:
    """Lay out what a play came to."""
    name = "fixed lines" if one.fixed else f"budget {one.budget:g}"
    rate = f"{came.delivered:.2f} in 30 days, {came.aside:.2f} of them of sensors"
    rows: list[tuple[str, float, str, str, str]] = [
        ("delivered of promised", came.delivered / one.budget, "×", "", rate),
        ("wear told 7 days before", came.early, "", ">= 0.9", f"of {came.wears}"),
        ("lead, median", came.lead, "days", "", ""),
        ("true channel among two", came.named, "", ">= 0.8", "by what the fault moves most"),
        ("sensor and machine apart", came.apart, "", ">= 0.9", f"first alerts of {came.firsts}"),
        ("held fault still told", came.held, "", "== 1", "for most of day thirty"),
        ("time", came.seconds, "s", "", f"{came.readings / came.seconds:,.0f} readings/s"),
    ]
    return [
        Figure(
            f"{name}: {what}",
            value,
            unit,
            None if one.fixed else target or None,
            "the baseline" if one.fixed and what.startswith("delivered") else note,
        )
        for what, value, unit, target, note in rows
    ]


def bounded(plays: Sequence[Play], outcomes: Sequence[Outcome]) -> list[Figure]:
    """Say by how much the worst budget is missed, and for how long machines were healthy."""
    ratios = [came.delivered / one.budget for one, came in zip(plays, outcomes, strict=True)]
    worst = max(max(ratio, 1 / ratio if ratio else math.inf) for ratio in ratios)
    months = min(came.months for came in outcomes)
    return [
        Figure("most off a budget", abs(worst - 1), "", "<= 0.3", "of the promised number"),
        Figure("healthy time", months, "asset-months", ">= 1000", "at least, in each play"),
    ]


def spoiled(clean: Outcome, came: Outcome) -> list[Figure]:
    """Say what is lost where a part of what was learned from was anomalous."""
    lost = 100 * max(clean.told - came.told, clean.early - came.early)
    told = f"faults told: {came.told:.3f}, clean {clean.told:.3f}"
    return [
        Figure("contaminated: wear told 7 days before", came.early, "", None, f"{SPOILED:.0%}"),
        Figure("contaminated: detection lost", lost, "points", "< 5", told),
        Figure("contaminated: delivered", came.delivered, "in 30 days", None, ""),
    ]


def halves(outcomes: dict[str, list[Outcome]], promised: float) -> list[Figure]:
    """Choose settings on one part of the classes for the other, and hold them to the shipped.

    `outcomes` of the halls are by the name of the settings, "shipped" among them.
    """
    rows, far = [], 0.0
    for mine, other in (HALVES, HALVES[::-1]):
        worth = {name: _worth(_figures(came, mine, promised)) for name, came in outcomes.items()}
        chosen = max(worth, key=lambda name: (worth[name], name == "shipped"))
        got = _figures(outcomes[chosen], other, promised)
        have = _figures(outcomes["shipped"], other, promised)
        for name, value in got.items():
            far = max(far, _off(value, have[name]))
            note = f"{have[name]:.3f} as shipped; chosen {chosen} on {', '.join(mine)}"
            rows.append(Figure(f"{' and '.join(other)}: {name}", value, "", None, note))
    rows.append(Figure("chosen on one half, most off", far, "", f"<= {CLOSE}", "of any figure"))
    return rows


def _called(one: Play) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in one.settings) or "shipped"


def _off(value: float, shipped: float) -> float:
    """Tell by which part a figure differs; one that only one of the two has differs wholly."""
    if math.isnan(value) or math.isnan(shipped):
        return 0.0 if math.isnan(value) and math.isnan(shipped) else math.inf
    return abs(value - shipped) / max(abs(shipped), 1e-9)


def _figures(came: list[Outcome], classes: Sequence[str], promised: float) -> dict[str, float]:
    """Average the figures of some classes in all halls."""
    parts = [hall.parts[name] for hall in came for name in classes]
    count = len(parts)
    return {
        "wear told 7 days before": sum(p.early for p in parts) / count,
        "faults told": sum(p.told for p in parts) / count,
        "true channel among two": sum(p.named for p in parts) / count,
        "sensor and machine apart": sum(p.apart for p in parts) / count,
        "delivered of promised": sum(p.delivered for p in parts) / count / promised,
    }


def _worth(found: dict[str, float]) -> float:
    """Add up what is wanted: all shares, and a promise that is met."""
    promise = found["delivered of promised"]
    met = min(promise, 1 / promise) if promise else 0.0
    shares = sum(value for name, value in found.items() if not name.startswith("delivered"))
    return shares + met


def _played(every: Sequence[Play]) -> dict[Play, Outcome]:
    """Play them on two cores, in order; the first of a seed simulates for the rest."""
    found: dict[Play, Outcome] = {}
    with tempfile.TemporaryDirectory() as shelf, ProcessPoolExecutor(2) as pool:
        shelves = [Path(shelf, str(one.seed)) for one in every]
        for each in shelves:
            each.mkdir(exist_ok=True)
        shelved = [replace(one, shelf=each) for one, each in zip(every, shelves, strict=True)]
        for one, came in zip(every, pool.map(play, shelved), strict=True):
            print(f"played: {one}: {replace(came, parts={})}", file=sys.stderr, flush=True)
            found[one] = came
    return found


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--machines", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, action="append", help="only these; may come again")
    args = parser.parse_args()
    budgets = args.budget or BUDGETS
    plays = [Play(b, args.machines, args.days, args.seed) for b in budgets]
    usual = plays[len(plays) // 2]
    fixed = replace(usual, budget=1.0, fixed=True)
    less = replace(usual, machines=half_of(args.machines))
    dirty = replace(less, spoiled=True)
    alike = [usual, *(replace(usual, settings=settings) for settings in TRIED)]
    second = [replace(one, seed=args.seed + 1) for one in alike]
    found = _played([fixed, *plays, dirty, *alike[1:], *second])
    rows = [figure for one in (*plays, fixed) for figure in laid_out(one, found[one])]
    rows += bounded(plays, [found[one] for one in plays])
    rows += spoiled(found[usual].parts[HALF], found[dirty])
    halls = zip(alike, second, strict=True)
    rows += halves({_called(one): [found[one], found[two]] for one, two in halls}, usual.budget)
    rates = ", ".join(f"{found[one].delivered:.2f}" for one in plays)
    headline = f"fleet: {rates} false alerts in 30 days of each of {args.machines} machines"
    return finish("fleet", rows, headline, args)


if __name__ == "__main__":
    sys.exit(main())
