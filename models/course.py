"""Course: many rows in time order, in which assets may come again and again, judged at once.

What comes out is what `score` and `observe`, round by round, would give, bit for bit. A detector
whose loop over rows is compiled offers its own `judge`, and that is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats
from models.detector import Detector, Round, Scored, State

Rows = NDArray[np.intp]


@runtime_checkable
class Courser(Protocol):
    """A detector that judges a whole course by itself."""

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        ...


@runtime_checkable
class Retriable(Courser, Protocol):
    """A detector whose judgement can be tried and taken back."""

    def moving(self) -> State:
        """Return the very arrays that `judge` writes to, first axis the asset."""
        ...


def judge(detector: Detector, rows: Round) -> Scored:
    """Score and observe rows in time order, in which assets may repeat; learns nothing.

    Rows that are `repeated` are only scored.
    """
    if isinstance(detector, Courser):
        return detector.judge(rows)
    order, bounds = rounds(rows.asset)
    parts = [_step(detector, rows.take(order[part])) for part in spans(bounds)]
    return _joined(parts, order, rows.values.shape)


def rounds(asset: Rows) -> tuple[Rows, list[int]]:
    """Order rows so that each asset occurs once per round, its own rows in their order.

    Returns the order, and the bounds between rounds in it. Rows of negative assets are left out.
    """
    order = np.argsort(asset, kind="stable")
    order = order[np.searchsorted(asset[order], 0) :]
    if not len(order):
        return order, [0]
    sorted_asset = asset[order]
    starts = np.flatnonzero(np.concatenate(([True], sorted_asset[1:] != sorted_asset[:-1])))
    sizes = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    by_rank = np.argsort(rank, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(rank))))
    return order[by_rank], [int(bound) for bound in bounds]


def spans(bounds: list[int]) -> Iterator[slice]:
    """Walk the rounds that `rounds` bounded."""
    return (slice(start, stop) for start, stop in pairwise(bounds))


def _step(detector: Detector, rows: Round) -> Scored:
    scored = detector.score(rows)
    if not rows.repeated:
        detector.observe(rows)
    return scored


def _joined(parts: list[Scored], order: Rows, shape: tuple[int, ...]) -> Scored:
    """Put the verdicts of rounds back into the order of the rows."""
    value, blame = np.full(shape[0], np.nan), np.zeros(shape)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    judged: Floats | None = None
    done = 0
    for part in parts:
        at = order[done : done + len(part.value)]
        done += len(at)
        value[at], blame[at], low[at], high[at] = part.value, part.blame, part.low, part.high
        if part.values is not None:
            judged = np.full(shape, np.nan) if judged is None else judged
            judged[at] = part.values
    return Scored(value, blame, low, high, judged)
