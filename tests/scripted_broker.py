"""A broker that plays a script: for what a real one never does when asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

from tests.streams import publish, wire

GRANTED, TAKEN_OVER = 1, b"\xe0\x02\x8e\x00"


class Caller:
    """One connection, seen from the broker's side."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.version_5 = False
        self.connect = b""
        self.subscribe = b""
        self.acknowledged: list[int] = []
        self.heard: list[int] = []

    def packet(self) -> tuple[int, bytes]:
        """Read the next packet; ConnectionError at the end."""
        head = self._some(1)[0]
        length, place = 0, 0
        while True:
            byte = self._some(1)[0]
            length |= (byte & 127) << place
            place += 7
            if byte < 128:
                break
        rest = self._some(length)
        self.heard.append(head >> 4)
        if head >> 4 == 4:
            self.acknowledged.append(int.from_bytes(rest[:2], "big"))
        if head >> 4 == 12:
            self.send(b"\xd0\x00")
        return head, rest

    def greet(self, code: int = 0, *, session_present: bool = False) -> None:
        """Read CONNECT and answer it."""
        self.read_connect()
        self.send(wire(0x20, bytes((session_present, code)) + (b"\x00" if self.version_5 else b"")))

    def read_connect(self) -> None:
        _, self.connect = self.packet()
        self.version_5 = self.connect[6] == 5

    def grant(self, code: int = GRANTED) -> None:
        """Read SUBSCRIBE and answer it."""
        head, rest = self.packet()
        assert head == 0x82
        self.subscribe = rest
        middle = b"\x00" if self.version_5 else b""
        self.send(wire(0x90, rest[:2] + middle + bytes((code,))))

    def welcome(self, *, session_present: bool = False) -> None:
        self.greet(session_present=session_present)
        self.grant()

    def publish(self, topic: bytes, payload: bytes, mid: int = 1, head: int = 0x32) -> None:
        properties = b"" if self.version_5 else None
        self.send(publish(topic, payload, mid=mid, head=head, properties=properties))

    def send(self, data: bytes) -> None:
        self._link.sendall(data)

    def listen(self, seconds: float) -> None:
        """Read what comes for so long, or until the connection ends."""
        self._link.settimeout(seconds)
        with contextlib.suppress(OSError):
            while True:
                self.packet()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Read what comes beside what is done meanwhile, and on until the connection ends."""
        reader = threading.Thread(target=self.listen, args=(20,))
        reader.start()
        try:
            yield
        finally:
            reader.join()

    def until(self, count: int) -> None:
        """Read until so many messages were acknowledged."""
        while len(self.acknowledged) < count:
            self.packet()

    def _some(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            part = self._link.recv(count - len(got))
            if not part:
                raise ConnectionError
            got += part
        return got


Script = Callable[[Caller], None]


class ScriptedBroker:
    """Plays one script for each connection in turn, and the last for all that follow."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.callers: list[Caller] = []
        self.errors: list[BaseException] = []
        self._links: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        self._thread.join(30)
        self._listener.close()
        assert not self.errors, self.errors

    def _run(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self._links.append(link)
            caller = Caller(link)
            link.settimeout(20)
            self.callers.append(caller)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            with link:
                try:
                    script(caller)
                except (ConnectionError, TimeoutError):
                    pass
                except BaseException as error:
                    self.errors.append(error)
