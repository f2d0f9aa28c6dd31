"""Similar runs: which units of the past looked the same, and how long they went on.

A second opinion beside trees, after T. Wang, J. Yu, D. Siegel, J. Lee: A similarity-based
prognostics approach for remaining useful life estimation of engineered systems (PHM 2008). An index
of wear is one number for each row; its last stretch is laid along those of units that failed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from models.conformal import quantile
from models.run_table import Numbers

STRETCH = 20
"""How many rows of the index are compared."""

MOST_ALIKE = 10
"""So many units are heard."""

NAMED = 3
"""So many of them are named."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """The units most alike, best first: what they are called, how long each went on, and its say.

    `weight` falls with how far a unit was from the one that is asked about.
    """

    called: tuple[str, ...]
    left: Floats
    weight: Floats

    @property
    def mean(self) -> float:
        """How long they went on; NaN where there is none."""
        return float(np.average(self.left, weights=self.weight)) if len(self.left) else float("nan")

    @property
    def words(self) -> str:
        """Say it as a second opinion; empty where there is none."""
        if not len(self.left):
            return ""
        low, high = (quantile(self.left, self.weight, level) for level in (0.25, 0.75))
        names = ", ".join(self.called[:NAMED])
        return (
            f"the runs most alike ({names}) went on for {self.mean:.3g} ({low:.3g} to {high:.3g})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class SimilarRuns:
    """Indices of wear of failed units, one after the other: `unit`, `index` and `left` of rows."""

    called: tuple[str, ...]
    unit: Numbers
    index: Floats
    left: Floats

    def alike(self, index: Floats) -> Alike:
        """Find the units most alike to a run by the end of its index of wear."""
        asked = index[np.isfinite(index)][-STRETCH:]
        count = len(asked)
        if not count or len(self.index) < count:
            return Alike((), np.zeros(0), np.zeros(0))
        seen = np.lib.stride_tricks.sliding_window_view(self.index, count)
        away = np.sqrt(((seen - asked) ** 2).mean(axis=1))
        unit, left = self.unit[count - 1 :], self.left[count - 1 :]
        away[unit != self.unit[: len(away)]] = np.inf  # a stretch that reaches into the next unit
        order = np.argsort(away, kind="stable")
        order = order[np.isfinite(away[order])]
        _, first = np.unique(unit[order], return_index=True)
        best = order[np.sort(first)][:MOST_ALIKE]
        if not len(best):
            return Alike((), np.zeros(0), np.zeros(0))
        reach = max(float(np.median(away[best])), 1e-9)
        weight = np.exp(-0.5 * (away[best] / reach) ** 2)
        return Alike(tuple(self.called[int(u)] for u in unit[best]), left[best], weight)
