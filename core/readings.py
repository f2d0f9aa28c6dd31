"""Readings: what assets said, one at a time and as columns.

`Readings` is the form in which data travels all the way: the decoder makes one per received
batch and class, the journal keeps its bytes, history and scoring read its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import Instant

Floats: TypeAlias = NDArray[np.float64]
Instants: TypeAlias = NDArray[np.int64]
Indexes: TypeAlias = NDArray[np.int32]
Bools: TypeAlias = NDArray[np.bool_]


class Quality(IntEnum):
    """How far a value may be trusted; a value without a mark is good."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What one asset said at one moment. A missing channel is absent, never NaN."""

    asset: str
    at: Instant
    values: Mapping[str, float]
    quality: Mapping[str, Quality] = field(default_factory=dict)


class _Wire(msgspec.Struct, array_like=True):
    """The journal's form of `Readings`: names and raw little-endian columns."""

    asset_class: str
    assets: tuple[str, ...]
    channels: tuple[str, ...]
    arrived: int
    retained: bool
    asset: bytes
    at: bytes
    values: bytes
    quality: bytes | None
    source: str = ""
    messages: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Wire)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of one asset class as columns, in order of arrival.

    `asset[i]` is an index into `assets` (asset ids); `values[i, k]` is channel `channels[k]` in
    its canonical unit, NaN where the reading did not carry it. `quality`, where any value is not
    good, has the shape of `values`. `arrived` is when the batch came in. `retained` marks a
    broker's memory of a last state, or what a device sends of its past: it is stored, but says
    nothing about now. `source` names the entry of `ingest.sources` that they came by, and
    `messages` counts the messages that they came in, for the ledger.
    """

    asset_class: str
    assets: tuple[str, ...]
    channels: tuple[str, ...]
    asset: Indexes
    at: Instants
    values: Floats
    arrived: Instant
    quality: NDArray[np.uint8] | None = None
    retained: bool = False
    source: str = ""
    messages: int = 0

    def __len__(self) -> int:
        """Count the readings."""
        return len(self.at)

    def take(self, rows: Bools | NDArray[np.intp]) -> Readings:
        """Select rows by mask or index, keeping their order."""
        return Readings(
            self.asset_class,
            self.assets,
            self.channels,
            self.asset[rows],
            self.at[rows],
            self.values[rows],
            self.arrived,
            None if self.quality is None else self.quality[rows],
            self.retained,
            self.source,
            self.messages,
        )

    def __iter__(self) -> Iterator[Reading]:
        """Walk the readings one by one; for edges and tests, not for the hot path."""
        for row in range(len(self.at)):
            present = np.flatnonzero(~np.isnan(self.values[row]))
            quality = {}
            if self.quality is not None:
                marked = np.flatnonzero(self.quality[row])
                quality = {self.channels[k]: Quality(int(self.quality[row, k])) for k in marked}
            values = {self.channels[k]: float(self.values[row, k]) for k in present}
            yield Reading(self.assets[self.asset[row]], int(self.at[row]), values, quality)

    def encode(self) -> bytes:
        """Turn into the bytes that the journal keeps."""
        return _encoder.encode(
            _Wire(
                self.asset_class,
                self.assets,
                self.channels,
                self.arrived,
                self.retained,
                np.ascontiguousarray(self.asset, dtype="<i4").tobytes(),
                np.ascontiguousarray(self.at, dtype="<i8").tobytes(),
                np.ascontiguousarray(self.values, dtype="<f8").tobytes(),
                None if self.quality is None else self.quality.astype(np.uint8).tobytes(),
                self.source,
                self.messages,
            )
        )

    @classmethod
    def decode(cls, body: bytes) -> Readings:
        """Read back what `encode` wrote; the columns are read-only views into `body`."""
        wire = _decoder.decode(body)
        width = len(wire.channels)
        quality = None
        if wire.quality is not None:
            quality = np.frombuffer(wire.quality, np.uint8).reshape(-1, width)
        return cls(
            wire.asset_class,
            wire.assets,
            wire.channels,
            np.frombuffer(wire.asset, "<i4"),
            np.frombuffer(wire.at, "<i8"),
            np.frombuffer(wire.values, "<f8").reshape(-1, width),
            wire.arrived,
            quality,
            wire.retained,
            wire.source,
            wire.messages,
        )

    @classmethod
    def of(
        cls,
        asset_class: str,
        channels: Sequence[str],
        readings: Iterable[Reading],
        arrived: Instant,
        *,
        retained: bool = False,
        source: str = "",
        messages: int = 0,
    ) -> Readings:
        """Build columns from single readings; a channel not in `channels` raises KeyError."""
        rows = list(readings)
        assets = tuple(dict.fromkeys(row.asset for row in rows))
        asset_at = {asset: i for i, asset in enumerate(assets)}
        channel_at = {channel: k for k, channel in enumerate(channels)}
        values = np.full((len(rows), len(channels)), np.nan)
        quality = np.zeros((len(rows), len(channels)), np.uint8)
        for i, row in enumerate(rows):
            for channel, value in row.values.items():
                values[i, channel_at[channel]] = value
            for channel, mark in row.quality.items():
                quality[i, channel_at[channel]] = mark
        return cls(
            asset_class,
            assets,
            tuple(channels),
            np.array([asset_at[row.asset] for row in rows], np.int32),
            np.array([row.at for row in rows], np.int64),
            values,
            arrived,
            quality if quality.any() else None,
            retained,
            source,
            messages,
        )
