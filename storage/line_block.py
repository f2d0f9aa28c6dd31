"""Turns a block of columns into line protocol, fast: this is done to every reading.

Rows that hold the same channels become structs that msgspec writes at once as JSON, whose keys are
chosen so that what is not line protocol can be struck out of the whole text. What that way has no
place for, names of odd characters and marks of quality, is written line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import Refused, RefusedRow
from core.readings import Bools
from storage.history_block import Block
from storage.line_protocol import EARLIEST, LATEST, MARK, field_key, line, prefix

_STRUCK = b'{}":'
_PLAIN = re.compile(rb'[^{}":~]*')
_PLAIN_KEY = re.compile(rb'[^{}":~\\\x80-\xff]*')
_FEW = 24
"""So few rows of one pattern are faster line by line than by a struct of their own."""

_MOST_PREFIXES = 100_000
_encoder = msgspec.json.Encoder()


TAGS = ("area", "asset", "site")
"""The tags of every line, in the order in which InfluxDB sorts them."""


def tags_of(asset: str) -> tuple[tuple[str, str], ...]:
    """Return the tags of an asset: site, area and name where its id has them, else the id."""
    parts = asset.split("/")
    if len(parts) == 3 and all(parts):
        return (("area", parts[1]), ("asset", parts[2]), ("site", parts[0]))
    return (("asset", asset),)


def asset_of(tags: dict[str, str]) -> str:
    """Return the id of an asset from its tags; the other way round of `tags_of`."""
    name = tags.get("asset", "")
    return f"{tags['site']}/{tags['area']}/{name}" if tags.get("site") else name


class LineWriter:
    """Writes blocks; it remembers how each asset's lines begin."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[str, str], bytes | Refused] = {}

    def storable(self, block: Block) -> tuple[Block, list[RefusedRow]]:
        """Take out what InfluxDB cannot hold: names, times, and values that are not finite.

        A row of which only a value is taken out is stored, and told among the refused ones.
        """
        kept = [k for k, channel in enumerate(block.channels) if not _fault(channel)]
        faults = [self._prefix_or_fault(block.asset_class, asset) for asset in block.assets]
        wrong = np.array([isinstance(found, Refused) for found in faults])[block.asset]
        wrong |= (block.at < EARLIEST) | (block.at > LATEST)
        infinite = np.isinf(block.values)
        if len(kept) == len(block.channels) and not wrong.any() and not infinite.any():
            return block, []
        lost = infinite.copy()
        lost[:, [k for k in range(len(block.channels)) if k not in kept]] = True
        lost &= ~np.isnan(block.values)
        told = np.flatnonzero(wrong | lost.any(axis=1)).tolist()
        values = np.where(infinite, np.nan, block.values)[:, kept]
        rows = ~wrong & ~np.isnan(values).all(axis=1)
        cut = replace(
            block,
            channels=tuple(block.channels[k] for k in kept),
            values=values,
            quality=None if block.quality is None else block.quality[:, kept],
        )
        return cut.take(rows), [self._told(block, row) for row in told]

    def write(self, block: Block, marks: NDArray[np.int8] | None) -> bytes:
        """Return lines, each ended by a line break, of a storable block without equal keys.

        `marks` has the shape of its values: what is to be written as a value's quality, -1 for
        nothing.
        """
        if not len(block.at):
            return b""
        begins = [self.begin(block.asset_class, asset) for asset in block.assets]
        keys = [field_key(channel) for channel in block.channels]
        plain = all(map(_PLAIN_KEY.fullmatch, keys))
        fast = np.array([plain and bool(_PLAIN.fullmatch(b)) for b in begins])[block.asset]
        if marks is not None:
            fast &= (marks < 0).all(axis=1)
        raws = [msgspec.Raw(begin) for begin in begins]
        text = []
        for columns, rows in _patterns(block.values):
            at_once, others = rows[fast[rows]], rows[~fast[rows]]
            if len(at_once) >= _FEW:
                text.append(_at_once(block, raws, [keys[k] for k in columns], columns, at_once))
            else:
                others = rows
            text += _one_by_one(block, marks, begins, keys, columns, others)
        return b"".join(text)

    def _told(self, block: Block, row: int) -> RefusedRow:
        """Show a row that cannot be a line, and say why not."""
        asset, at = block.assets[block.asset[row]], int(block.at[row])
        present = np.flatnonzero(~np.isnan(block.values[row])).tolist()
        values = {block.channels[k]: repr(float(block.values[row, k])) for k in present}
        text = msgspec.json.encode(
            {"class": repr(block.asset_class), "asset": repr(asset), "at": at}
            | {"values": {repr(channel): value for channel, value in values.items()}}
        )
        found = self._prefix_or_fault(block.asset_class, asset)
        if isinstance(found, Refused):
            return RefusedRow(text, str(found))
        if not EARLIEST <= at <= LATEST:
            return RefusedRow(text, f"time {at}: InfluxDB holds 1677 to 2262")
        faults = [_fault(block.channels[k]) for k in present]
        faults += [f"channel {c!r}: {v} is not a number" for c, v in values.items() if "inf" in v]
        return RefusedRow(text, "; ".join(fault for fault in faults if fault))

    def begin(self, asset_class: str, asset: str) -> bytes:
        """Return how the lines of an asset begin; empty where it can have none."""
        found = self._prefix_or_fault(asset_class, asset)
        return b"" if isinstance(found, Refused) else found

    def _prefix_or_fault(self, asset_class: str, asset: str) -> bytes | Refused:
        found = self._prefixes.get((asset_class, asset))
        if found is None:
            if len(self._prefixes) >= _MOST_PREFIXES:
                self._prefixes.clear()
            try:
                found = prefix(asset_class, tags_of(asset))
            except Refused as error:
                found = error
            self._prefixes[asset_class, asset] = found
        return found


