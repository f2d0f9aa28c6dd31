"""How the Numenta anomaly benchmark scores: windows around what is anomalous, early finds best.

A. Lavin, S. Ahmad: Evaluating real-time anomaly detection algorithms, ICMLA 2015. Rows at or above
the threshold inside a window count once per window, by the best of them; outside each one costs,
little just behind a window and all of `false_alarm` far from one. A window without a find costs
`missed`. The sum is scaled so that finding nothing is 0 and finding each window at its first row is
100. The first rows of each series are not scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats

PROBATION, LONGEST = 0.15, 750
"""The share of a series that is not scored, and of how many rows at most."""

FAR = 3.0
"""From so many widths behind a window on, a false alarm costs all."""

Window = tuple[int, int]
"""The first and the last row of a window."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a false alarm and a missed window cost, where a find is worth 1 at most."""

    name: str
    false_alarm: float
    missed: float


PROFILES = (
    Profile("standard", 0.11, 1.0),
    Profile("low FP", 0.22, 1.0),
    Profile("low FN", 0.11, 2.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """All scored rows: their scores, their worth, and the number of their window (-1: none)."""

    score: Floats
    worth: Floats
    window: NDArray[np.int64]
    windows: int


@dataclass(frozen=True, slots=True)
class Result:
    """A figure at a threshold, with how many rows were false and how many windows were found."""

    figure: float
    threshold: float
    false_rows: int
    found: int


def probation(rows: int) -> int:
    """Tell how many rows of a series are not scored."""
    return min(int(PROBATION * rows), LONGEST)


def worth(rows: int, windows: Sequence[Window]) -> tuple[Floats, NDArray[np.int64]]:
    """Tell what a detection at each row is worth before its cost, and in which window it lies."""
    value, inside = np.full(rows, -1.0), np.full(rows, -1, np.int64)
    ends = [first for first, _ in windows[1:]] + [rows]
    for number, ((first, last), end) in enumerate(zip(windows, ends, strict=False)):
        within, behind = np.arange(first, last + 1), np.arange(last + 1, end)
        width = last - first + 1
        value[within] = _sigmoid(-(last - within + 1) / width) / _sigmoid(np.array(-1.0))
        inside[within] = number
        value[behind] = _sigmoid((behind - last) / (width - 1))
    return value, inside


def pooled(scores: Sequence[Floats], windows: Sequence[Sequence[Window]]) -> Rows:
    """Put the scored rows of many series together."""
    score, value, inside, count = [], [], [], 0
    for each, those in zip(scores, windows, strict=True):
        skip = probation(len(each))
        known, where = worth(len(each), those)
        score.append(each[skip:])
        value.append(known[skip:])
        inside.append(np.where(where < 0, -1, where + count)[skip:])
        count += len(those)
    return Rows(np.concatenate(score), np.concatenate(value), np.concatenate(inside), count)


def at(rows: Rows, profile: Profile, threshold: float) -> Result:
    """Score at one threshold."""
    told = rows.score >= threshold
    false = told & (rows.window < 0)
    best = np.full(rows.windows, -np.inf)
    hits = told & (rows.window >= 0)
    np.maximum.at(best, rows.window[hits], rows.worth[hits])
    found = np.isfinite(best)
    total = profile.false_alarm * rows.worth[false].sum() + best[found].sum()
    total -= profile.missed * (~found).sum()
    return Result(_scaled(total, rows, profile), threshold, int(false.sum()), int(found.sum()))


def best(rows: Rows, profile: Profile) -> Result:
    """Score at the one threshold for all series that suits the profile best, as NAB does."""
    order = np.argsort(-rows.score, kind="stable")
    gain = _gains(rows, profile, order)
    total = np.cumsum(gain)
    score = rows.score[order]
    last = np.append(score[1:] != score[:-1], True) if len(score) else np.zeros(0, np.bool_)
    total = np.where(last, total, -np.inf)
    if not len(total) or total.max() <= 0.0:
        return at(rows, profile, np.inf)
    return at(rows, profile, float(score[np.argmax(total)]))


def _gains(rows: Rows, profile: Profile, order: NDArray[np.intp]) -> Floats:
    """Tell by how much the sum grows with each row that is added, in the given order."""
    gain: Floats = profile.false_alarm * rows.worth[order]
    window = rows.window[order]
    for number in range(rows.windows):
        mine = np.flatnonzero(window == number)
        if not len(mine):
            continue
        known = np.maximum.accumulate(rows.worth[order[mine]])
        gain[mine] = np.diff(known, prepend=-profile.missed)
    return gain


def _sigmoid(position: Floats) -> Floats:
    """Scale a place relative to a window's end, in its widths: 1 well before, -1 well behind."""
    found: Floats = np.where(position >= FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * position)) - 1.0)
    return found


def _scaled(total: float, rows: Rows, profile: Profile) -> float:
    nothing = -profile.missed * rows.windows
    return float(100.0 * (total - nothing) / (rows.windows - nothing))
