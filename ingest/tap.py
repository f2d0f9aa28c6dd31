"""A socket for the MQTT client that keeps the messages for us and hands on all other packets."""

from __future__ import annotations

import contextlib
import select
import socket
import time

from ingest.packets import Cutter, Packet
from ingest.seal import Seal

CHUNK = 65_536
"""How much is received at once: larger chunks overlap less with the broker's work."""

_SEND_WITHIN = 20.0


class Tap:
    """Wraps a connected socket. What is received runs through a `Cutter`.

    Where there is TLS it runs through a `Seal` before. `why` is what ended the stream, where
    something went wrong.

    The client sees whole packets that are no messages, and would-block in place of the rest. What
    is sent goes out whole before `send` returns, so that nothing of ours can fall into the middle
    of a packet of the client's, and nothing is left behind at `close`.
    """

    def __init__(self, sock: socket.socket, cutter: Cutter, seal: Seal | None = None) -> None:
        self._socket = sock
        self._cutter = cutter
        self._seal = seal
        self.why: OSError | None = None

    @property
    def waiting(self) -> int:
        """How many bytes of messages have been cut and not yet taken."""
        return self._cutter.size

    def take(self) -> list[Packet]:
        """Hand over the messages received so far."""
        return self._cutter.take()

    def recv(self, size: int) -> bytes:
        """Give the client the next bytes that are its own; BlockingIOError when there are none."""
        others = self._cutter.others
        if not others:
            if not self._receive():
                return b""
            if not others:
                raise BlockingIOError
        part = bytes(others[:size])
        del others[:size]
        return part

    def _receive(self) -> bool:
        """Receive once and cut what came; false at the end of the stream."""
        seal = self._seal
        try:
            chunk = self._socket.recv(CHUNK)
            if seal is None:
                self._cutter.feed(chunk)
                return bool(chunk)
            opened = seal.open(chunk)
            if answer := seal.seal(b""):
                self._send(answer)
            self._cutter.feed(opened)
        except BlockingIOError:
            raise
        except OSError as error:
            self.why = self.why or error
            raise
        if seal.ended and opened:
            self._socket.shutdown(socket.SHUT_RD)  # so that the end is met with the next look
        return bool(opened) or not seal.ended

    def pending(self) -> int:
        """Count what can be read without waiting."""
        return len(self._cutter.others)

    def send(self, data: bytes) -> int:
        """Send all of it, waiting where the network is slow; OSError when it does not move."""
        self._send(data if self._seal is None else self._seal.seal(data))
        return len(data)

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        deadline = time.monotonic() + _SEND_WITHIN
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                wait = deadline - time.monotonic()
                if wait <= 0 or not select.select([], [self._socket], [], wait)[1]:
                    msg = "the broker does not take what is sent"
                    raise TimeoutError(msg) from None

    def fileno(self) -> int:
        """Tell the descriptor, for select."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """Make the socket block, or not."""
        self._socket.setblocking(flag)

    def close(self) -> None:
        """Close it, letting what was sent still arrive."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()
