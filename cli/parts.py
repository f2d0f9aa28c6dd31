"""The parts of a running service: a thread each, and what ended one that should never end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from core.errors import MillwrightError, Unavailable

_log = structlog.get_logger("millwright")


class Parts:
    """Starts threads that run until `stop`; one that fails sets it, and `check` raises why."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._failed: tuple[str, Exception] | None = None

    def start(self, name: str, target: Callable[[], None]) -> threading.Thread:
        """Run a part in a thread of its own."""

        def guarded() -> None:
            try:
                target()
            except Exception as error:
                _log.exception("part_failed", part=name)
                self._failed = self._failed or (name, error)
                self.stop.set()  # a service that lacks a part must not look alive

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def check(self) -> None:
        """Raise what ended a part, if anything did."""
        if self._failed is None:
            return
        name, error = self._failed
        if isinstance(error, MillwrightError):
            raise error
        msg = f"{name} ended by {type(error).__name__}: {error}"
        raise Unavailable(msg) from error

    def wait(self) -> None:
        """Wait until told to stop; raises like `check`."""
        while not self.stop.wait(1):
            pass
        self.check()
