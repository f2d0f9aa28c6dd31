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
from core.readings import Bools, Floats, Instants
from models.detector import Round, State
from models.kernel import kernel

MOST = 1000
"""So many of the newest rows of a machine are kept, as a ring: row n stands at n modulo this."""

NEVER = -(2**63)
"""Stands where no span is."""


class RunRows:
    """Means of all channels over each span in which a machine ran, the newest of every asset.

    A new row takes the place of the oldest where there are too many, so that all others stay where
    they are, and a checkpoint writes little. Beside each stands for how long its machine is known
    to have stood until then: all time that follows a reading at which it stood.
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
        self._rest = np.zeros((count, 0), np.int64)
        self._seen = np.zeros((count, 4), np.int64)  # last reading, stood at it, in all, while ran

    def observe(self, rows: Round) -> None:
        """Take rows in order of time; assets may repeat."""
        idle = (rows.mode == Mode.OFF) | (rows.mode == Mode.IDLE)
        rested = np.zeros(len(rows.at), np.int64)
        _stand(rows.asset, rows.at, idle, rows.mode == Mode.RUNNING, self._seen, rested)
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
            self._keep(number, at, means[row], int(rested[ran[row]]))

    def newest(self, asset: int) -> Instant | None:
        """Tell when the newest row of an asset ended; None where there is none."""
        count = int(self._count[asset])
        return int(self._at[asset, (count - 1) % MOST]) if count else None

    def since(self, asset: int, begin: Instant) -> tuple[Instants, Floats]:
        """Return the rows of an asset whose span began at a moment or later, and their ends."""
        kept = self._since(asset, begin)
        return self._at[asset, kept], self._rows[asset, kept]

    def rested(self, asset: int, begin: Instant) -> Instants:
        """Tell for how long the asset is known to have stood, in all, at each of those rows."""
        found: Instants = self._rest[asset, self._since(asset, begin)]
        return found

    def _since(self, asset: int, begin: Instant) -> Instants:
        count = int(self._count[asset])
        order = np.arange(max(count - MOST, 0), count) % MOST
        found: Instants = order[self._at[asset, order] - self._every >= begin]
        return found

    def state(self) -> State:
        """Return everything kept, in buffers as long as the longest; `count` is of all rows."""
        return {
            "span": self._span.copy(),
            "total": self._total.copy(),
            "number": self._number.copy(),
            "count": self._count.copy(),
            "at": self._at.copy(),
            "rows": self._rows.copy(),
            "rest": self._rest.copy(),
            "seen": self._seen.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what was kept; a state of before tells of no rest, nor of any gap."""
        self._span, self._number, self._count, self._at = (
            state[name].astype(np.int64) for name in ("span", "number", "count", "at")
        )
        self._total, self._rows = (state[name].astype(np.float64) for name in ("total", "rows"))
        self._rest, self._seen = np.zeros_like(self._at), np.zeros_like(self._seen)
        if "rest" in state:
            self._rest, self._seen = (state[name].astype(np.int64) for name in ("rest", "seen"))
        else:
            self._suppose()

    def _suppose(self) -> None:
        """Take all time without rows for rest."""
        for asset, count in enumerate(self._count.tolist()):
            order = np.arange(max(count - MOST, 0), count) % MOST
            at = self._at[asset, order]
            self._rest[asset, order] = at - at[:1] - np.arange(len(at)) * self._every
            self._seen[asset, 2:] = self._rest[asset, order[-1:]].max(initial=0)

    def _keep(self, asset: int, at: Instant, row: Floats, rest: Span) -> None:
        newest = self.newest(asset)
        if newest is not None and at <= newest:
            return
        place, width = int(self._count[asset]) % MOST, self._at.shape[1]
        if place >= width:
            more = min(max(width, 32), MOST - width)
            self._at = np.pad(self._at, ((0, 0), (0, more)))
            self._rest = np.pad(self._rest, ((0, 0), (0, more)))
            self._rows = np.pad(self._rows, ((0, 0), (0, more), (0, 0)))
        self._at[asset, place], self._rows[asset, place] = at, row
        self._rest[asset, place] = rest
        self._count[asset] += 1


def _offset(asset: str, every: Span) -> Span:
    digest = blake2b(asset.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % every


@kernel
def _stand(
    asset: NDArray[np.intp],
    at: Instants,
    idle: Bools,
    ran: Bools,
    seen: Instants,
    rested: Instants,
) -> None:
    """Follow for how long each machine stood; `rested` is that at its last row that ran before."""
    for i in range(len(asset)):
        a = asset[i]
        if seen[a, 1]:
            seen[a, 2] += at[i] - seen[a, 0]
        seen[a, 0], seen[a, 1] = at[i], idle[i]
        rested[i] = seen[a, 3]
        if ran[i]:
            seen[a, 3] = seen[a, 2]


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
