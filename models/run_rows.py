"""Run rows: what machines showed, as means over even spans of time, for models of runs to failure.

Spans begin at another moment for each machine, so that not all have a new row at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant, Span
from core.plant import Mode
from core.readings import Floats, Instants
from models.detector import Round, State
from models.kernel import kernel

MOST = 1000
"""So many of the newest rows of a machine are kept, as a ring: row n stands at n modulo this."""

NEVER = -(2**63)
"""Stands where no span is."""


class RunRows:
    """Means of all channels over each span in which a machine ran, the newest of every asset.

    A new row takes the place of the oldest where there are too many, so that all others stay where
    they are, and a checkpoint writes little.
    """

    def __init__(self, assets: Sequence[str], channels: int, every: Span) -> None:
        self._every = every
        self._off = np.array([_offset(asset, every) for asset in assets], np.int64)
        count = len(self._off)
        self._span = np.full(count, NEVER, np.int64)
        self._total = np.zeros((count, channels))
        self._number = np.zeros((count, channels), np.int64)
        self._count = np.zeros(count, np.int64)
        self._at = np.zeros((count, 0), np.int64)
        self._rows = np.zeros((count, 0, channels))

    def observe(self, rows: Round) -> None:
        """Take rows in order of time; assets may repeat."""
        ran = np.flatnonzero(rows.mode == Mode.RUNNING)
        if not len(ran):
            return
        asset, values = rows.asset[ran], np.ascontiguousarray(rows.values[ran])
        span = (rows.at[ran] + self._off[asset]) // self._every
        ended, means = np.full(len(ran), NEVER, np.int64), np.full(values.shape, np.nan)
        _add(asset, span, values, self._span, self._total, self._number, ended, means)
        for row in np.flatnonzero(ended != NEVER).tolist():
            number = int(asset[row])
            at = (int(ended[row]) + 1) * self._every - int(self._off[number])
            self._keep(number, at, means[row])

    def newest(self, asset: int) -> Instant | None:
        """Tell when the newest row of an asset ended; None where there is none."""
        count = int(self._count[asset])
        return int(self._at[asset, (count - 1) % MOST]) if count else None

    def since(self, asset: int, begin: Instant) -> tuple[Instants, Floats]:
        """Return the rows of an asset whose span began at a moment or later, and their ends."""
        count = int(self._count[asset])
        order = np.arange(max(count - MOST, 0), count) % MOST
        kept = order[self._at[asset, order] - self._every >= begin]
        return self._at[asset, kept], self._rows[asset, kept]

    def state(self) -> State:
        """Return everything kept, in buffers as long as the longest; `count` is of all rows."""
        return {
            "span": self._span.copy(),
            "total": self._total.copy(),
            "number": self._number.copy(),
            "count": self._count.copy(),
            "at": self._at.copy(),
            "rows": self._rows.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._span, self._number, self._count, self._at = (
            state[name].astype(np.int64) for name in ("span", "number", "count", "at")
        )
        self._total, self._rows = (state[name].astype(np.float64) for name in ("total", "rows"))

    def _keep(self, asset: int, at: Instant, row: Floats) -> None:
        newest = self.newest(asset)
        if newest is not None and at <= newest:
            return
        place, width = int(self._count[asset]) % MOST, self._at.shape[1]
        if place >= width:
            more = min(max(width, 32), MOST - width)
            self._at = np.pad(self._at, ((0, 0), (0, more)))
            self._rows = np.pad(self._rows, ((0, 0), (0, more), (0, 0)))
        self._at[asset, place], self._rows[asset, place] = at, row
        self._count[asset] += 1


def _offset(asset: str, every: Span) -> Span:
    digest = blake2b(asset.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % every


@kernel
def _add(
    asset: NDArray[np.intp],
    span: Instants,
    values: Floats,
    now: Instants,
    total: Floats,
    number: NDArray[np.int64],
    ended: Instants,
    means: Floats,
) -> None:
    """Add values one after another; the first of another span ends the one before."""
    for i in range(len(asset)):
        a = asset[i]
        if span[i] != now[a]:
            for k in range(values.shape[1]):
                if number[a, k] > 0:
                    means[i, k] = total[a, k] / number[a, k]
                total[a, k], number[a, k] = 0.0, 0
            ended[i] = now[a]
            now[a] = span[i]
        for k in range(values.shape[1]):
            if not np.isnan(values[i, k]):
                total[a, k] += values[i, k]
                number[a, k] += 1
