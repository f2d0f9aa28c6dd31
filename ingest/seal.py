"""TLS without a socket: bytes of the network in, bytes of the stream out, and the other way.

A broker writes each message as a record of its own. Reading them from an SSL socket costs two
calls of the system each; here one call brings many, and the rest is arithmetic.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

from core.clock import SECOND

_RECORD = 16_384
"""The most bytes that one record holds."""

_AT_ONCE = 65_536
"""The most that `open` takes at once; what is left of a record before it is far less."""

_WITHIN = 10 * SECOND


class Seal:
    """Our end of a TLS connection to `host`, verified as `context` says."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._read: Callable[[int, memoryview], int] = cast("Any", self._tls.read)
        self._view = memoryview(bytearray(2 * _AT_ONCE))
        self.ended = False

    def shake_hands(self, link: socket.socket) -> None:
        """Do the handshake over a socket that blocks; OSError where it fails or takes too long."""
        deadline = time.monotonic() + _WITHIN / SECOND
        while not self._shook(link):
            left = deadline - time.monotonic()
            if left <= 0:
                msg = "the broker does not finish the TLS handshake"
                raise TimeoutError(msg)
            link.settimeout(left)
            if chunk := link.recv(_AT_ONCE):
                self._incoming.write(chunk)
            else:
                self._incoming.write_eof()

    def _shook(self, link: socket.socket) -> bool:
        """Go one step; what we have to say goes out in any case, also why we refuse."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            link.sendall(self._outgoing.read())
            return False
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                link.sendall(self._outgoing.read())
            raise
        link.sendall(self._outgoing.read())
        return True

    def open(self, chunk: bytes) -> bytes:
        """Take what the network brought, at most 64 KiB; give what is readable of it now.

        Nothing at all says that the network has ended.
        `ended` is set once nothing more can come. SSLError where the other side refuses us, or
        what came is not of this connection.
        """
        if chunk:
            self._incoming.write(chunk)
        else:
            self._incoming.write_eof()
        filled = 0
        try:
            while count := self._read(_RECORD, self._view[filled:]):
                filled += count
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:
            self.ended = True  # cut off without a goodbye; MQTT has its own
        return bytes(self._view[:filled])

    def seal(self, data: bytes) -> bytes:
        """Give what has to go over the network for `data`, which may be empty, to arrive."""
        if data:
            self._tls.write(data)
        return self._outgoing.read()
