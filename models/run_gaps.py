"""Gaps: where rows or cells are missing, features rest on older ones than while learning.

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

    def late(self, runs: RunTable, channels: Floats, weight: Floats) -> Floats:
        """Tell by how much time features of each row rest on too old rows; 0 where on none.

        `weight[k]` is how much of what wear is told by channel k tells; in all it is 1.
        """
        lag = _lag(runs, channels, weight, self.pace)
        found: Floats = self.pace * np.maximum(lag - self.borne, 0.0)
        return found


NONE = Gaps()
"""With this, rows are taken as they follow each other."""


def learn(runs: RunTable, channels: Floats, weight: Floats) -> Gaps:
    """Learn how far apart rows are, and how stale they are without harm, from training runs."""
    pace = spacing(runs)
    stale = float(np.quantile(_lag(runs, channels, weight, pace), 1 - RARELY))
    return Gaps(pace, max(stale, 0.0) + BORNE)


def lowered(course: Floats, late: Floats) -> Floats:
    """Lower the life left at `LEVELS`, `course[row, level]`, where rows rest on what is old."""
    found: Floats = np.maximum(course - late[:, None] * LOWERED, 0.0)
    return found


def _lag(runs: RunTable, channels: Floats, weight: Floats, pace: float) -> Floats:
    """Tell by how many rows what features rest on is older than if there were one each `pace`.

    A channel that was never heard adds nothing: of what is wanting there, others tell.
    """
    if pace <= 0:
        return np.zeros(len(runs.time))
    clock = (runs.time if runs.clock is None else runs.clock) / pace
    place = (np.arange(len(clock)) - runs.edges[runs.unit]).astype(np.float64)
    usual = place - smoothed(runs, place[:, None], SPAN)[:, 0]
    heard = np.where(np.isfinite(channels), clock[:, None], np.nan)
    age = clock[:, None] - smoothed(runs, heard, SPAN) - usual[:, None]
    found: Floats = np.nan_to_num(age) @ weight
    return found
