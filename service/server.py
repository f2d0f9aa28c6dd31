"""The server: binds the feed's address, answers until told to stop, and then stops at once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from core.errors import Refused, Unavailable
from service.app import feed_of
from service.settings import FeedSettings, check_binding

STOP_WITHIN = 2
"""Seconds that requests have to end, once the service stops."""

SPARE = 200
"""Connections beside those that follow the event stream."""

_log = structlog.get_logger("feed")


class _Server(uvicorn.Server):
    """Ends when `stop` is set, and leaves signals to the command that started it."""

    def __init__(self, config: uvicorn.Config, stop: threading.Event, app: FastAPI) -> None:
        super().__init__(config)
        self._stop_event = stop
        self._feed = feed_of(app)

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether to stop; streams end first, as they never would."""
        if self._stop_event.is_set():
            self._feed.hub.close()
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down, and cut off whoever still hangs on after the time given to them."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # so that the loop closes their sockets

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def bind(settings: FeedSettings) -> socket.socket:
    """Take the feed's address; `Refused` says why it cannot be had.

    Refused too where other machines could reach it and no token is set.
    """
    check_binding(settings)
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        msg = f"feed.host {host}: this name is not known here ({error.strerror})"
        raise Refused(msg) from error
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from error
    return listener


def _refused(error: OSError, host: str, port: int) -> Refused | Unavailable:
    if error.errno == errno.EADDRINUSE:
        words = "is taken by another program, perhaps by this service running already"
        return Refused(f"feed.port {port} on {host} {words}; stop it, or set another feed.port")
    if error.errno == errno.EACCES:
        return Refused(f"feed.port {port} may not be taken by this user; use one above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return Refused(f"feed.host {host} is not an address of this machine")
    return Unavailable(f"feed.host {host}, feed.port {port}: {error.strerror}")


def serve(
    app: FastAPI,
    settings: FeedSettings,
    stop: threading.Event,
    listener: socket.socket | None = None,
) -> None:
    """Answer requests in this thread until `stop` is set, and end within three seconds then.

    `listener` comes from `bind`, where the address was taken before; otherwise it is taken here,
    with the same refusals.
    """
    taken = bind(settings) if listener is None else listener
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=STOP_WITHIN,
        limit_concurrency=settings.most_streams + SPARE,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config, stop, app)
    try:
        server.run(sockets=[taken])
    except SystemExit as error:
        msg = "the feed could not start; see the lines above"
        raise Unavailable(msg) from error
    finally:
        taken.close()
