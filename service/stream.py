"""The event stream: one look-out per process wakes the clients, and each reads by id for itself.

A client holds only the id of the last event it was given, so that nothing is lost or doubled,
whether it is slow, comes back later, or the service was restarted in between.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import structlog
from anyio.to_thread import run_sync
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from core.casefile import CaseFile
from core.errors import Unavailable
from service.pulse import Pulse

LOOK_EVERY = 0.05
KEEP_ALIVE = 15.0
STALLED = 30.0
"""Seconds after which a client that takes nothing is let go; it comes back where it was."""

RETRY = 1000
BATCH = 200

_log = structlog.get_logger("feed")


class Hub:
    """Looks for new events and wakes the clients that wait for them."""

    def __init__(self, casefile: CaseFile, pulse: Pulse, most: int) -> None:
        self._casefile = casefile
        self._pulse = pulse
        self._most = most
        self._waiting: dict[object, tuple[Callable[..., Any], anyio.Event]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat = time.monotonic()
        self.clients = 0
        self.last = 0
        self.beat_number = 0

    @property
    def closed(self) -> bool:
        """Whether the streams are to end."""
        return self._stop.is_set()

    @property
    def full(self) -> bool:
        """Whether no more clients are taken."""
        return self.clients >= self._most

    def age(self) -> float:
        """Seconds since it last looked."""
        return time.monotonic() - self._beat if self._thread is not None else 0.0

    def start(self) -> None:
        """Begin to look."""
        self._stop.clear()
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all streams; safe from any thread, and more than once."""
        self._stop.set()
        self._wake()

    def join(self, seconds: float = 5) -> None:
        """Wait until nobody looks any more."""
        if self._thread is not None:
            self._thread.join(seconds)
        self._thread = None
