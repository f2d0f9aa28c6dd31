"""Cuts whole MQTT packets out of a stream: messages for us, everything else for the client.

The client library costs some 16 µs per message, mostly in reading packets piece by piece; cutting
them out of a large chunk costs half a microsecond. Only PUBLISH packets of QoS 0 and 1 are cut
up here; all others are handed on whole and untouched.
"""

from __future__ import annotations

from typing import TypeAlias

Packet: TypeAlias = tuple[bytes, bytes, int, int]
"""A received message: topic, payload, first header byte, packet id (0 with QoS 0).

A plain tuple, since one is made for every message.
"""

RETAINED = 0x01
DUPLICATE = 0x08
_QOS_1 = 0x02
_MESSAGE_MASK = 0xF4
"""Packet type and the high bit of QoS: with that bit clear, QoS is 0 or 1."""
_MESSAGE = 0x30
_CONTINUES = 0x80
_LONGEST_VARINT = 4


class Malformed(OSError):
    """The stream is not MQTT; the connection cannot go on. Clients take it as a lost link."""


def acknowledgements(ids: list[int]) -> bytes:
    """Write one PUBACK for each packet id, in order."""
    head = b"\x40\x02"
    return b"".join([head + mid.to_bytes(2, "big") for mid in ids])


class Cutter:
    """Takes chunks of a stream as they come and keeps what is not yet a whole packet.

    A message longer than `longest` is cut down to that many bytes while it streams past, so that
    no packet can use up the memory; its payload is then still longer than what is allowed.
    """

    def __init__(self, *, version_5: bool, longest: int) -> None:
        self._version_5 = version_5
        self._longest = longest
        self._rest = b""
        self._needed = 2
        self._skip = 0
        self.messages: list[Packet] = []
        self.size = 0
        self.others = bytearray()

    def take(self) -> list[Packet]:
        """Hand over the messages cut so far."""
        taken, self.messages, self.size = self.messages, [], 0
        return taken

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the stream; Malformed when it cannot be MQTT."""
        if self._skip:
            gone = min(self._skip, len(chunk))
            self._skip -= gone
            chunk = chunk[gone:]
        buffer = self._rest + chunk if self._rest else chunk
        if len(buffer) < self._needed:
            self._rest = buffer
            return
        used = self._cut(buffer)
        self._rest = buffer[used:] if used < len(buffer) else b""

    def _cut(self, buffer: bytes) -> int:
        """Cut every whole packet from the buffer; returns how many bytes were used."""
        start, end = 0, len(buffer)
        append, properties, longest = self.messages.append, int(self._version_5), self._longest
        self._needed = 2
        while end - start >= 2:
            head, length, body = buffer[start], buffer[start + 1], start + 2
            if length >= _CONTINUES:
                length, body = _varint(buffer, start + 1, end)
                if body < 0:
                    break
            stop = body + length
            if length > longest:
                if end - start < longest:
                    self._needed = longest
                    break
                self._skip_rest_of(buffer, start, body, stop)
                start = min(stop, end)
                continue
            if stop > end:
                self._needed = stop - start
                break
            if head & _MESSAGE_MASK != _MESSAGE:
                self.others += buffer[start:stop]
                self.size -= stop - start
            elif length > 4 and head & _QOS_1:
                # The usual message, without a call: QoS 1 and, with MQTT 5, no properties.
                name = body + 2
                after = name + (buffer[body] << 8 | buffer[body + 1])
                at = after + 2
                if at < stop and not (properties and buffer[at]):
                    mid = buffer[after] << 8 | buffer[after + 1]
                    append((buffer[name:after], buffer[at + properties : stop], head, mid))
                else:
                    append(self._message(buffer, head, body, stop))
            else:
                append(self._message(buffer, head, body, stop))
            start = stop
        self.size += start
        return start

    def _skip_rest_of(self, buffer: bytes, start: int, body: int, stop: int) -> None:
        """Keep the first bytes of a message too long to be held, and let the rest go by."""
        head = buffer[start]
        if head & _MESSAGE_MASK != _MESSAGE:
            msg = f"a packet of {stop - start} bytes that is not a message"
            raise Malformed(msg)
        self.messages.append(self._message(buffer, head, body, start + self._longest, cut=True))
        self._skip = max(0, stop - len(buffer))

    def _message(
        self, buffer: bytes, head: int, body: int, stop: int, *, cut: bool = False
    ) -> Packet:
        """Take one PUBLISH apart, checking every length.

        Of one that is cut down, properties count as payload: they may be what is too long.
        """
        if stop - body < 2:
            msg = "a message without a topic"
            raise Malformed(msg)
        name = body + 2
        after = at = name + (buffer[body] << 8 | buffer[body + 1])
        mid = 0
        if head & _QOS_1:
            if at + 2 > stop:
                msg = "a message whose topic is longer than itself"
                raise Malformed(msg)
            mid = buffer[at] << 8 | buffer[at + 1]
            at += 2
        if self._version_5 and not cut:
            length, at = _varint(buffer, at, stop)
            if at < 0:
                msg = "a message whose properties are cut off"
                raise Malformed(msg)
            at += length
        if at > stop:
            msg = "a message whose parts are longer than itself"
            raise Malformed(msg)
        return buffer[name:after], buffer[at:stop], head, mid


def _varint(buffer: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a variable length; returns it and where it ends, or -1 where it is not all there."""
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= end:
            return 0, -1
        byte = buffer[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < _CONTINUES:
            return value, at + place + 1
    msg = "a length of more than four bytes"
    raise Malformed(msg)
