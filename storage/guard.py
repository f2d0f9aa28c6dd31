"""Lets one writer at a time at a file: one thread of this process, one process of this machine.

SQLite has locks of its own, but up to 3.51.2 a checkpoint that meets another connection's commit
at the wrong moment can lose committed writes (its documentation calls it the WAL-reset bug). Who
commits or checkpoints holds this guard, so the two never meet.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from core.errors import Unavailable

_PATIENCE = 10.0
_STEP = 0.001


class Guard:
    """A lock that holds between threads and between processes."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._next = threading.Lock()  # who waits first is served first
        self._threads = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the guard; `Unavailable` where another writer keeps it for too long."""
        self._queue()
        try:
            self._lock()
            try:
                yield
            finally:
                if self._file >= 0:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Let go of the file; call it while holding the guard."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _queue(self) -> None:
        """Wait for the threads before us; a thread that just held the guard goes to the end."""
        if not self._next.acquire(timeout=_PATIENCE):
            raise self._busy()
        try:
            if not self._threads.acquire(timeout=_PATIENCE):
                raise self._busy()
        finally:
            self._next.release()

    def _lock(self) -> None:
        if self._file < 0:
            msg = f"{self._name} is closed"
            raise Unavailable(msg)
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise self._busy() from None
                time.sleep(_STEP)
            else:
                return

    def _busy(self) -> Unavailable:
        return Unavailable(f"{self._name} is held by another writer")
