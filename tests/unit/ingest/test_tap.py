"""The tap between the client and its socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from ingest import tap as tap_module
from ingest.packets import Cutter
from ingest.tap import Tap
from tests.streams import publish

PINGRESP = b"\xd0\x00"


@pytest.fixture
def pair() -> Iterator[tuple[Tap, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    tap = Tap(ours, Cutter(version_5=False, longest=1000))
    with theirs:
        yield tap, theirs
        tap.close()


def test_messages_are_kept_and_the_rest_is_handed_on(pair: tuple[Tap, socket.socket]) -> None:
    tap, broker = pair
    broker.sendall(publish(b"a", b"1") + PINGRESP + publish(b"a", b"2"))
    assert tap.recv(1) == b"\xd0"
    assert tap.pending() == 1
    assert tap.waiting > 0
    assert tap.recv(100) == b"\x00"
    assert [packet[1] for packet in tap.take()] == [b"1", b"2"]
    assert tap.waiting == 0 and tap.pending() == 0


def test_where_only_messages_came_the_client_is_told_to_wait(
    pair: tuple[Tap, socket.socket],
) -> None:
    tap, broker = pair
    broker.sendall(publish(b"a", b"1"))
    with pytest.raises(BlockingIOError):
        tap.recv(1)
    with pytest.raises(BlockingIOError):
        tap.recv(1)
    assert len(tap.take()) == 1


def test_the_end_of_the_stream_is_told(pair: tuple[Tap, socket.socket]) -> None:
    tap, broker = pair
    broker.close()
    assert tap.recv(1) == b""


def test_what_is_sent_goes_out_whole_over_a_slow_network(pair: tuple[Tap, socket.socket]) -> None:
    tap, broker = pair
    data = bytes(range(256)) * 20_000
    got = bytearray()

    def read() -> None:
        while len(got) < len(data):
            got.extend(broker.recv(65_536))

    reader = threading.Thread(target=read)
    reader.start()
    assert tap.send(data) == len(data)
    reader.join(10)
    assert bytes(got) == data


def test_a_broker_that_takes_nothing_is_given_up(
    pair: tuple[Tap, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tap_module, "_SEND_WITHIN", 0.02)
    with pytest.raises(TimeoutError, match="does not take"):
        pair[0].send(b"x" * 10_000_000)


def test_what_was_sent_still_arrives_after_closing(pair: tuple[Tap, socket.socket]) -> None:
    tap, broker = pair
    tap.send(b"last words")
    assert tap.fileno() > 0
    tap.close()
    assert broker.recv(100) == b"last words"
    assert broker.recv(100) == b""


def test_it_blocks_or_not_as_the_socket_is_told(pair: tuple[Tap, socket.socket]) -> None:
    tap, broker = pair
    tap.setblocking(True)
    broker.sendall(PINGRESP)
    assert tap.recv(2) == PINGRESP
