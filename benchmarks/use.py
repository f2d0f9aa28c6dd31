"""Life in hours run against life in time: `python -m benchmarks.use`.

Simulated machines (`benchmarks/rig/shifts.py`) wear by the hours they run, in two shifts from
Monday to Friday, some weeks more and some less; half of them stood still for two weeks. On a Friday
night and on a Wednesday they are asked when they will fail; the truth is in days, and holds the
weekends. *time* is the same model without `usage`, the baseline. Nothing was chosen by this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish, table
from benchmarks.rig.shifts import MONDAY, WEEK, Shifts, followed
from core.clock import DAY, HOUR
from core.life import Remaining
from core.plant import Asset
from models.registry import build_health

VARIES = (0.0, 0.8)
STOOD: dict[str, tuple[int, ...]] = {"": (), ", stood for two weeks": (2, 3)}
ASKED = {"Friday": 4 * WEEK + 4 * DAY + 22 * HOUR, "Wednesday": 5 * WEEK + 2 * DAY}
"""When they are asked, from the first Monday on; later by as long as they stood."""

WEEKS = 26


@dataclass(frozen=True, slots=True)
class Told:
    """What was told at one moment: hours off, whether the interval held, its width, in hours."""

    off: float
    held: float
    width: float
    answers: int


def ask(machines: Shifts, until: int, *, used: bool) -> Told:
    """Ask all machines at a moment."""
    count = len(machines.on)
    assets = tuple(Asset("site", "hall", f"m{n}", "machine") for n in range(count))
    model = build_health(followed(used=used), assets)
    if model is None:
        msg = "the class has no health"
        raise RuntimeError(msg)
    model.observe(machines.rows(until), {})
    found = [(model.remaining(n), (machines.ends[n] - until) / HOUR) for n in range(count)]
    said = [(left, true) for left, true in found if isinstance(left, Remaining)]
    return Told(
        float(np.median([abs(left.p50 - true) for left, true in said])),
        float(np.mean([left.p05 <= true <= left.p95 for left, true in said])),
        float(np.median([left.p95 - left.p05 for left, _ in said])),
        len(said),
    )


def main(args: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--machines", type=int, default=200)
    parser.add_argument("--seed", type=int, default=9)
    wanted = parser.parse_args(args)
    rows, every = [], {True: list[Told](), False: list[Told]()}
    for varies, (stood, weeks) in product(VARIES, STOOD.items()):
        machines = Shifts(wanted.machines, WEEKS, wanted.seed, varies, weeks)
        for (day, after), used in product(ASKED.items(), (True, False)):
            told = ask(machines, MONDAY + after + len(weeks) * WEEK, used=used)
            every[used].append(told)
            rows.append(
                [f"weeks differ by {varies:.0%}, {day}{stood}", f"{told.off:.0f} h",
                 f"{100 * told.held:.0f} %", f"{told.width:.0f} h",
                 "hours run" if used else "time"]
            )  # fmt: skip
    print(table(("asked", "off, median", "held", "width", "over"), rows))
    ours, time = (float(np.mean([one.off for one in every[used]])) for used in (True, False))
    held = 100 * float(np.mean([one.held for one in every[True]]))
    figures = [
        Figure("off, over hours run", ours, "h", f"< {time:.1f}", "mean of medians"),
        Figure("off, over time", time, "h", None, "the baseline"),
        Figure("held, over hours run", held, "%", ">= 85", "nominal 90"),
        Figure("answers", sum(one.answers for one in every[True]), "", None, "over hours run"),
    ]
    headline = f"use: off by {ours:.0f} h over hours run, by {time:.0f} h over time"
    return finish("use", figures, headline, wanted)


if __name__ == "__main__":
    sys.exit(main())
