"""Regimes: the ways in which one machine runs, learned from its operating channels.

A machine that runs at two speeds has two regimes; one whose load follows the day has one. Rows are
cut in two where, along a channel or a principal component, a valley lies between two heaps in which
next to nothing is, and the halves again, until no more valley is found (divisive clustering by
density valleys: J. A. Hartigan, Clustering Algorithms, 1975). What is not dwelt in is no regime.
What is known of a regime is the range that each channel took in it, with a margin. Not their
correlation: where that breaks within the ranges, a fault may do it, and detectors have to say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND, Span
from core.readings import Bools, Floats, Instants
from models.baseline import CLIP, filled, location

Labels = NDArray[np.intp]

MOST = 6
"""So many regimes are told apart at most."""

FEWEST = 20
"""A regime was seen in at least so many rows,"""

SHARE = 0.02
"""and in this share of them."""

VALLEY = 0.15
"""In a valley lies less than this part of what lies at the lower of the peaks on its sides."""

DWELLS = 0.1
"""Regimes that change more often than in this share of rows are one: the machine cycles."""

PASSING = 5
"""What is left after fewer rows, as a rule, is passed through on the way to somewhere else."""

TAIL = 0.005
"""This share of rows at each end is left out of a regime's range, where rows are many."""

MANY = 400

ROOM = 0.25
"""A regime reaches beyond its range by this part of its width,"""

FLOOR = 0.1
"""or by this part of the channel's size, where that is more."""

NEVER_SETTLES = 100
"""After a change of regime so many rows are looked at for when the machine has settled."""

LEFT = 0.15
"""A channel has settled when less than this part of its way is left, or four times its noise."""

BINS = 40
"""Into so many steps at most the range of rows is cut to see valleys."""

_STAY = 8
_QUIET = 4


@dataclass(frozen=True, slots=True, eq=False)
class Regimes:
    """Regimes by falling share of time: `low[r, p]` to `high[r, p]` was seen, `margin` is known.

    `settle` is how long a machine takes to settle after it changed from one to another.
    """

    centre: Floats
    low: Floats
    high: Floats
    margin: Floats
    share: Floats
    settle: Span


def regimes(operating: Floats, at: Instants, values: Floats, most: int = MOST) -> Regimes:
    """Learn from rows in time order: `operating[n, p]` tells, `values[n, k]` shows what settles.

    NaN where missing: a channel then counts as what it last said.
    """
    rows = filled(operating)
    label = told_apart(rows, most)
    kept = [c for c in range(int(label.max(initial=0)) + 1) if (label == c).any()]
    kept.sort(key=lambda c: -int((label == c).sum()))
    parts = [rows[label == c] for c in kept]
    ends = [_ends(part) for part in parts]
    low, high = np.array([end[0] for end in ends]), np.array([end[1] for end in ends])
    return Regimes(
        np.array([np.median(part, axis=0) for part in parts]),
        low,
        high,
        margins(low, high),
        np.array([len(part) / len(rows) for part in parts]),
        settling(label, at, values) if len(parts) > 1 else 0,
    )


def margins(low: Floats, high: Floats) -> Floats:
    """Tell how far beyond its range a regime is still known."""
    size = np.maximum(np.abs(low), np.abs(high))
    floor = np.where(size > 0, FLOOR * size, 1e-9)
    return np.maximum(ROOM * (high - low), floor)


def _ends(rows: Floats) -> tuple[Floats, Floats]:
    tail = TAIL if len(rows) >= MANY else 0.0
    return np.quantile(rows, tail, axis=0), np.quantile(rows, 1 - tail, axis=0)


def told_apart(rows: Floats, most: int = MOST) -> Labels:
    """Label rows `rows[n, p]` in time order by their regime; -1 for what belongs to none.

    One where rows do not fall apart, and where they do but go to and fro all the time.
    """
    label = np.zeros(len(rows), np.intp)
    waiting, count = [0], 1
    while waiting and count < most:
        number = waiting.pop(0)
        part = np.flatnonzero(label == number)
        beyond = _cut(rows[part])
        if beyond is None:
            continue
        label[part[beyond]] = count
        waiting += [number, count]
        count += 1
    label = _dwelt(label)
    counts = np.bincount(label[label >= 0], minlength=count)
    rare = counts < min(max(FEWEST, SHARE * len(rows)), counts.max())
    return np.where(rare[label], -1, label)


