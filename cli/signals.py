"""How a command stops when it is asked to."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def until_signal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM while the context lasts."""
    kept = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
