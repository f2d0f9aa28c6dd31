"""Parcels that cannot be: each is refused with words, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from core import parcel
from core.compression import compress, decompress
from core.errors import Refused
from core.parcel import MOST_CELLS, Parcel, pack, unpack
from core.readings import Readings
from tests.forwarding import NOW, block, packed

VERSION, JOURNAL, FIRST, LAST, BLOCKS = range(5)
CLASS, SOURCE, MESSAGES, KEPT, ASSETS, CHANNELS, COUNTS, AT, VALUES, QUALITY = range(10)


def changed(change: Callable[[Any], object]) -> bytes:
    """Change the inside of a good parcel of two readings."""
    wire = msgspec.msgpack.decode(decompress(packed(1, 2, block("p1", "p2"))))
    change(wire)
    return compress(msgspec.msgpack.encode(wire))


def put(*place: int, to: object) -> Callable[[Any], object]:
    def change(wire: Any) -> None:
        for step in place[:-1]:
            wire = wire[step]
        wire[place[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(VERSION, to=9), "version 9"),
        (put(FIRST, to=0), "numbered 0 to 2"),
        (put(FIRST, to=3), "numbered 3 to 2"),
        (put(LAST, to=2**62), "numbered 1 to"),
        (put(JOURNAL, to="x" * 65), "numbered"),
        (put(BLOCKS, 0, COUNTS, to=[2]), "counts differ"),
        (put(BLOCKS, 0, COUNTS, to=[3, -1]), "counts differ"),
        (put(BLOCKS, 0, COUNTS, to=[2**60, 2**60]), "values; at most"),
        (put(BLOCKS, 0, COUNTS, to=[3, 1]), "columns do not fit"),
        (put(BLOCKS, 0, CHANNELS, to=["speed"]), "channels and their columns differ"),
        (put(BLOCKS, 0, CHANNELS, 1, to="speed"), "stands twice"),
        (put(BLOCKS, 0, ASSETS, 1, to="site/hall/p1"), "stands twice"),
        (put(BLOCKS, 0, MESSAGES, to=-1), "-1 messages"),
        (put(BLOCKS, 0, MESSAGES, to=2**31), "messages"),
        (put(BLOCKS, 0, VALUES, 0, 1, to=3), "a column of 3 bytes"),
        (put(BLOCKS, 0, VALUES, 0, 2, to=b"1"), "columns do not fit"),
        (put(BLOCKS, 0, AT, 1, to=0), "a column of 0 bytes"),
        (put(BLOCKS, 0, QUALITY, to=b"\x00" * 5), "columns do not fit"),
        (put(BLOCKS, 0, QUALITY, to=b"\x07" * 6), "quality that there is not"),
        (put(BLOCKS, 0, CLASS, to=5), "not a parcel"),
        (lambda wire: wire.append(nested(5000)), "not a parcel"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: Callable[[Any], object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        unpack(changed(change), NOW)
    assert "parcel" in str(caught.value)


def nested(depth: int) -> msgspec.Raw:
    return msgspec.Raw(b"\x91" * depth + b"\x01")


def test_a_good_one_is_read_after_all_that() -> None:
    found = unpack(changed(lambda _: None), NOW)
    assert [list(each) for each in found.readings] == [list(block("p1", "p2"))]


def test_absent_values_of_more_rows_than_there_is_room_for_make_no_room() -> None:
    def change(wire: Any) -> None:
        rows = MOST_CELLS // 3 + 1
        wire[BLOCKS][0][COUNTS] = [rows, 0]

    with pytest.raises(ValueError, match="values; at most 16,000,000"):
        unpack(changed(change), NOW)


def test_more_than_anybody_would_unpack_is_not_packed() -> None:
    rows = MOST_CELLS // 2 + 1
    huge = Readings(
        "pump",
        ("a",),
        ("x", "y"),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int64),
        np.broadcast_to(np.float64(1.0), (rows, 2)),
        NOW,
    )
    with pytest.raises(Refused, match="too many for one parcel"):
        pack(Parcel("j", 1, 1, (huge,)))


def test_blocks_without_rows_and_parcels_without_blocks_travel() -> None:
    empty = block("p1").take(np.zeros(1, np.bool_))
    found = unpack(pack(Parcel("j", 1, 5, (empty,))), NOW)
    assert [(len(each), each.messages) for each in found.readings] == [(0, 1)]
    assert unpack(pack(Parcel("j", 1, 5, ())), NOW).readings == ()
    assert parcel.VERSION == 1
