"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 40, what: str = "it") -> None:
    """Wait until something is so; AssertionError where it is not in time."""
    deadline, pause = time.monotonic() + seconds, 0.002
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)  # many tests wait beside each other
