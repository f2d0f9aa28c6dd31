"""End of life of battery cells, from part of it: `python -m benchmarks.battery --data FOLDER`.

Needs the capacities of NASA's cells B0005, B0006, B0007 and B0018 (NASA Prognostics Center of
Excellence, battery data set; public domain) as `battery/nasa_pcoe_capacity.csv` in FOLDER, with
columns cell, cycle, capacity_Ah.

Protocol. A cell's life ends at the first row at or below 1.4 Ah (rows 124, 108 and 96 from 0). Each
is asked at 40, 50, 60 and 70 % of the rows of its life how many rows are left. B0007 never ends: it
is asked at the same shares of its record, and right where its 95 % point lies beyond its last row.
*alone* is told nothing of any other cell; *with others* also what the other three had shown at the
same share of their own lives, and nothing beyond. Both are held to the goals. All settings ship;
docs/decisions/0036-wear.md says how they were chosen, and what was seen of these cells.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig.extrapolated import again, straight
from benchmarks.rig.fades import SHARES
from benchmarks.rig.report import Figure, arguments, finish, table
from core.life import Remaining
from core.readings import Floats
from models.path_prior import weak
from models.wear import Trace, others, remaining

END = 1.4
CELLS = ("B0005", "B0006", "B0007", "B0018")
NEW = 5
"""A cell's capacity as new is the median of so many first rows."""

HORIZON = 20
"""How many times the rows seen may be left."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One cell: its capacities in Ah, and the row of its end, or None where it never ended."""

    name: str
    capacity: Floats
    end: int | None

    @property
    def life(self) -> int:
        """Rows until its end, or all of its record."""
        return len(self.capacity) if self.end is None else self.end

    def until(self, share: float) -> Floats:
        """Return the way that it had gone by a share of its life: 0 as new, 1 at its end."""
        seen = self.capacity[: int(share * self.life)]
        new = float(np.median(seen[:NEW]))
        return (new - seen) / (new - END)


@dataclass(frozen=True, slots=True)
class Said:
    """What a method said of one cell at one share: rows left, and those that were."""

    cell: str
    share: float
    left: Remaining
    true: int | None
    seen: int
    record: int

    @property
    def error(self) -> float:
        """How many rows the end was said too late; NaN where there was none."""
        return float("nan") if self.true is None else self.left.p50 - self.true

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth; of a cell that never ended, reaches beyond it."""
        if self.true is None:
            return self.seen + self.left.p95 > self.record - 1
        return self.left.p05 <= self.true <= self.left.p95


Method = Callable[[Cell, float, Sequence[Cell]], Remaining]


def cells(path: Path) -> list[Cell]:
    """Read the cells."""
    rows: dict[str, list[float]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["cell"], []).append(float(row["capacity_Ah"]))
    found = []
    for name, kept in sorted(rows.items()):
        capacity = np.array(kept)
        ended = np.flatnonzero(capacity <= END)
        found.append(Cell(name, capacity, int(ended[0]) if len(ended) else None))
    return found


def trace(cell: Cell, share: float) -> Trace:
    """Make the past of a cell until a share of its life; time in rows."""
    way = cell.until(share)
    return Trace(np.arange(1, len(way) + 1, dtype=np.float64), way)


def alone(cell: Cell, share: float, _: Sequence[Cell]) -> Remaining:
    """Say what is left from the cell's own past."""
    known = trace(cell, share)
    return _left(remaining(known, weak(), HORIZON * known.time[-1]), known)


def together(cell: Cell, share: float, known: Sequence[Cell]) -> Remaining:
    """Say what is left, knowing what the others had shown at the same share of their lives."""
    prior = others([trace(one, share) for one in known if one is not cell], weak())
    mine = trace(cell, share)
    return _left(remaining(mine, prior, HORIZON * mine.time[-1]), mine)


def _left(found: Remaining | None, known: Trace) -> Remaining:
    """Take what is declined as said: anything may be left."""
    far = HORIZON * float(known.time[-1])
    return Remaining(0.0, far, far) if found is None else found


def line(cell: Cell, share: float, _: Sequence[Cell]) -> Remaining:
    """Draw a straight line through the last 20 rows."""
    way = cell.until(share)
    return _point(straight(way, HORIZON * len(way)))


def aged(cell: Cell, share: float, _: Sequence[Cell]) -> Remaining:
    """Say that as much is left as has been."""
    return _point(again(cell.until(share)))


