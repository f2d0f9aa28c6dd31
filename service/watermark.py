"""The watermark: which readings are new, which late, and which were seen before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant, Span
from core.readings import Bools, Floats, Instants
from models.detector import State
from models.kernel import kernel
from service.rules import NEVER

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """What of a round may be scored.

    `rows` are the numbers of the admitted rows, None for all; `values` are theirs, without what
    was seen before; `bad` marks which of them were called bad, None where none was; `passed` is
    the event time since the asset's row before, 0 at first. The masks over the whole round tell
    what became of the others.
    """

    rows: Rows | None
    values: Floats
    passed: Instants
    bad: Bools | None = None
    late: Bools | None = None
    duplicate: Bools | None = None
    jumped: Bools | None = None


class Watermark:
    """Keeps for every asset of a class the newest event time and the channels seen then.

    Newer is scored; older is late; equal merges: channels not yet seen at that moment are new,
    the others duplicates. A watermark that lies in the future while readings come with believable
    times was set by a clock that had jumped: it is set back.
    """

    def __init__(self, assets: int, channels: int, too_early: Span) -> None:
        self._too_early = too_early
        self.last_at = np.full(assets, NEVER, np.int64)
        self._seen = np.zeros((assets, channels), np.bool_)

    def admit(
        self,
        asset: Rows,
        at: Instants,
        values: Floats,
        arrived: Instant,
        bad: Bools | None = None,
    ) -> Admitted:
        """Judge one row per asset; `bad` marks what was said and is no value."""
        last = self.last_at[asset]
        fresh = at > last
        if not fresh.all():
            return self._sift(asset, at, values, arrived, fresh, bad)
        self.last_at[asset] = at
        self._seen[asset] = said_in(values, bad)
        return Admitted(None, values, _passed(at, last), bad)

    def _sift(
        self,
        asset: Rows,
        at: Instants,
        values: Floats,
        arrived: Instant,
        fresh: Bools,
        bad: Bools | None,
    ) -> Admitted:
        last = self.last_at[asset]
        latest = arrived + self._too_early
        jumped = (last > latest) & (at <= latest) & (at < last)
        fresh = fresh | jumped
        equal = at == last
        present = said_in(values, bad)
        old = present & self._seen[asset] & equal[:, None]
        new = present & ~old
        kept = fresh | (equal & new.any(axis=1))
        rows = np.flatnonzero(kept)
        if len(rows):
            chosen = asset[rows]
            self.last_at[chosen] = at[rows]
            carried = self._seen[chosen] & equal[rows][:, None]
            self._seen[chosen] = carried | new[rows]
        return Admitted(
            rows,
            np.where(new, values, np.nan)[rows],
            _passed(at[rows], last[rows]),
            None if bad is None else (bad & new)[rows],
            late=~fresh & ~equal,
            duplicate=old.any(axis=1) | (equal & ~present.any(axis=1)),
            jumped=jumped,
        )

    def in_order(self, asset: Rows, at: Instants) -> bool:
        """Tell whether every row is newer than its asset's last and those before it."""
        return bool(_in_order(asset, at, self.last_at.copy()))

    def advance(self, asset: Rows, at: Instants, said: Bools) -> Instants:
        """Take rows that are in order; returns the time since each asset's row before."""
        passed = np.empty(len(asset), np.int64)
        _advance(asset, at, np.ascontiguousarray(said), self.last_at, self._seen, passed)
        return passed

    def state(self) -> State:
        """Return what a restart needs."""
        return {"last_at": self.last_at, "seen": self._seen}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.last_at = state["last_at"].astype(np.int64)
        if state["seen"].shape == self._seen.shape:  # the same channels
            self._seen = state["seen"].astype(np.bool_)


def said_in(values: Floats, bad: Bools | None) -> Bools:
    """Tell of which channels anything was said at all."""
    said: Bools = values == values  # noqa: PLR0124 - the fastest test for NaN
    return said if bad is None else said | bad


def _passed(at: Instants, last: Instants) -> Instants:
    return np.where(last == NEVER, 0, np.maximum(at - np.maximum(last, 0), 0))


@kernel
def _in_order(asset: Rows, at: Instants, last_at: Instants) -> bool:
    for i in range(len(asset)):
        if at[i] <= last_at[asset[i]]:
            return False
        last_at[asset[i]] = at[i]
    return True


@kernel
def _advance(
    asset: Rows, at: Instants, said: Bools, last_at: Instants, seen: Bools, passed: Instants
) -> None:
    for i in range(len(asset)):
        a = asset[i]
        last = last_at[a]
        passed[i] = 0 if last == NEVER else max(at[i] - max(last, 0), 0)
        last_at[a] = at[i]
        for k in range(said.shape[1]):
            seen[a, k] = said[i, k]
