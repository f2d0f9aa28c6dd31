"""Cutting packets: wherever the stream is torn, the same messages come out."""

from __future__ import annotations

import pytest

from ingest.packets import Cutter, Malformed, acknowledgements
from tests.streams import plainly_read, publish, wire

LONGEST = 1000
PINGRESP, SUBACK, PUBREL = b"\xd0\x00", b"\x90\x03\x00\x01\x01", b"\x62\x02\x00\x07"


def stream(*, version_5: bool) -> bytes:
    """One packet of each form."""
    none = b"" if version_5 else None
    some = b"\x26\x00\x01a\x00\x01b" if version_5 else None
    return b"".join(
        [
            b"\x20\x03\x00\x00\x00" if version_5 else b"\x20\x02\x00\x00",
            publish(b"a/b", b"{}", properties=none),
            publish(b"a/b", b"x" * 200, mid=65_535, properties=none),
            PINGRESP,
            publish(b"a/b", b"", mid=2, properties=none),
            publish(b"a/b", b"at most once", head=0x30, properties=none),
            publish(b"a/b", b"again", head=0x3B, mid=300, properties=some),
            SUBACK,
            publish(b"", b"without a topic", properties=none),
            publish(b"a", b"exactly once", head=0x34, properties=none),
            PUBREL,
            publish("泵".encode(), b"\x00\xff" * 50, properties=some),
            publish(
                b"t", b"long properties", properties=(b"\x0b\x01" * 100) if version_5 else None
            ),
            publish(b"a/b", b"", head=0x30, properties=none),
        ]
    )


def cut(chunks: list[bytes], *, version_5: bool) -> tuple[list[object], bytes]:
    cutter = Cutter(version_5=version_5, longest=LONGEST)
    for chunk in chunks:
        cutter.feed(chunk)
    return list(cutter.take()), bytes(cutter.others)


@pytest.mark.parametrize("version_5", [True, False])
def test_a_stream_torn_at_any_byte_gives_what_a_plain_reading_gives(version_5: bool) -> None:
    whole = stream(version_5=version_5)
    expected = plainly_read(whole, version_5=version_5)
    assert len(expected[0]) == 9
    for at in range(len(whole) + 1):
        assert cut([whole[:at], whole[at:]], version_5=version_5) == expected, at


@pytest.mark.parametrize("version_5", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_in_small_pieces_gives_the_same(version_5: bool, size: int) -> None:
    whole = stream(version_5=version_5)
    pieces = [whole[k : k + size] for k in range(0, len(whole), size)]
    assert cut(pieces, version_5=version_5) == plainly_read(whole, version_5=version_5)


def test_what_was_taken_is_gone_and_its_size_is_known() -> None:
    cutter = Cutter(version_5=False, longest=LONGEST)
    cutter.feed(publish(b"a", b"1"))
    assert cutter.size > 0
    assert len(cutter.take()) == 1
    assert cutter.take() == [] and cutter.size == 0
    cutter.feed(SUBACK + PINGRESP)
    assert cutter.size == 0


@pytest.mark.parametrize("version_5", [True, False])
def test_a_message_too_long_goes_by_and_leaves_its_beginning(version_5: bool) -> None:
    none = b"" if version_5 else None
    long = publish(b"a/b", bytes(range(256)) * 20, mid=9, properties=none)
    after = publish(b"a/b", b"next", mid=10, properties=none)
    for at in [*range(0, 40), 900, 999, 1000, 1001, 4000, len(long) - 1, len(long), len(long) + 3]:
        whole = long + after
        found, others = cut([whole[:at], whole[at:]], version_5=version_5)
        assert others == b""
        (topic, payload, head, mid), last = found
        assert (topic, head, mid) == (b"a/b", 0x32, 9)
        assert payload.lstrip(b"\x00").startswith(b"\x01\x02") and len(payload) > LONGEST - 20
        assert last == (b"a/b", b"next", 0x32, 10)


def test_properties_too_long_are_no_way_to_break_the_connection() -> None:
    user_property = b"\x26\x00\x01a" + (1000).to_bytes(2, "big") + b"b" * 1000
    long = publish(b"a/b", b"{}", mid=9, properties=user_property * 5)
    found, _ = cut([long + publish(b"a", b"next", properties=b"")], version_5=True)
    assert [packet[3] for packet in found] == [9, 1]
    assert len(found[0][1]) > LONGEST - 20


def test_no_more_than_the_longest_is_held_of_any_message() -> None:
    cutter = Cutter(version_5=False, longest=LONGEST)
    cutter.feed(wire(0x32, b"\x00\x01a\x00\x01" + b"x" * 1_000_000)[: LONGEST - 1])
    for _ in range(1000):
        cutter.feed(b"x" * 1000)
    assert len(cutter._rest) <= LONGEST
    assert len(cutter.take()) == 1


MALFORMED = {
    "a topic longer than the message": wire(0x32, b"\x00\xffabc"),
    "a topic that leaves no room for the id": wire(0x32, b"\x00\x03abc\x00"),
    "no room for a topic": wire(0x32, b"\x00"),
    "nothing at all": wire(0x30, b""),
    "a topic longer than the message, QoS 0": wire(0x30, b"\x00\x09abc"),
    "properties longer than the message": wire(0x32, b"\x00\x01a\x00\x01\x7f\x01"),
    "properties that have no end": wire(0x32, b"\x00\x01a\x00\x01\xff"),
    "no properties": wire(0x32, b"\x00\x01a\x00\x01"),
    "a length of five bytes": b"\x32\xff\xff\xff\xff\x01",
    "properties with a length of five bytes": wire(
        0x32, b"\x00\x01a\x00\x01\xff\xff\xff\xff\x01xx"
    ),
    "a long packet that is no message": wire(0x90, b"x" * 2000),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_mqtt_ends_the_connection(name: str) -> None:
    cutter = Cutter(version_5=True, longest=LONGEST)
    with pytest.raises(Malformed):
        cutter.feed(MALFORMED[name])


def test_acknowledgements_are_written_in_order() -> None:
    assert acknowledgements([1, 65_535]) == b"\x40\x02\x00\x01\x40\x02\xff\xff"
    assert acknowledgements([]) == b""
