"""Queues QoS 1 messages at a broker as fast as a plain socket goes, and leaves sessions behind.

Written out by hand, so that making load does not cost more than what is measured.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable, Iterator

WINDOW = 10_000
_CHUNK = 64_000
_IDS = 65_535


def connect_packet(client_id: str, *, clean: bool) -> bytes:
    """Write CONNECT of MQTT 3.1.1."""
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04" + (b"\x02" if clean else b"\x00") + b"\x00\x00"
    return packet(0x10, body + len(name).to_bytes(2, "big") + name)


def packet(head: int, body: bytes) -> bytes:
    """Put the fixed header before a packet's body."""
    length, sizes = len(body), bytearray()
    while True:
        length, low = divmod(length, 128)
        sizes.append(low | (128 if length else 0))
        if not length:
            return bytes((head,)) + bytes(sizes) + body


def publish_packet(topic: str, payload: bytes, mid: int, head: int = 0x32) -> bytes:
    """Write PUBLISH of MQTT 3.1.1 with QoS 1."""
    name = topic.encode()
    return packet(head, len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload)


def leave_session(port: int, client_id: str, topic_filter: str) -> None:
    """Leave a session behind that the broker keeps, with one subscription; an old one goes."""
    with _open(port, client_id, clean=True):
        pass
    name = topic_filter.encode()
    with _open(port, client_id, clean=False) as link:
        link.sendall(packet(0x82, b"\x00\x01" + len(name).to_bytes(2, "big") + name + b"\x01"))
        _read_exactly(link, 5)
        link.sendall(b"\xe0\x00")


def forget_session(port: int, client_id: str) -> None:
    """Make the broker drop a session and what it holds for it."""
    with _open(port, client_id, clean=True) as link:
        link.sendall(b"\xe0\x00")


def queue(port: int, messages: Iterable[tuple[str, bytes]], client_id: str = "load") -> int:
    """Publish all messages and wait until the broker has acknowledged each; returns how many."""
    sent = acked = 0
    with _open(port, client_id, clean=True) as link:
        for count, chunk in _chunks(messages):
            link.setblocking(True)
            link.sendall(chunk)
            sent += count
            link.setblocking(False)
            while acked < sent - WINDOW:
                acked += _acknowledged(link)
        while acked < sent:
            acked += _acknowledged(link)
        link.setblocking(True)
        link.sendall(b"\xe0\x00")
    return sent


def _chunks(messages: Iterable[tuple[str, bytes]]) -> Iterator[tuple[int, bytes]]:
    chunk, count = bytearray(), 0
    for number, (topic, payload) in enumerate(messages):
        chunk += publish_packet(topic, payload, number % _IDS + 1)
        count += 1
        if len(chunk) > _CHUNK:
            yield count, bytes(chunk)
            chunk.clear()
            count = 0
    yield count, bytes(chunk)


def _acknowledged(link: socket.socket) -> int:
    """Count the PUBACKs that have come; each has four bytes."""
    if not select.select([link], [], [], 30)[0]:
        msg = "the broker stopped acknowledging"
        raise TimeoutError(msg)
    got = link.recv(262_144)
    if not got:
        msg = "the broker closed the connection"
        raise ConnectionError(msg)
    if len(got) % 4:
        link.setblocking(True)
        got += _read_exactly(link, 4 - len(got) % 4)
        link.setblocking(False)
    return len(got) // 4


def _open(port: int, client_id: str, *, clean: bool) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=30)
    link.sendall(connect_packet(client_id, clean=clean))
    answer = _read_exactly(link, 4)
    if answer[3]:
        link.close()
        msg = f"the broker refused {client_id}: code {answer[3]}"
        raise ConnectionError(msg)
    return link


def _read_exactly(link: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = link.recv(size - len(got))
        if not part:
            msg = "the broker closed the connection"
            raise ConnectionError(msg)
        got += part
    return got
