"""Gaps: where rows are missing, what features rest on is older than it was while learning.

Features follow rows, not time. After a gap they show a unit as it was some rows ago, and what is
said is too much by no more than that time, less with every row that comes. So the life left is
lowered: its least points by all of that time, its median by half, its most not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import LEVELS
from core.readings import Floats
from models.run_features import smoothed
from models.run_table import RunTable, spacing

SPAN = 15
"""How old what features rest on is, is told by an exponential mean over about so many rows."""

RARELY = 0.01
"""All but this share of the rows learned from rested on nothing older than what is borne..."""

BORNE = 0.1
"""...and so many rows more."""

LOWERED = np.interp(LEVELS, (0.05, 0.5, 0.95), (1.0, 0.5, 0.0))
"""By which share of that time the life left at each of `LEVELS` is lowered."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """How far apart rows are (`pace`, in the table's unit of time), and how stale they may be.

    `borne` counts rows. With no pace nothing is lowered, as in models of before there were any.
    """

    pace: float = 0.0
    borne: float = 0.0

    def late(self, runs: RunTable) -> Floats:
        """Tell by how much time features of each row rest on too old rows; 0 where on none."""
        found: Floats = self.pace * np.maximum(_lag(runs, self.pace) - self.borne, 0.0)
        return found


NONE = Gaps()
"""With this, rows are taken as they follow each other."""


def learn(runs: RunTable) -> Gaps:
    """Learn how far apart rows are, and how stale they are without harm, from training runs."""
    pace = spacing(runs)
    stale = float(np.quantile(_lag(runs, pace), 1 - RARELY))
    return Gaps(pace, max(stale, 0.0) + BORNE)


def lowered(course: Floats, late: Floats) -> Floats:
    """Lower the life left at `LEVELS`, `course[row, level]`, where rows rest on what is old."""
    found: Floats = np.maximum(course - late[:, None] * LOWERED, 0.0)
    return found


def _lag(runs: RunTable, pace: float) -> Floats:
    """Tell by how many rows what features rest on is older than if there were one each `pace`."""
    if pace <= 0:
        return np.zeros(len(runs.time))
    place = np.arange(len(runs.time)) - runs.edges[runs.unit]
    both = np.stack([runs.time / pace, place], axis=1)
    age = both - smoothed(runs, both, SPAN)
    found: Floats = age[:, 0] - age[:, 1]
    return found
