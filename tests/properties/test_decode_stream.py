"""Cutting the stream, whatever comes: as a plain reading, or the connection ends, never else."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.packets import Cutter, Malformed
from tests.streams import plainly_read, publish, wire

_HEADS = st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x3A, 0x34])


def _packets(version_5: bool) -> st.SearchStrategy[bytes]:
    properties = st.binary(max_size=140) if version_5 else st.none()
    message = st.builds(
        lambda topic, payload, head, mid, with_: publish(
            topic, payload, head=head, mid=mid, properties=with_
        ),
        *(st.binary(max_size=5), st.binary(max_size=200), _HEADS, st.integers(0, 65_535)),
        properties,
    )
    other = st.builds(wire, st.sampled_from([0x20, 0x40, 0x90, 0xD0]), st.binary(max_size=140))
    return st.one_of(message, other)


def _pieces(whole: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[a:b] for a, b in pairwise(edges)]


@settings(max_examples=150)
@given(st.data(), st.booleans(), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_stream_in_any_pieces_is_read_as_plainly(
    data: st.DataObject, version_5: bool, places: list[int]
) -> None:
    whole = b"".join(data.draw(st.lists(_packets(version_5), max_size=6)))
    cutter = Cutter(version_5=version_5, longest=1000)
    for piece in _pieces(whole, places):
        cutter.feed(piece)
    assert (cutter.take(), bytes(cutter.others)) == plainly_read(whole, version_5=version_5)


@settings(max_examples=200)
@given(st.binary(max_size=300), st.booleans(), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_are_cut_or_end_the_connection(
    whole: bytes, version_5: bool, places: list[int]
) -> None:
    cutter = Cutter(version_5=version_5, longest=100)
    with contextlib.suppress(Malformed):
        for piece in _pieces(whole, places):
            cutter.feed(piece)
    for topic, payload, _, _ in cutter.take():
        assert len(topic) + len(payload) <= 100
