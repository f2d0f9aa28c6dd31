"""The publisher against a broker played by the test, which forgets, delays and hangs up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from core.errors import Refused, Unavailable
from simulators.message import Message
from simulators.pace import Accelerated
from simulators.publisher import Progress, Publisher

CONNACK = b"\x20\x02\x00"


def numbered(count: int) -> list[Message]:
    return [Message("a", n, "plant/a", b"%d" % n) for n in range(count)]


def packets(link: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Read whole MQTT packets: the first byte and the body."""
    with link.makefile("rb") as stream, suppress(ConnectionError):
        while head := stream.read(1):
            length, shift = 0, 0
            while (byte := stream.read(1)[0]) & 0x80:
                length, shift = length | (byte & 0x7F) << shift, shift + 7
            yield head[0], stream.read(length | byte << shift)


def said(body: bytes) -> tuple[bytes, int]:
    """Take the message number and the payload out of a PUBLISH."""
    end = 2 + int.from_bytes(body[:2], "big")
    return body[end : end + 2], int(body[end + 2 :])


class Broker:
    """Accepts connections one after the other; a subclass says what happens on each."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.heard: list[list[int]] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._server.accept()
                with closing(link):
                    self.heard.append([])
                    self.serve(len(self.heard), link)

    def serve(self, number: int, link: socket.socket) -> None:
        for kind, body in packets(link):
            if kind >> 4 == 1:
                link.sendall(CONNACK + b"\x00")
            elif kind >> 4 == 3:
                mid, count = said(body)
                self.heard[-1].append(count)
                link.sendall(b"\x40\x02" + mid)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(10)


class Forgetful(Broker):
    """Confirms nothing on the first connection, hangs up, and is slow to welcome the second."""

    def serve(self, number: int, link: socket.socket) -> None:
        if number > 1:
            super().serve(number, _SlowWelcome(link))  # type: ignore[arg-type]
            return
        for kind, body in packets(link):
            if kind >> 4 == 1:
                link.sendall(CONNACK + b"\x00")
            elif kind >> 4 == 3:
                self.heard[-1].append(said(body)[1])
            if len(self.heard[-1]) >= 20:
                return


class _SlowWelcome:
    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.makefile = link.makefile

    def sendall(self, data: bytes) -> None:
        if data.startswith(CONNACK):
            threading.Event().wait(0.3)
        self._link.sendall(data)


class Closed(Broker):
    """Lets nobody in."""

    def serve(self, number: int, link: socket.socket) -> None:
        next(packets(link))
        link.sendall(CONNACK + b"\x05")


class Mute(Broker):
    """Is no broker at all: never answers."""

    def serve(self, number: int, link: socket.socket) -> None:
        for _ in packets(link):
            pass


def test_every_message_is_confirmed_and_counted() -> None:
    told: list[Progress] = []
    with closing(Broker()) as broker, Publisher(port=broker.port, window=10) as publisher:
        done = publisher.publish(numbered(500), progress=told.append)
        assert broker.heard == [list(range(500))]
    assert (done.count, done.acked) == (500, 500)
    assert (told[-1].sent, told[-1].acked, told[-1].at) == (500, 500, 499)


def test_after_a_lost_connection_the_unconfirmed_go_again_before_anything_newer() -> None:
    a_millisecond_apart = Accelerated(1e-6)
    with closing(Forgetful()) as broker, Publisher(port=broker.port, window=5000) as publisher:
        done = publisher.publish(numbered(2000), a_millisecond_apart)
        first, second = broker.heard
    assert first == list(range(len(first)))
    assert second == list(range(2000))
    assert done.acked == 2000


def test_a_broker_that_lets_nobody_in_is_named() -> None:
    with closing(Closed()) as broker, pytest.raises(Refused, match="refused the connection: Not"):
        Publisher(port=broker.port).connect()


def test_something_that_is_no_broker_is_told_from_one() -> None:
    with (
        closing(Mute()) as mute,
        pytest.raises(Unavailable, match="does not answer as a broker"),
    ):
        Publisher(port=mute.port).connect(timeout=0.2)


def test_nothing_to_publish_is_done_at_once() -> None:
    told: list[Progress] = []
    with closing(Broker()) as broker, Publisher(port=broker.port) as publisher:
        assert publisher.publish([], progress=told.append).count == 0
    assert told == []