def _point(left: float) -> Remaining:
    return Remaining(left, left, left)


METHODS: Mapping[str, Method] = {
    "alone": alone,
    "with others": together,
    "straight line, last 20": line,
    "as long again": aged,
}


_NOTES = {"as long again": "the baseline"}


def play(known: Sequence[Cell], method: Method) -> list[Said]:
    """Ask a method of all cells at all shares."""
    return [
        Said(
            cell.name,
            share,
            method(cell, share, known),
            None if cell.end is None else cell.end - int(share * cell.life),
            int(share * cell.life),
            len(cell.capacity),
        )
        for cell in known
        for share in SHARES
    ]


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds battery/")
    args = parser.parse_args(given)
    path = args.data / "battery" / "nasa_pcoe_capacity.csv"
    if not path.exists():
        parser.error(
            f"{path} is not there: put the capacities of NASA's cells {', '.join(CELLS)} there "
            "(https://www.nasa.gov/intelligent-systems-division/discovery-and-systems-health/"
            "pcoe/pcoe-data-set-repository/, battery data set) as columns cell,cycle,capacity_Ah"
        )
    known = cells(path)
    if tuple(cell.name for cell in known) != CELLS:
        parser.error(f"{path}: found {[cell.name for cell in known]}; expected {list(CELLS)}")
    return _report(known, args)


def _report(known: list[Cell], args: argparse.Namespace) -> int:
    said = {name: play(known, method) for name, method in METHODS.items()}
    for name in ("alone", "with others"):
        print(f"{name}: rows left, error, 90 % interval")
        print(_each(said[name]))
        print()
    ours, drawn = said["alone"], said["straight line, last 20"]
    ended, open_ = [one for one in ours if one.true], [one for one in ours if not one.true]
    results = [
        Figure(
            "error", _error(ours), "cycles", f"< {_error(drawn):.2f}", "mean absolute, 12 cases"
        ),
        *(
            Figure(f"error, {n}", _error(one), "cycles", None, _NOTES.get(n, ""))
            for n, one in said.items()
        ),
        Figure("median error", _middle(ours), "cycles", None, "alone"),
        Figure(
            "median error, straight line", _middle(drawn), "cycles", None, "two are nearly flat"
        ),
        *_shares(ours),
        Figure("held by its 90 %", sum(one.holds for one in ended), "of 12", ">= 10", "known end"),
        Figure("B0007 beyond its record", sum(one.holds for one in open_), "of 4", "== 4", "p95"),
        Figure("width of the 90 %", _width(ours), "cycles", None, "median, known end"),
        *_beside(said["with others"]),
    ]
    headline = f"battery: error {_error(ours):.1f} cycles, straight line {_error(drawn):.1f}"
    return finish("battery", results, headline, args)


def _shares(said: Sequence[Said]) -> list[Figure]:
    return [
        Figure(
            f"error from {share:.0%}",
            _error([one for one in said if one.share == share]),
            "cycles",
            None,
            "alone, mean absolute of three cells",
        )
        for share in SHARES
    ]


def _beside(said: Sequence[Said]) -> list[Figure]:
    held = sum(one.holds for one in said if one.true)
    beyond = sum(one.holds for one in said if not one.true)
    return [
        Figure("held, with others", held, "of 12", ">= 10", "known end"),
        Figure("B0007 beyond, with others", beyond, "of 4", "== 4", "p95"),
        Figure("width, with others", _width(said), "cycles", None, "median, known end"),
    ]


def _each(said: Sequence[Said]) -> str:
    rows = [
        (
            f"{one.cell} {one.share:.0%}",
            str(one.seen),
            "never" if one.true is None else str(one.true),
            f"{one.left.p50:.0f}",
            f"{one.error:+.0f}" if one.true else "",
            f"{one.left.p05:.0f} to {one.left.p95:.0f}",
            "held" if one.holds else "MISSED",
        )
        for one in said
    ]
    return table(("cell", "seen", "left", "said", "off", "interval", ""), rows)


def _error(said: Sequence[Said]) -> float:
    return float(np.nanmean([abs(one.error) for one in said]))


def _middle(said: Sequence[Said]) -> float:
    return float(np.nanmedian([abs(one.error) for one in said]))


def _width(said: Sequence[Said]) -> float:
    return float(np.median([one.left.p95 - one.left.p05 for one in said if one.true]))


if __name__ == "__main__":
    sys.exit(main())
