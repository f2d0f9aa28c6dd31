"""TLS without a socket, against the other end of Python's own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tls import TlsFiles, make_context
from ingest import seal as seal_module
from ingest.packets import Cutter
from ingest.seal import Seal
from ingest.tap import Tap
from tests.certificates import Authority
from tests.streams import publish

PINGRESP = b"\xd0\x00"


class Ends:
    """Our sealed end, and a broker's end that writes a record for each `write`."""

    def __init__(self, authority: Authority, context: ssl.SSLContext) -> None:
        self.seal = Seal(make_context(TlsFiles.model_validate(authority.settings)), "127.0.0.1")
        self._sent, self._got = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.broker = context.wrap_bio(self._got, self._sent, server_side=True)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            thread = threading.Thread(target=self._answer, args=(theirs,))
            thread.start()
            self.seal.shake_hands(ours)
            ours.shutdown(socket.SHUT_WR)
            thread.join()

    def _answer(self, link: socket.socket) -> None:
        link.settimeout(10)
        while True:
            try:
                self.broker.do_handshake()
            except ssl.SSLWantReadError:
                link.sendall(self._sent.read())
                self._got.write(link.recv(65_536))
            else:
                return  # its session tickets go out with what it writes first

    def written(self, *records: bytes) -> bytes:
        """Give what goes over the network when the broker writes these."""
        for record in records:
            self.broker.write(record)
        return self._sent.read()

    def heard(self, data: bytes) -> bytes:
        self._got.write(data)
        return self.broker.read(65_536)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> ssl.SSLContext:
    identity = authority.sign("broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    return context


@pytest.fixture
def ends(authority: Authority, server: ssl.SSLContext) -> Ends:
    return Ends(authority, server)


@pytest.fixture
def tapped(ends: Ends) -> Iterator[tuple[Tap, socket.socket, Ends]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    tap = Tap(ours, Cutter(version_5=False, longest=100_000), ends.seal)
    with theirs:
        yield tap, theirs, ends
        tap.close()


@given(
    records=st.lists(st.binary(min_size=1, max_size=40_000), max_size=6),
    cuts=st.lists(st.integers(0, 240_000), max_size=8),
)
def test_what_was_written_comes_out_however_the_network_splits_it(
    authority: Authority, server: ssl.SSLContext, records: list[bytes], cuts: list[int]
) -> None:
    ends = Ends(authority, server)
    wire = ends.written(*records)
    bounds = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    pieces = [wire[a:b] for a, b in pairwise(bounds)]
    chunks = [p[i : i + 65_536] for p in pieces for i in range(0, len(p), 65_536)]
    assert b"".join(ends.seal.open(chunk) for chunk in chunks) == b"".join(records)
    assert not ends.seal.ended


def test_what_is_sealed_is_opened_by_the_other_side(ends: Ends) -> None:
    assert ends.heard(ends.seal.seal(b"hello")) == b"hello"


def test_the_end_is_told_with_a_goodbye_and_without(
    authority: Authority, server: ssl.SSLContext
) -> None:
    polite, cut = Ends(authority, server), Ends(authority, server)
    wire = polite.written(b"last words")
    with contextlib.suppress(ssl.SSLWantReadError):
        polite.broker.unwrap()
    assert polite.seal.open(wire + polite.written()) == b"last words"
    assert polite.seal.ended
    assert cut.seal.open(b"") == b"" and cut.seal.ended


def test_what_is_not_of_the_connection_is_an_error(ends: Ends) -> None:
    wire = bytearray(ends.written(b"true"))
    wire[-1] ^= 1
    with pytest.raises(ssl.SSLError):
        ends.seal.open(bytes(wire))


def test_a_broker_that_does_not_shake_hands_is_given_up(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_module, "_WITHIN", 20_000_000)
    seal = Seal(make_context(TlsFiles.model_validate(authority.settings)), "127.0.0.1")
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        seal.shake_hands(ours)


def test_a_broker_that_leaves_in_the_handshake_is_an_error(authority: Authority) -> None:
    seal = Seal(make_context(TlsFiles.model_validate(authority.settings)), "127.0.0.1")
    ours, theirs = socket.socketpair()
    theirs.shutdown(socket.SHUT_WR)
    with ours, theirs, pytest.raises(ssl.SSLEOFError):
        seal.shake_hands(ours)


def test_the_tap_cuts_messages_of_many_records_at_one_look(
    tapped: tuple[Tap, socket.socket, Ends],
) -> None:
    tap, link, ends = tapped
    link.sendall(ends.written(publish(b"a", b"1"), PINGRESP, publish(b"a", b"2")))
    assert tap.recv(100) == PINGRESP
    assert [packet[1] for packet in tap.take()] == [b"1", b"2"]
    with pytest.raises(BlockingIOError):
        tap.recv(1)


def test_half_a_record_is_waited_for_and_is_not_the_end(
    tapped: tuple[Tap, socket.socket, Ends],
) -> None:
    tap, link, ends = tapped
    wire = ends.written(publish(b"a", b"x" * 1000))
    link.sendall(wire[:500])
    with pytest.raises(BlockingIOError):
        tap.recv(1)
    assert tap.take() == []
    link.sendall(wire[500:])
    with pytest.raises(BlockingIOError):
        tap.recv(1)
    assert tap.take()[0][1] == b"x" * 1000


def test_messages_before_a_goodbye_are_kept_and_the_end_is_met_next(
    tapped: tuple[Tap, socket.socket, Ends],
) -> None:
    tap, link, ends = tapped
    wire = ends.written(publish(b"a", b"1"))
    with contextlib.suppress(ssl.SSLWantReadError):
        ends.broker.unwrap()
    link.sendall(wire + ends.written())
    with pytest.raises(BlockingIOError):
        tap.recv(1)
    assert len(tap.take()) == 1
    assert tap.recv(1) == b""


def test_what_the_tap_sends_is_sealed(tapped: tuple[Tap, socket.socket, Ends]) -> None:
    tap, link, ends = tapped
    assert tap.send(b"hello") == 5
    assert ends.heard(link.recv(1000)) == b"hello"


def test_a_torn_record_ends_the_stream_and_says_why(
    tapped: tuple[Tap, socket.socket, Ends],
) -> None:
    tap, link, _ = tapped
    link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        tap.recv(1)
    assert isinstance(tap.why, ssl.SSLError)
