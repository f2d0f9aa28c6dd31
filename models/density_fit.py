"""Density fit: points that stand for a cloud of healthy rows, whatever its shape.

The points are the means of k-means (S. P. Lloyd, IEEE Transactions on Information Theory 28, 1982),
begun evenly over time; a point that stands for a single row is let go, so that a wild lesson makes
no room around it. How far healthy rows are from the nearest is told by stretches of time that were
kept out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.readings import Floats
from models.baseline import DEPENDENCE, WANDER, smooth
from models.baseline import wander as wander_of
from models.residual import doubt_of

FOLDS = 4
"""Into how many stretches of time the lessons are cut to tell distances."""

FLOOR = 1e-3
"""The least squared distance per channel that counts."""

TAME = 4.0
"""Beyond how many robust deviations a lesson is pulled in."""

_ROUNDS = 12


class Cloud(NamedTuple):
    """Points `[p, k]`, infinitely far where there is none, and the usual distance to the nearest.

    Distances are the logarithm of the mean square over channels: `usual` is their mean, `single`
    the variance of single rows, `room` of smoothed ones, all doubt added, `last` the smoothed one
    at the end. `each[k]` is the mean square of one channel.
    """

    points: Floats
    usual: float
    single: float
    room: float
    last: float
    each: Floats


def learn(rows: Floats, most: int, rate: float) -> Cloud:
    """Learn from rows `[n, k]`, standardised; at most so many points."""
    count = len(rows)
    squares = np.empty_like(rows)
    for part in np.array_split(np.arange(count), FOLDS):
        rest = np.delete(rows, part, axis=0)
        squares[part] = nearest(rows[part], _points(rest, most * len(rest) // count))
    course = np.log(squares.mean(axis=1) + FLOOR)
    usual = float(np.median(course))
    reach = TAME * max(1.4826 * float(np.median(np.abs(course - usual))), 0.05)
    tamed = np.clip(course - usual, -reach, reach)[:, None]
    usual += float(tamed.mean())
    tamed = tamed - tamed.mean()
    smoothed = smooth(tamed, rate)
    settled = smoothed[min(int(2 / rate), count // 4) :]
    single = max(float(tamed.var()), 0.01)
    room = float((np.mean(settled**2, axis=0) * doubt_of(settled))[0])
    room = max(room, single * rate / (2 - rate)) + (1 + DEPENDENCE) / count * single
    room += WANDER**2 * float(wander_of(tamed)[0])
    wild = np.quantile(squares, 0.95, axis=0)
    each = np.minimum(squares, np.maximum(wild, FLOOR)).mean(axis=0)
    return Cloud(_points(rows, most), usual, single, room, float(smoothed[-1, 0]), each + FLOOR)


def nearest(rows: Floats, points: Floats) -> Floats:
    """Tell the squares by channel of how far rows are from their nearest point."""
    apart = np.sum((rows[:, None, :] - points[None, :, :]) ** 2, axis=2)
    squares: Floats = (rows - points[np.argmin(apart, axis=1)]) ** 2
    return squares


def _points(rows: Floats, most: int) -> Floats:
    """Find means of clusters of rows that stand for more than one."""
    most = min(most, max(len(rows) // 3, 1))
    points = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)].copy()
    chosen = np.zeros(len(rows), np.int64)
    for _ in range(_ROUNDS):
        apart = np.sum(points**2, axis=1) - 2 * rows @ points.T
        chosen = np.argmin(apart, axis=1)
        size = np.bincount(chosen, minlength=most)
        sums = np.stack([np.bincount(chosen, column, most) for column in rows.T], axis=1)
        points = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], points)
    kept = np.bincount(chosen, minlength=most) > 1
    return points[kept] if kept.any() else points
