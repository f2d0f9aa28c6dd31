"""What missing rows do to remaining life: `python -m benchmarks.life_gaps --data FOLDER`.

Needs C-MAPSS, as `benchmarks.cmapss` does; its test engines are not looked at. Every second
training engine is learned from, in a quick form. Of the others rows are left out, at random or all
in a row, and intervals of all rows that are left are held against the life left: as if none were
missing, and as told (`models.run_gaps`), by how many rows what features rest on is behind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.cmapss import QUICK
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.turbofan import subset
from core.readings import Bools, Floats
from models.conformal import covered
from models.run_bounds import SHORTEST
from models.run_gaps import NONE
from models.run_life import HIGH, LOW, RunForecast, RunLife
from models.run_life_fit import fit
from models.run_table import RunTable

SHARES = (0.1, 0.25, 0.4)
"""Such shares of rows are left out at random."""

HOLES = (5, 9, 15, 30, 60)
"""So many rows are left out in a row."""

BEHIND = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, np.inf)
FEWEST = 100
GOAL = ">= 85"


def halves(runs: RunTable) -> tuple[RunTable, RunTable]:
    """Take every second unit, and the others."""
    even = runs.unit % 2 == 0
    return _some(runs, even), _some(runs, ~even)


def holed(runs: RunTable, rng: np.random.Generator) -> Iterator[Bools]:
    """Tell which rows are kept, in each of the ways in which some are left out."""
    place = np.arange(len(runs.time)) - runs.edges[runs.unit]
    for share in SHARES:
        yield (rng.random(len(place)) >= share) | (place < SHORTEST)
    for hole in HOLES:
        last = np.diff(runs.edges) - hole
        begin = rng.integers(SHORTEST, np.maximum(last, SHORTEST + 1))[runs.unit]
        whole = (last <= SHORTEST)[runs.unit]
        yield whole | (place < begin) | (place >= begin + hole)


def judged(model: RunLife, runs: RunTable, seed: int) -> tuple[Floats, Bools, Bools]:
    """Return how many rows features are behind, and where intervals held without and with."""
    behind, blind, told = [], [], []
    plain = replace(model, gaps=NONE)
    for kept in holed(runs, np.random.default_rng(seed)):
        table, left = _rows(runs, kept), runs.left[kept]
        found = model.forecast(table)
        judge = found.reason != "too_short"
        behind.append(found.late[judge] / model.gaps.pace)
        told.append(_held(found, left)[judge])
        blind.append(_held(plain.forecast(table), left)[judge])
    return np.concatenate(behind), np.concatenate(blind), np.concatenate(told)


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds cmapss/")
    parser.add_argument("--subsets", nargs="+", default=["FD001", "FD002"], help="which to take")
    args = parser.parse_args(given)
    figures, least = [], 100.0
    for name in args.subsets:
        learned, others = halves(subset(args.data / "cmapss", name).train)
        model, _ = fit(learned, course=QUICK)
        behind, blind, told = judged(model, others, seed=0)
        for low, high in pairwise(BEHIND):
            rows = (behind > low) & (behind <= high) if low else behind <= high
            if rows.sum() < FEWEST:
                continue
            share, before = 100 * told[rows].mean(), 100 * blind[rows].mean()
            least = min(least, share)
            note = f"{before:.1f} % as if none were missing; {rows.sum():,} rows"
            said = f"{name}, features {low:g} to {high:g} rows behind: intervals held"
            figures.append(Figure(said, share, "%", GOAL, note))
    headline = f"life_gaps: at least {least:.1f} % of intervals held, however many rows are missing"
    return finish("life_gaps", figures, headline, args)


def _held(found: RunForecast, left: Floats) -> Bools:
    return covered(found.course[:, LOW], found.course[:, HIGH], left)


def _rows(runs: RunTable, kept: Bools) -> RunTable:
    parts = {name: getattr(runs, name)[kept] for name in ("unit", "time", "values", "row")}
    return replace(runs, **parts)


def _some(runs: RunTable, kept: Bools) -> RunTable:
    """Keep whole units."""
    units, unit = np.unique(runs.unit[kept], return_inverse=True)
    return replace(
        _rows(runs, kept),
        unit=unit,
        failed=runs.failed[units],
        called=tuple(runs.called[u] for u in units.tolist()),
    )


if __name__ == "__main__":
    sys.exit(main())
