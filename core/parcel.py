"""Parcels: readings packed tight for a thin link, bit for bit as they were.

Rows are put in order of their assets, which keeps each asset's own order. Values that are decimals
of few digits, as sensors send them, become whole numbers; of those only the steps are kept, in as
few bytes as hold them. What remains is compressed with zstd (RFC 8878).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.compression import compress, decompress
from core.errors import Refused
from core.readings import Floats, Quality, Readings

VERSION = 1
MOST_CELLS = 16_000_000
"""A parcel of more values than this is refused."""

_LAST = 2**62
_MOST_MESSAGES = 2**31
_LONGEST_NAME = 64
_MOST_DIGITS = 7
_EXACT = 2.0**52
_WIDTHS = (np.int8, np.int16, np.int32, np.int64)


class _Column(msgspec.Struct, array_like=True):
    """Numbers as steps of whole ones: `width` bytes each, `digits` after the point.

    With `digits` -1 they are floats, their bytes sorted by place. `absent` has a bit a row.
    """

    digits: int
    width: int
    body: bytes
    absent: bytes = b""


class _Block(msgspec.Struct, array_like=True):
    asset_class: str
    source: str
    messages: int
    retained: bool
    assets: list[str]
    channels: list[str]
    counts: list[int]
    at: _Column
    values: list[_Column]
    quality: bytes | None


class _Wire(msgspec.Struct, array_like=True):
    version: int
    journal: str
    first: int
    last: int
    blocks: list[_Block]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Readings of a journal: all that its entries `first` to `last` hold.

    `first` follows the `last` of the parcel before. Where it lies further on, so many entries
    between had to make room before they could be sent. `journal` names it, so that one that begins
    anew is not taken for old.
    """

    journal: str
    first: int
    last: int
    readings: tuple[Readings, ...]


def pack(parcel: Parcel) -> bytes:
    """Write a parcel; readings of one class and source are put together.

    Refused where it holds so much that nobody would unpack it.
    """
    if (cells := sum(block.values.size for block in parcel.readings)) > MOST_CELLS:
        msg = f"{cells:,} values are too many for one parcel; at most {MOST_CELLS:,}"
        raise Refused(msg)
    blocks = [_packed(block) for block in _together(parcel.readings)]
    wire = _Wire(VERSION, parcel.journal, parcel.first, parcel.last, blocks)
    return compress(msgspec.msgpack.encode(wire))


def unpack(body: bytes, arrived: Instant) -> Parcel:
    """Read a parcel that came at `arrived`; ValueError where it is none that we can read."""
    try:
        wire = msgspec.msgpack.decode(decompress(body), type=_Wire)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        msg = f"not a parcel: {error}"
        raise ValueError(msg) from None
    if wire.version != VERSION:
        msg = f"a parcel of version {wire.version}; this Millwright reads version {VERSION}"
        raise ValueError(msg)
    try:
        _check(wire)
        readings = tuple(_unpacked(block, arrived) for block in wire.blocks)
    except (ValueError, IndexError, OverflowError) as error:
        msg = f"a parcel whose columns do not fit together: {error}"
        raise ValueError(msg) from None
    return Parcel(wire.journal, wire.first, wire.last, readings)


def _check(wire: _Wire) -> None:
    """Let no number in that a store could not keep, and no more rows than there is room for."""
    if not 1 <= wire.first <= wire.last < _LAST or len(wire.journal) > _LONGEST_NAME:
        msg = f"its entries are numbered {wire.first} to {wire.last}"
        raise ValueError(msg)
    cells = 0
    for block in wire.blocks:
        if len(block.counts) != len(block.assets) or min(block.counts, default=0) < 0:
            msg = "its assets and their counts differ"
            raise ValueError(msg)
        if len(block.values) != len(block.channels):
            msg = "its channels and their columns differ"
            raise ValueError(msg)
        if not 0 <= block.messages < _MOST_MESSAGES:
            msg = f"{block.messages} messages"
            raise ValueError(msg)
        for names in (block.assets, block.channels):
            if len(set(names)) != len(names):
                msg = "a name stands twice"
                raise ValueError(msg)
        cells += sum(block.counts) * max(1, len(block.channels))
    if cells > MOST_CELLS:
        msg = f"{cells:,} values; at most {MOST_CELLS:,}"
        raise ValueError(msg)


def _together(blocks: Iterable[Readings]) -> list[list[Readings]]:
    groups: dict[tuple[object, ...], list[Readings]] = {}
    for block in blocks:
        key = (block.asset_class, block.source, block.retained, block.channels)
        groups.setdefault(key, []).append(block)
    return list(groups.values())


