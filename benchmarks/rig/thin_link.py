"""A link between two ports of this machine that counts what goes over it, and can be cut."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Self

_CHUNK = 65_536


class ThinLink:
    """Passes connections on to `port`, on loopback; while it is cut it takes none."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._stop = threading.Event()
        self._cut = threading.Event()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes = 0
        self.cuts = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def cut(self) -> None:
        """End all connections, in the middle of whatever they carry, and take no new ones."""
        self._cut.set()
        self.cuts += 1
        with self._lock:
            for one in list(self._pairs):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._cut.clear()

    def _run(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in ready.select(0.1):
                    one = key.fileobj
                    if one is self._listener:
                        self._accept(ready)
                    elif isinstance(one, socket.socket) and one in self._pairs:
                        self._pass_on(ready, one)

    def _accept(self, ready: selectors.BaseSelector) -> None:
        near, _ = self._listener.accept()
        try:
            if self._cut.is_set():
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._to), timeout=5)
        except OSError:
            near.close()
            return
        with self._lock:
            self._pairs[near], self._pairs[far] = far, near
        for one in (near, far):
            ready.register(one, selectors.EVENT_READ)

    def _pass_on(self, ready: selectors.BaseSelector, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            chunk = one.recv(_CHUNK)
            if chunk and not self._cut.is_set():
                other.sendall(chunk)
                self.bytes += len(chunk)
                return
        except OSError:
            pass
        with self._lock:
            for each in (one, other):
                self._pairs.pop(each, None)
        for each in (one, other):
            with contextlib.suppress(KeyError, ValueError):
                ready.unregister(each)
            each.close()

    def __enter__(self) -> Self:
        """Start to pass on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join(5)
        self._listener.close()
        for one in list(self._pairs):
            one.close()
