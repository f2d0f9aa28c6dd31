"""Regimes of a recorded machine, told by the channels that grading calls a context.

A recording declares no operating channels. Where grading finds settings, which dwell at a few
values, they tell in which regime the machine runs, and where it does as it never did while it was
learned. Without them nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode
from core.readings import Floats, Instants
from models.grade import Grade, context
from models.regime_row import NEVER, NONE
from models.regime_watch import RegimeWatch
from models.regimes import FEWEST, Regimes, regimes


@dataclass(frozen=True, slots=True, eq=False)
class InRegimes:
    """The `mode` of rows, and the number of the `regime`, below 0 for none or where all are one."""

    mode: NDArray[np.int8]
    regime: NDArray[np.int64]


class RecordingRegimes:
    """Follows the regimes of one recorded machine; `found` are what was learned, None for none."""

    def __init__(self) -> None:
        self.columns = np.zeros(0, np.intp)
        self.found: Regimes | None = None
        self._watch = RegimeWatch(1, 0, None, 0)
        self._last = NEVER

    def learn(
        self, at: Instants, values: Floats, mode: NDArray[np.int8], grades: Sequence[Grade]
    ) -> None:
        """Learn from the rows that the detector learns from, too."""
        self.columns = np.flatnonzero(context(grades))
        running = np.flatnonzero(mode == Mode.RUNNING)
        if not len(self.columns) or len(running) < 2 * FEWEST:
            return
        operating = values[running][:, self.columns]
        self.found = regimes(operating, at[running], values[running])
        self._watch = RegimeWatch(1, len(self.columns), None, 0)
        self._watch.learn(0, self.found)
        self._last = int(at[-1])

    def follow(self, at: Instants, values: Floats, mode: NDArray[np.int8]) -> InRegimes:
        """Follow rows in order of time."""
        if self.found is None or not len(at):
            return InRegimes(mode, np.full(len(at), NONE, np.int64))
        passed = np.diff(at, prepend=self._last)
        self._last = int(at[-1])
        none = np.zeros(len(at), np.intp)
        followed = self._watch.follow(none, at, passed, values[:, self.columns], mode)
        alone = len(self.found.centre) == 1
        regime = np.full(len(at), NONE, np.int64) if alone else followed.regime
        return InRegimes(followed.mode, regime)
