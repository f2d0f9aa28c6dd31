"""The past of a plant as the journal would have brought it: readings by their time, and ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.clock import DAY, Instant, Span
from core.history import Columns
from core.plant import Plant
from core.readings import Instants, Readings

WINDOW: Span = DAY
"""So much of the past is in memory at once."""


class PastReader(Protocol):
    """What is needed of a history: the rows of one asset, oldest first."""

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Readings within `start <= at < stop`, by class, each in order of time and then of asset."""

    start: Instant
    stop: Instant
    readings: tuple[Readings, ...]
    ticks: Instants


@dataclass(frozen=True, slots=True)
class Past:
    """Some assets' past from a reader, within `start <= at < stop`."""

    reader: PastReader
    plant: Plant
    assets: tuple[str, ...]
    start: Instant
    stop: Instant
    span: Span = WINDOW

    def windows(self) -> Iterator[Window]:
        """Walk through it, window by window, from the first reading on."""
        by_class: dict[str, list[str]] = {}
        for asset in sorted(self.assets):
            by_class.setdefault(self.plant.assets[asset].asset_class, []).append(asset)
        begun = False
        for start in range(self.start, self.stop, self.span):
            stop = min(start + self.span, self.stop)
            found = [self._read(name, some, start, stop) for name, some in sorted(by_class.items())]
            first = min((int(one.at[0]) for one in found if len(one)), default=None)
            if begun or first is not None:
                since = start if begun or first is None else first
                yield Window(start, stop, tuple(found), self._ticks(since, stop))
                begun = True

    def _read(self, name: str, assets: Sequence[str], start: Instant, stop: Instant) -> Readings:
        channels = self.plant.classes[name].channel_names
        parts = [self.reader.read(asset, channels, start, stop) for asset in assets]
        counts = [len(part) for part in parts]
        number = np.repeat(np.arange(len(parts), dtype=np.int32), counts)
        at = np.concatenate([part.at for part in parts])
        order = np.argsort(at, kind="stable")
        values = np.concatenate([part.values for part in parts])[order]
        quality = None
        if any(part.quality is not None for part in parts):
            marks = [
                np.zeros(p.values.shape, np.uint8) if p.quality is None else p.quality
                for p in parts
            ]
            quality = np.concatenate(marks)[order]
        return Readings(
            name, tuple(assets), channels, number[order], at[order], values, stop, quality
        )

    def _ticks(self, start: Instant, stop: Instant) -> Instants:
        every = self.plant.tick_every
        return np.arange(-(-start // every) * every, stop, every, dtype=np.int64)
