"""Estimates: what was said of remaining life, kept once in an hour of event time.

They are kept as thinned conditions, so that a page can show how the predicted end has moved and a
life that has ended can be held against what was said of it. Which rows they are told at hangs on
the rows of each asset alone, never on how rows come together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.casefile import LIFE
from core.clock import DAY, HOUR
from core.life import LifeEstimate, Remaining
from core.readings import Bools, Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.thinning import Thinned
from service.watermark import Rows

EVERY = HOUR

WELL = 0.9
"""From this health on, one estimate a day is enough."""

POINTS = ("p05", "p50", "p95")


def names_of(failure_mode: str) -> tuple[str, ...]:
    """Name the series in which the estimates of a failure mode are kept."""
    return tuple(f"{LIFE}{failure_mode}:{point}" for point in POINTS)


class Estimates:
    """Tells at which rows the remaining life of which asset is due to be kept."""

    def __init__(self, assets: Sequence[str]) -> None:
        self._assets = tuple(assets)
        self._hour = np.full(len(self._assets), NEVER, np.int64)
        self._day = np.full(len(self._assets), NEVER, np.int64)

    def parts(self, asset: Rows, at: Instants) -> Iterator[tuple[Rows, Rows]]:
        """Cut rows in order of time into parts after which an estimate is due.

        Gives the places of each part, and those of its rows that were the first of an hour: no
        later row of their asset is in it.
        """
        hour = at // EVERY
        turned, part = _turned(asset, hour, self._hour)
        self._hour[asset] = hour
        for number in range(int(part.max(initial=0)) + 1):
            places = np.flatnonzero(part == number)
            yield places, places[turned[places]]

    def wanted(self, asset: Rows, health: Floats, at: Instants) -> Bools:
        """Tell which estimates that are due are worth making: one a day of a machine that is well.

        No asset comes twice.
        """
        day = at // DAY
        made: Bools = (health < WELL) | (day != self._day[asset])
        self._day[asset[made]] = day[made]
        return made

    def kept(self, told: Sequence[tuple[int, LifeEstimate]]) -> list[Thinned]:
        """Lay out what was told of some assets, by number; what cannot be said leaves a gap."""
        blocks: dict[str, list[tuple[int, int, Remaining]]] = {}
        for number, life in told:
            if isinstance(life.remaining, Remaining):
                rows = blocks.setdefault(life.failure_mode, [])
                rows.append((number, life.at, life.remaining))
        return [
            Thinned(
                self._assets,
                names_of(mode),
                np.array([number for number, _, _ in rows], np.intp),
                np.array([at for _, at, _ in rows], np.int64),
                np.array([[left.p05, left.p50, left.p95] for _, _, left in rows]),
            )
            for mode, rows in blocks.items()
        ]

    def state(self) -> State:
        """Return what a restart needs."""
        return {"hour": self._hour.copy(), "day": self._day.copy()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._hour = state["hour"].astype(np.int64)
        day = state.get("day")  # not in checkpoints of before it was kept
        self._day = (
            np.full(len(self._hour), NEVER, np.int64) if day is None else day.astype(np.int64)
        )


def _turned(asset: Rows, hour: Instants, last: Instants) -> tuple[Bools, Rows]:
    """Tell which rows begin an hour of their asset, and how many did before each."""
    order = np.argsort(asset, kind="stable")
    who, when = asset[order], hour[order]
    first = np.diff(who, prepend=-1) != 0
    before = np.where(first, last[who], np.roll(when, 1))
    began = when != before
    count = np.cumsum(began) - began
    start = np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
    turned, part = np.empty(len(who), np.bool_), np.empty(len(who), np.intp)
    turned[order], part[order] = began, count - count[start]
    return turned, part
