"""A stretch: readings and ticks in the order of the journal, where nothing else comes between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge

import numpy as np

from core.clock import Instant
from core.journal import Tick
from core.readings import Instants, Readings


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Readings by class, each in order of time and then of asset, and connected ticks.

    Each reading comes and is journalled at its own time, those of one moment together; a tick
    comes after the readings of its time.
    """

    readings: tuple[Readings, ...]
    ticks: Instants

    def of(self, asset_class: str) -> Readings:
        """Find the readings of a class, which may be none."""
        for one in self.readings:
            if one.asset_class == asset_class:
                return one
        nothing = np.zeros(0, np.int64)
        return Readings(asset_class, (), (), nothing.astype(np.int32), nothing, np.zeros((0, 0)), 0)

    def until(self, at: Instant) -> tuple[Stretch, Stretch]:
        """Cut it in two: what is before a moment, and the rest."""
        before = tuple(one.take(one.at < at) for one in self.readings)
        after = tuple(one.take(one.at >= at) for one in self.readings)
        early = self.ticks < at
        return Stretch(before, self.ticks[early]), Stretch(after, self.ticks[~early])

    def bodies(self) -> Iterator[tuple[Instant, Readings | Tick]]:
        """Give what the journal would hold, in order."""
        tick = Tick(connected=True)
        streams: list[Iterator[tuple[Instant, int, int, Readings | Tick]]] = [
            *(_moments(readings, k) for k, readings in enumerate(self.readings)),
            ((int(at), 2, 0, tick) for at in self.ticks),
        ]
        for at, _, _, body in merge(*streams, key=lambda one: one[:3]):
            yield at, body


def _moments(readings: Readings, number: int) -> Iterator[tuple[Instant, int, int, Readings]]:
    """Cut readings into those of one moment each, which come at that moment."""
    at: Instants = readings.at
    edges = np.flatnonzero(np.diff(at)) + 1
    for rows in np.split(np.arange(len(at)), edges):
        if len(rows):
            now = int(at[rows[0]])
            yield now, 1, number, replace(readings.take(rows), arrived=now)
