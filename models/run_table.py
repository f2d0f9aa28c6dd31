"""Runs: what units of a fleet showed from their start until they failed, or until we last looked.

A run is one life of one unit. A unit that was repaired as new begins another run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats

Numbers: TypeAlias = NDArray[np.int64]
"""Whole numbers: of units, of rows."""


@dataclass(frozen=True, slots=True, eq=False)
class RunTable:
    """Rows of runs, those of a unit beside each other and in order of time.

    `unit[i]` is the number of row i's unit, from 0 on, `time[i]` its age in the table's own unit of
    time, `values[i, k]` what channel `names[k]` said, NaN where it said nothing. `operating` names
    the channels that say how hard the unit works rather than how it is. `failed[u]` is whether unit
    u had failed at its last row; where not, it lived on. `called[u]` is what people call it,
    `row[i]` where row i stood before it was put here. `clock[i]` is its age less all time in which
    it is known to have stood, where that is known; no rows are missing there.
    """

    unit: Numbers
    time: Floats
    values: Floats
    names: tuple[str, ...]
    operating: tuple[str, ...]
    failed: Bools
    called: tuple[str, ...]
    row: Numbers
    clock: Floats | None = None

    @property
    def edges(self) -> Numbers:
        """The first row of each unit, and the number of rows at the end."""
        return np.searchsorted(self.unit, np.arange(len(self.called) + 1))

    @property
    def last(self) -> Numbers:
        """The last row of each unit."""
        return self.edges[1:] - 1

    @property
    def left(self) -> Floats:
        """Time from each row to the last of its unit: the life left, where that one failed."""
        found: Floats = self.time[self.last][self.unit] - self.time
        return found

    @property
    def length(self) -> Floats:
        """Age of each unit at its last row."""
        found: Floats = self.time[self.last]
        return found

    @property
    def conditions(self) -> tuple[str, ...]:
        """The channels that say how the unit is."""
        return tuple(name for name in self.names if name not in self.operating)

    def columns(self, names: Sequence[str]) -> Floats:
        """Return the values of some channels; one that is not there is NaN."""
        found = np.full((len(self.time), len(names)), np.nan)
        place = {name: k for k, name in enumerate(self.names)}
        for k, name in enumerate(names):
            if name in place:
                found[:, k] = self.values[:, place[name]]
        return found

    def parts(self) -> Iterator[slice]:
        """Give the rows of each unit in turn."""
        edges = self.edges
        for begin, end in pairwise(edges):
            yield slice(int(begin), int(end))


def gathered(
    unit: Sequence[str],
    time: Floats,
    values: Floats,
    names: Sequence[str],
    operating: Sequence[str] = (),
    failed: Bools | None = None,
    *,
    by_name: bool = False,
) -> RunTable:
    """Put rows of any order together to runs; `unit[i]` is what row i's unit is called.

    `failed[i]` is true in a row that says its unit has failed; without it, all have failed at their
    last row. Rows of one unit that bear the same time stay in their order. Units come as they first
    do, or `by_name`, numbers in it by their size.
    """
    called = tuple(dict.fromkeys(unit))
    if by_name:
        called = tuple(sorted(called, key=_natural))
    number = {name: k for k, name in enumerate(called)}
    which = np.array([number[name] for name in unit], np.int64)
    order = np.lexsort((np.arange(len(time)), time, which))
    ended = np.ones(len(called), np.bool_)
    if failed is not None:
        ended = np.zeros(len(called), np.bool_)
        ended[which[failed]] = True
    return RunTable(
        which[order],
        time[order],
        values[order],
        tuple(names),
        tuple(operating),
        ended,
        called,
        order,
    )


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Order numbers within names by their size."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if k % 2 else (0, part) for k, part in enumerate(parts)], name


def spacing(runs: RunTable) -> float:
    """Tell how far apart rows of a unit usually are, in the table's own unit of time; 0 if none."""
    steps = np.diff(runs.time)[np.diff(runs.unit) == 0]
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0
