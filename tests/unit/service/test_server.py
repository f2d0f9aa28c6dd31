from __future__ import annotations

import errno
import socket
import threading
import time
import urllib.request
from collections.abc import Callable

import pytest

from core.errors import Refused, Unavailable
from service.server import bind, serve
from service.settings import FeedSettings
from tests.feeds import Room


def settings(**given: object) -> FeedSettings:
    return FeedSettings.model_validate({"port": 0} | given)


class Listener:
    """Stands in for what the system says when an address is taken."""

    def __init__(self, error: int) -> None:
        self.error = error

    def __call__(self, *_: object) -> None:
        raise OSError(self.error, "not this one")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_free_address_is_taken(host: str) -> None:
    with bind(settings(host=host)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_refused_by_name() -> None:
    with bind(settings()) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            Refused, match=rf"feed\.port {port} on 127\.0\.0\.1 is taken by another"
        ):
            bind(settings(port=port))


def test_an_open_address_is_refused_before_it_is_taken() -> None:
    with pytest.raises(Refused, match=r"no feed\.token is set"):
        bind(settings(host="0.0.0.0"))


def test_an_address_of_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a-token-that-is-long")
    with pytest.raises(Refused, match=r"192\.0\.2\.1 is not an address of this machine"):
        bind(settings(host="192.0.2.1", token="env:TOKEN"))


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setenv("TOKEN", "a-token-that-is-long")
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(Refused, match="this name is not known here"):
        bind(settings(host="nowhere.invalid", token="env:TOKEN"))


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, Refused, "may not be taken by this user; use one above 1023"),
        (errno.ENOBUFS, Unavailable, "not this one"),
    ],
)
def test_other_troubles_with_an_address_are_said(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception], words: str
) -> None:
    monkeypatch.setattr("socket.socket.bind", Listener(number))
    with pytest.raises(kind, match=words):
        bind(settings(port=80))


def served(room: Room, then: Callable[[str], None]) -> float:
    """Serve a feed on a free port, do something with its address, and time the stop."""
    listener = bind(room.settings)
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(room.app, room.settings, stop, listener))
    thread.start()
    try:
        then(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        begun = time.monotonic()
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
    return time.monotonic() - begun


def test_it_answers_until_it_is_told_to_stop() -> None:
    def ask(url: str) -> None:
        with urllib.request.urlopen(f"{url}/livez", timeout=5) as reply:
            assert reply.status == 200
            assert "server" not in reply.headers

    assert served(Room(port=0), ask) < 3


def test_its_port_is_free_again_after_the_stop() -> None:
    ports: list[int] = []
    served(Room(port=0), lambda url: ports.append(int(url.rsplit(":")[-1])))
    with bind(settings(port=ports[0])):
        pass


def test_a_client_that_never_reads_does_not_hold_up_the_stop() -> None:
    clients: list[socket.socket] = []

    def connect(url: str) -> None:
        port = int(url.rsplit(":", maxsplit=1)[-1])
        for line in (
            b"",
            b"GET / HTTP/1.1\r\n",
            b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(line)
            clients.append(client)
        time.sleep(0.3)

    assert served(Room(port=0), connect) < 3
    for client in clients:
        client.close()


def test_a_feed_that_cannot_start_says_so_and_lets_go_of_its_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> int:
        raise Unavailable("the file is gone")

    room = Room(port=0)
    monkeypatch.setattr(room.casefile, "last_event", broken)
    listener = bind(room.settings)
    with pytest.raises(Unavailable, match="the feed could not start"):
        serve(room.app, room.settings, threading.Event(), listener)
    assert listener.fileno() == -1


def test_a_taken_port_is_refused_where_the_address_was_not_taken_before() -> None:
    with bind(settings()) as taken:
        room = Room(port=taken.getsockname()[1])
        with pytest.raises(Refused, match="is taken"):
            serve(room.app, room.settings, threading.Event())