def _fault(channel: str) -> str:
    try:
        field_key(channel)
    except Refused as error:
        return str(error)
    return ""


def _patterns(values: NDArray[np.float64]) -> Iterator[tuple[list[int], NDArray[np.intp]]]:
    """Give the rows that hold the same channels, with the columns of those."""
    present: Bools = ~np.isnan(values)
    if present.all():
        yield list(range(values.shape[1])), np.arange(len(values))
        return
    codes = np.packbits(present, axis=1)
    _, first, which = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    bounds = np.cumsum(np.bincount(which.ravel()))[:-1]
    for row, rows in zip(first.tolist(), np.split(order, bounds), strict=True):
        yield np.flatnonzero(present[row]).tolist(), rows


@lru_cache(maxsize=512)
def _form(keys: tuple[bytes, ...]) -> Any:
    """Make the struct of one pattern: how its lines begin, its fields, its time."""
    names = [f"c{k}" for k in range(len(keys))]
    rename = {name: f"{key.decode()}=" for name, key in zip(names, keys, strict=True)}
    rename |= {"begin": "", names[0]: "~" + rename[names[0]], "at": "~"}
    fields = [("begin", msgspec.Raw), *((name, float) for name in names), ("at", int)]
    return msgspec.defstruct("Line", fields, rename=rename, gc=False)


def _at_once(
    block: Block,
    begins: list[msgspec.Raw],
    keys: list[bytes],
    columns: list[int],
    rows: NDArray[np.intp],
) -> bytes:
    """Write rows of one pattern: `{"":begin,"~a=":1.0,"b=":2.0,"~":at}` with the rest struck."""
    form = _form(tuple(keys))
    whole = len(rows) == len(block.at)
    values, asset, at = (
        (block.values, block.asset, block.at)
        if whole
        else (block.values[rows], block.asset[rows], block.at[rows])
    )
    cells = values.T.tolist()
    begin = map(begins.__getitem__, asset.tolist())
    lines = list(map(form, begin, *(cells[k] for k in columns), at.tolist()))
    return _encoder.encode_lines(lines).translate(None, _STRUCK).replace(b",~", b" ")


def _one_by_one(
    block: Block,
    marks: NDArray[np.int8] | None,
    begins: list[bytes],
    keys: list[bytes],
    columns: list[int],
    rows: NDArray[np.intp],
) -> Iterator[bytes]:
    for row in rows.tolist():
        said = b""
        if marks is not None:
            cells = [(keys[k], marks[row, k]) for k in columns if marks[row, k] >= 0]
            said = b"".join(b",%s%s=%di" % (key, MARK.encode(), mark) for key, mark in cells)
        fields = [(keys[k], float(block.values[row, k])) for k in columns]
        yield line(begins[block.asset[row]], fields, said, int(block.at[row])) + b"\n"
