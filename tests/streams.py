"""MQTT as bytes: packets that a broker sends, and a slow plain reading of them."""

from __future__ import annotations

from ingest.packets import Packet


def varint(number: int) -> bytes:
    """Write a variable length."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def wire(head: int, rest: bytes) -> bytes:
    """Put the fixed header before a packet."""
    return bytes((head,)) + varint(len(rest)) + rest


def publish(
    topic: bytes, payload: bytes, *, head: int = 0x32, mid: int = 1, properties: bytes | None = None
) -> bytes:
    """Write PUBLISH; with `properties`, even empty ones, in the form of MQTT 5."""
    rest = len(topic).to_bytes(2, "big") + topic
    rest += mid.to_bytes(2, "big") if head & 2 else b""
    rest += b"" if properties is None else varint(len(properties)) + properties
    return wire(head, rest + payload)


def plainly_read(stream: bytes, *, version_5: bool) -> tuple[list[Packet], bytes]:
    """Read a whole stream byte by byte: the messages, and all other packets."""
    bytes_left = iter(stream)

    def number() -> int:
        value, place = 0, 0
        while True:
            byte = next(bytes_left)
            value += (byte & 127) << place
            place += 7
            if byte < 128:
                return value

    def some(count: int) -> bytes:
        return bytes(next(bytes_left) for _ in range(count))

    messages, others = [], b""
    for head in bytes_left:
        length = number()
        rest = some(length)
        if head >> 4 != 3 or head & 4:
            others += wire(head, rest)
            continue
        topic_end = 2 + int.from_bytes(rest[:2], "big")
        topic, mid = rest[2:topic_end], 0
        if head & 2:
            mid = int.from_bytes(rest[topic_end : topic_end + 2], "big")
            topic_end += 2
        if version_5:
            bytes_left, kept = iter(rest[topic_end:]), bytes_left
            some(number())
            payload, bytes_left = bytes(bytes_left), kept
        else:
            payload = rest[topic_end:]
        messages.append((topic, payload, head, mid))
    return messages, others
