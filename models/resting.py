"""Resting: when a recorded machine stands still, told from its own channels where no rule says it.

A machine that is off shows it in several channels at once: current, speed, flow lie near zero, far
below all that they read while it runs. Only where such a rest was seen while learning, and at least
two channels agree on it, is it believed. For a while after a rest the machine is starting.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode
from core.readings import Bools, Floats

LEAST, MOST = 0.02, 0.9
"""A rest takes at least and at most this share of the rows."""

NEAR = 0.15
"""At rest a channel lies below this part of what it reads while the machine runs."""

RUNS = 0.7
"""From this part of the least that it reads while running, a channel says that it runs."""

AGREE = 0.97
"""In so many of the rows the channels that tell must say the same."""

REST_OF_IT = 0.15
"""A channel has settled once less than this part of its way after a start is left, or its noise."""

LEAST_SETTLE = 2
"""A start takes at least so many rows."""

FEWEST, LONGEST = 8, 100
"""A rest has at least so many rows; a start takes at most so many."""

_PART = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Resting:
    """Channels `tells[t]` that tell by lying below `line[t]`; a start takes `settle` rows."""

    tells: NDArray[np.intp]
    line: Floats
    settle: int


class RestWatch:
    """Follows the mode of one machine row by row; without a rule it always runs."""

    def __init__(self, rule: Resting | None) -> None:
        self._rule = rule
        self._since = LONGEST + 1

    def update(self, values: Floats) -> NDArray[np.int8]:
        """Tell the mode of rows `values[n, k]` in time order."""
        count = len(values)
        if self._rule is None:
            return np.full(count, Mode.RUNNING, np.int8)
        off = _off(values, self._rule.tells, self._rule.line)
        index = np.arange(count)
        last = np.maximum.accumulate(np.where(off, index, -1))
        since = np.where(last < 0, self._since + index + 1, index - last)
        if count:
            self._since = int(min(since[-1], 2 * LONGEST))
        mode = np.where(since <= self._rule.settle, Mode.STARTING, Mode.RUNNING)
        return np.where(off, np.int8(Mode.OFF), mode.astype(np.int8))


def resting(values: Floats) -> Resting | None:
    """Learn from rows `values[n, k]` how a rest shows; None where none is seen for sure."""
    found = [(k, line) for k in range(values.shape[1]) if (line := _line(values[:, k])) is not None]
    if len(found) < 2:
        return None
    below = np.array([_below(values[:, k], line) for k, line in found])
    agree = (below[:, None, :] == below[None, :, :]).mean(axis=2) >= AGREE
    best = int(np.argmax(agree.sum(axis=1)))
    chosen = [found[i] for i in np.flatnonzero(agree[best])]
    if len(chosen) < 2:
        return None
    tells = np.array([k for k, _ in chosen], np.intp)
    lines: Floats = np.array([line for _, line in chosen])
    return Resting(tells, lines, _settle(values, _off(values, tells, lines)))


def _off(values: Floats, tells: NDArray[np.intp], line: Floats) -> Bools:
    """Tell where more than half of the channels that say anything lie at rest."""
    said = values[:, tells]
    known = np.isfinite(said)
    with np.errstate(invalid="ignore"):
        below = (said < line) & known
    count = known.sum(axis=1)
    off: Bools = (2 * below.sum(axis=1) > count) & (count > 0)
    return off


def _below(column: Floats, line: float) -> Bools:
    with np.errstate(invalid="ignore"):
        below: Bools = column < line
    return below


def _line(column: Floats) -> float | None:
    """Find the line between rest and running in one channel; None where there is no rest."""
    said = np.sort(column[np.isfinite(column)])
    count = len(said)
    if count < 4 * FEWEST or said[-1] <= 0:
        return None
    # The widest step upwards, as a part of what lies above it, parts rest from running.
    first, last = max(int(LEAST * count), FEWEST), min(int(MOST * count), count - FEWEST)
    if first >= last:
        return None
    steps = said[first + 1 : last + 1] - said[first:last]
    at = first + int(np.argmax(steps)) + 1
    rest, runs = said[:at], said[at:]
    middle, least = float(np.median(runs)), float(np.quantile(runs, 0.02))
    high = float(np.abs(rest).max()) if at < FEWEST * 4 else float(np.quantile(np.abs(rest), 0.98))
    if not (middle > 0 and high < NEAR * middle and RUNS * least > 2 * high):
        return None
    return RUNS * least


def _settle(values: Floats, off: Bools) -> int:
    """Tell how many rows after a rest the slowest channel still moves as only a start moves it.

    The course after each start is held against the later half of the same run; what is common to
    most starts is the start.
    """
    edges = np.flatnonzero(np.diff(off.astype(np.int8), prepend=1, append=1))
    runs = [slice(a, b) for a, b in pairwise(edges.tolist()) if not off[a]]
    runs = [run for run in runs[1:] if run.stop - run.start >= FEWEST]  # the first may be cut off
    if len(runs) < 2:
        return LEAST_SETTLE
    most = int(min(LONGEST, _PART * np.median([run.stop - run.start for run in runs])))
    courses = np.full((len(runs), most, values.shape[1]), np.nan)
    noise = np.full((len(runs), values.shape[1]), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of channels that say nothing in a run
        for number, run in enumerate(runs):
            late = values[(run.start + run.stop) // 2 : run.stop]
            settled = np.nanmedian(late, axis=0)
            noise[number] = 1.4826 * np.nanmedian(np.abs(late - settled), axis=0)
            early = values[run.start : run.start + most] - settled
            courses[number, : len(early)] = early
        common, usual = np.nanmedian(courses, axis=0), np.nanmedian(noise, axis=0)
        moving = np.abs(common) > np.maximum(usual, REST_OF_IT * np.nanmax(np.abs(common), axis=0))
    still = np.flatnonzero(moving.any(axis=1))
    return max(int(still[-1]) + 1 if len(still) else 0, LEAST_SETTLE)
