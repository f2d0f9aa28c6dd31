"""What is to be written of one asset class, as one block of columns in the order of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats, Instants, Readings


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows of one class, sorted by asset and time; of equal keys the later written comes later.

    `asset[i]` indexes `assets`. `quality` is None where all is good.
    """

    asset_class: str
    assets: tuple[str, ...]
    channels: tuple[str, ...]
    asset: NDArray[np.int64]
    at: Instants
    values: Floats
    quality: NDArray[np.uint8] | None

    def single(self) -> Block:
        """Merge rows of equal keys: each channel's last value stays, with its own mark."""
        new = np.ones(len(self.at), bool)
        new[1:] = (self.at[1:] != self.at[:-1]) | (self.asset[1:] != self.asset[:-1])
        if new.all():
            return self
        begin = np.flatnonzero(new)
        rows = np.where(np.isnan(self.values), -1, np.arange(len(self.at))[:, None])
        last = np.maximum.reduceat(rows, begin)  # the row of each channel's last value, or -1
        columns = np.arange(len(self.channels))
        quality = None
        if self.quality is not None:
            quality = np.where(last >= 0, self.quality[last, columns], 0).astype(np.uint8)
        values = np.where(last >= 0, self.values[last, columns], np.nan)
        return replace(
            self, asset=self.asset[begin], at=self.at[begin], values=values, quality=quality
        )

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Block:
        """Select rows by mask, index or slice."""
        quality = None if self.quality is None else self.quality[rows]
        return replace(
            self,
            asset=self.asset[rows],
            at=self.at[rows],
            values=self.values[rows],
            quality=quality,
        )

    def rows(self, numbers: NDArray[np.int64]) -> Iterator[tuple[object, ...]]:
        """Walk the rows as (asset number, time, value, …); `numbers` are those of `assets`."""
        columns = self.values.T.tolist()
        return zip(numbers[self.asset].tolist(), self.at.tolist(), *columns, strict=True)


def blocks(batches: Sequence[Readings]) -> list[Block]:
    """Join batches to one block per class; rows without any value are left out."""
    classes: dict[str, list[Readings]] = {}
    for batch in batches:
        classes.setdefault(batch.asset_class, []).append(batch)
    joined = (_joined(name, of_class) for name, of_class in classes.items())
    return [block for block in joined if len(block.at)]


def _joined(name: str, batches: Sequence[Readings]) -> Block:
    channels = tuple(dict.fromkeys(c for batch in batches for c in batch.channels))
    assets = tuple(dict.fromkeys(a for batch in batches for a in batch.assets))
    number = {asset: i for i, asset in enumerate(assets)}
    asset = np.concatenate(
        [
            np.array([number[a] for a in batch.assets] or [0], np.int64)[batch.asset]
            for batch in batches
        ]
    )
    at = np.concatenate([batch.at for batch in batches])
    values = np.concatenate([_spread(batch.values, batch, channels, np.nan) for batch in batches])
    quality = _quality(batches, channels)
    order = np.lexsort((at, asset))
    empty = np.isnan(values).all(axis=1)
    if empty.any():
        order = order[~empty[order]]
    return Block(
        name,
        assets,
        channels,
        asset[order],
        at[order],
        values[order],
        None if quality is None else quality[order],
    )


def _spread(cells: Floats, batch: Readings, channels: tuple[str, ...], blank: float) -> Floats:
    """Lay a batch's columns out over all channels."""
    if batch.channels == channels:
        return cells
    wide = np.full((len(batch), len(channels)), blank)
    wide[:, [channels.index(channel) for channel in batch.channels]] = cells
    return wide


def _quality(batches: Sequence[Readings], channels: tuple[str, ...]) -> NDArray[np.uint8] | None:
    if all(batch.quality is None for batch in batches):
        return None
    parts = []
    for batch in batches:
        marks = np.zeros(batch.values.shape) if batch.quality is None else batch.quality
        parts.append(_spread(marks.astype(np.float64), batch, channels, 0.0))
    return np.concatenate(parts).astype(np.uint8)