def _cut(rows: Floats) -> Bools | None:
    """Tell which rows lie beyond the deepest valley there is; None where there is none."""
    if len(rows) < 2 * FEWEST:
        return None
    centre, spread = location(rows)
    standard = (rows - centre) / spread
    tame = np.clip(standard, -CLIP, CLIP)
    _, axes = np.linalg.eigh(np.einsum("ni,nj->ij", tame, tame) / len(tame))
    seen = np.concatenate([standard, np.einsum("np,pq->nq", standard, axes)], axis=1)
    best, where = VALLEY, None
    for course in seen.T:
        depth, line = _valley(course)
        if depth < best:
            best, where = depth, course > line
    return where


def _valley(course: Floats) -> tuple[float, float]:
    """Find the deepest valley along a line: how deep it is, 1 for none, and where it lies."""
    least = max(FEWEST, SHARE * len(course))
    tail = min(0.25 * least / len(course), 0.02)
    low, high = np.quantile(course, [tail, 1 - tail])
    if high <= low:
        return 1.0, 0.0
    bins = min(BINS, max(len(course) // FEWEST, 8))
    count, edges = np.histogram(np.clip(course, low, high), bins, (low, high))
    smooth = np.convolve(count, np.ones(3) / 3, "same")
    left, right = np.maximum.accumulate(smooth), np.maximum.accumulate(smooth[::-1])[::-1]
    depth = smooth / np.maximum(np.minimum(left, right), 1e-9)
    below = np.cumsum(count)
    depth[(below < least) | (len(course) - below < least)] = 1.0
    lowest = np.flatnonzero(depth <= depth.min() + 1e-12)
    middle = int(lowest[len(lowest) // 2])
    return float(depth[middle]), float((edges[middle] + edges[middle + 1]) / 2)


def _dwelt(label: Labels) -> Labels:
    """Keep the regimes that are dwelt in; what is only passed through is none (-1).

    One regime where the machine goes to and fro all the time.
    """
    edges = np.concatenate(([0], np.flatnonzero(np.diff(label) != 0) + 1, [len(label)]))
    runs, whose = np.diff(edges), label[edges[:-1]]
    passing = [c for c in np.unique(whose) if np.median(runs[whose == c]) < PASSING]
    kept = np.where(np.isin(label, passing), -1, label)
    dwelt = kept[kept >= 0]
    changes = int((np.diff(dwelt) != 0).sum())
    if len(dwelt) < len(label) / 2 or changes > DWELLS * len(dwelt):
        return np.zeros_like(label)
    return kept


def settling(label: Labels, at: Instants, values: Floats) -> Span:
    """Tell how long channels take to settle after a change of regime, from those seen.

    A quarter of a usual stay at most: more would leave nothing to judge.
    """
    step = int(np.median(np.diff(at))) if len(at) > 1 else SECOND
    edges = np.flatnonzero(np.diff(label) != 0) + 1
    ends = np.append(edges[1:], len(label))
    stays = [
        (int(a), int(b))
        for a, b in zip(edges, ends, strict=True)
        if b - a >= _STAY and at[a] - at[a - 1] <= 5 * step
    ]
    if not stays:
        return 3 * step
    usual = float(np.median([b - a for a, b in stays]))
    return max(min(_last_moving(values, stays), int(usual / 4)), 1) * step


def _last_moving(values: Floats, stays: list[tuple[int, int]]) -> int:
    """Tell after how many rows of a stay nothing has some way to go any more, as a rule."""
    most = min(NEVER_SETTLES, max(b - a for a, b in stays))
    way = np.full((len(stays), most, values.shape[1]), np.nan)
    noise = np.full((len(stays), values.shape[1]), np.nan)
    for number, (a, b) in enumerate(stays):
        late = filled(values[(a + b) // 2 : b])
        settled = np.median(late, axis=0)
        noise[number] = np.median(np.abs(late - settled), axis=0)
        early = filled(values[a : min(a + most, b)])
        way[number, : len(early)] = np.abs(early - settled)
    seen = np.isfinite(way).any(axis=(0, 2))
    common: NDArray[np.float64] = np.nanmedian(way[:, seen], axis=0)
    far = np.maximum(_QUIET * np.median(noise, axis=0), LEFT * common.max(axis=0))
    moving = np.flatnonzero((common > far).any(axis=1))
    still = np.diff(moving, prepend=-1, append=most + 10) > _QUIET
    return int(moving[: int(np.argmax(still))][-1]) + 1 if np.argmax(still) else 1