def _packed(blocks: Sequence[Readings]) -> _Block:
    first = blocks[0]
    assets = list(dict.fromkeys(asset for block in blocks for asset in block.assets))
    number = {asset: k for k, asset in enumerate(assets)}
    asset = np.concatenate(
        [np.array([number[a] for a in b.assets] or [0], np.int64)[b.asset] for b in blocks]
    )
    order = np.argsort(asset, kind="stable")
    values = np.concatenate([block.values for block in blocks])[order]
    quality = None
    if any(block.quality is not None for block in blocks):
        marks = [
            np.zeros(b.values.shape, np.uint8) if b.quality is None else b.quality for b in blocks
        ]
        quality = np.concatenate(marks)[order].tobytes()
    return _Block(
        first.asset_class,
        first.source,
        sum(block.messages for block in blocks),
        first.retained,
        assets,
        list(first.channels),
        np.bincount(asset, minlength=len(assets)).tolist(),
        _whole(np.concatenate([block.at for block in blocks])[order], 0),
        [_column(values[:, k]) for k in range(values.shape[1])],
        quality,
    )


def _column(values: Floats) -> _Column:
    absent = np.isnan(values)
    mask = np.packbits(absent).tobytes() if absent.any() else b""
    said = values[~absent]
    for digits in range(_MOST_DIGITS + 1):
        scaled = np.rint(said * 10.0**digits)
        if not (np.abs(scaled) < _EXACT).all():
            break
        whole = scaled.astype(np.int64)  # which has no -0.0
        if np.array_equal((whole / 10.0**digits).view(np.int64), said.view(np.int64)):
            column = _whole(whole, digits)
            return _Column(digits, column.width, column.body, mask)
    places = said.view(np.uint8).reshape(-1, 8).T
    return _Column(-1, 8, np.ascontiguousarray(places).tobytes(), mask)


def _whole(numbers: NDArray[np.int64], digits: int) -> _Column:
    """Keep the steps between numbers; the first is a step from nought."""
    steps = np.diff(numbers, prepend=np.int64(0))
    for kind in _WIDTHS:
        info = np.iinfo(kind)
        if not len(steps) or (info.min <= steps.min() and steps.max() <= info.max):
            return _Column(digits, info.bits // 8, _sorted_bytes(steps.astype(kind)))
    raise AssertionError  # int64 holds all


def _sorted_bytes(numbers: NDArray[np.signedinteger]) -> bytes:
    """Put all first bytes together, then all second ones: alike stands beside alike."""
    width = numbers.dtype.itemsize
    little = np.ascontiguousarray(numbers.astype(numbers.dtype.newbyteorder("<")))
    return np.ascontiguousarray(little.view(np.uint8).reshape(-1, width).T).tobytes()


def _numbers(column: _Column, count: int) -> NDArray[np.int64]:
    kind = {1: "<i1", 2: "<i2", 4: "<i4", 8: "<i8"}.get(column.width)
    if kind is None:
        msg = f"a column of {column.width} bytes a value"
        raise ValueError(msg)
    places = np.frombuffer(column.body, np.uint8).reshape(column.width, count)
    steps = np.ascontiguousarray(places.T).view(kind).reshape(count)
    return np.cumsum(steps.astype(np.int64))


def _values(column: _Column, count: int) -> Floats:
    present = np.ones(count, np.bool_)
    if column.absent:
        bits = np.unpackbits(np.frombuffer(column.absent, np.uint8), count=count)
        present = bits == 0
    many = int(present.sum())
    if column.digits < 0:
        places = np.frombuffer(column.body, np.uint8).reshape(8, many)
        said = np.ascontiguousarray(places.T).view("<f8").reshape(many)
    else:
        said = _numbers(column, many) / 10.0 ** min(column.digits, _MOST_DIGITS)
    values = np.full(count, np.nan)
    values[present] = said
    return values


def _unpacked(block: _Block, arrived: Instant) -> Readings:
    count = sum(block.counts)
    values = np.empty((count, len(block.channels)))
    for k, column in enumerate(block.values):
        values[:, k] = _values(column, count)
    quality = None
    if block.quality is not None:
        quality = np.frombuffer(block.quality, np.uint8).reshape(values.shape)
        if (quality > max(Quality)).any():
            msg = "a mark of quality that there is not"
            raise ValueError(msg)
    return Readings(
        block.asset_class,
        tuple(block.assets),
        tuple(block.channels),
        np.repeat(np.arange(len(block.assets), dtype=np.int32), block.counts),
        _numbers(block.at, count),
        values,
        arrived,
        quality,
        block.retained,
        block.source,
        block.messages,
    )
