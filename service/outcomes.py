"""Outcomes: what was said of each life while it lasted, and how that did once the life had ended.

Of what is said a few estimates are kept, evenly over the life: where there is no more room, every
other one goes, and from then on only every other one is taken. All hangs on the rows of each asset
and the work on it alone, so that a restart, a replay and a backtest come to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.clock import HOUR, Instant
from core.life import LEVELS, Record, Remaining
from models.conformal import Adaptive
from models.detector import State
from models.foretold import foretold, outlasted
from models.widening import START, after, factor
from service.rules import NEVER

PLACES = 16
"""So many estimates of a life are kept; even."""


class Outcomes:
    """What was said of the running life of each asset, and how past ones did."""

    def __init__(self, assets: int) -> None:
        self._at = np.full((assets, PLACES), NEVER, np.int64)
        self._said = np.full((assets, PLACES, 3), np.nan)
        self._count = np.zeros(assets, np.int64)
        self._past = _Past()

    @property
    def record(self) -> Record | None:
        """How past lives did; None where none has ended."""
        past = self._past
        if not past.lives:
            return None
        return Record(past.lives, past.outside, past.below, factor(past.adapted))

    @property
    def times(self) -> float:
        """By which factor the logarithm of intervals is to be wider than the model has it."""
        return factor(self._past.adapted)

    def keep(self, asset: int, at: Instant, said: Remaining) -> None:
        """Keep what was said of an asset, if its turn has come."""
        count = int(self._count[asset])
        self._count[asset] = count + 1
        stride = _stride(count)
        if count % stride:
            return
        place = count // stride
        self._at[asset, place] = at
        self._said[asset, place] = said.p05, said.p50, said.p95
        if place == PLACES - 1:
            self._thin(asset)

    def end(self, asset: int, at: Instant, *, cut_short: bool) -> None:
        """End a life: what was said before `at` is graded.

        Of a life that was cut short, only what said that it would not last as long.
        """
        kept, said = self._at[asset], self._said[asset]
        before = (kept != NEVER) & (kept < at)
        left, said = (at - kept[before]) / HOUR, said[before]
        self._at[asset] = NEVER
        self._count[asset] = 0
        if cut_short:
            found = outlasted(left, said)
            if found is not None:
                self._past = self._past.and_one(*found, cut_short=True)
            return
        graded = foretold(left, said)
        if graded is not None:
            self._past = self._past.and_one(1.0 - graded.covered, graded.below)

    def state(self) -> State:
        """Return what a restart needs; what all assets share stands with each of them."""
        past = (self._past.lives, self._past.outside, self._past.adapted.alpha, *self._past.below)
        return {
            "at": self._at.copy(),
            "said": self._said.copy(),
            "count": self._count.copy(),
            "past": np.tile(np.array(past), (len(self._at), 1)),
        }

    def restore(self, state: State) -> None:
        """Take over a state; assets that have come since know nothing of the past."""
        self._at = state["at"].astype(np.int64)
        self._said = state["said"].astype(np.float64)
        self._count = state["count"].astype(np.int64)
        kept = state["past"].astype(np.float64)
        if len(kept):
            lives, outside, alpha, *below = kept[int(kept[:, 0].argmax())].tolist()
            self._past = _Past(int(lives), outside, tuple(below), replace(START, alpha=alpha))

    def _thin(self, asset: int) -> None:
        """Make room: every other one goes."""
        half = PLACES // 2
        self._at[asset, :half] = self._at[asset, ::2]
        self._said[asset, :half] = self._said[asset, ::2]
        self._at[asset, half:] = NEVER


@dataclass(frozen=True, slots=True)
class _Past:
    """How lives did, one after another: what `Record` tells, and what intervals are made for."""

    lives: int = 0
    outside: float = 0.0
    below: tuple[float, ...] = (0.0,) * len(LEVELS)
    adapted: Adaptive = START

    def and_one(self, outside: float, below: Sequence[float], *, cut_short: bool = False) -> _Past:
        """Return the past with one more life; one that was cut short narrows nothing."""
        missed = max(outside, START.promised) if cut_short else outside
        return _Past(
            self.lives + 1,
            self.outside + outside,
            tuple(so_far + one for so_far, one in zip(self.below, below, strict=True)),
            after(self.adapted, missed),
        )


def _stride(count: int) -> int:
    """Tell of how many estimates one is kept, after so many: twice as many each time room ends."""
    stride = 1
    while count >= PLACES * stride:
        stride *= 2
    return stride
