"""Whether the box's own clock can be believed: without that, nothing is judged by its time."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from core.clock import Clock, Instant, from_datetime

PLAUSIBLE: Instant = from_datetime(datetime(2024, 1, 1, tzinfo=UTC))
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_UNSYNCHRONISED = 5


class _Timex(ctypes.Structure):
    """Enough room for the kernel's `struct timex`; only `modes` is read."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 508))


def clock_is_synchronised() -> bool:
    """Ask the system whether its clock follows a time server."""
    if _TIMESYNC.exists():
        return True
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        return False
    return bool(0 <= state < _UNSYNCHRONISED)


class Trust:
    """Believes the clock when it is synchronised, or not behind what the journal already holds.

    `last_entry` is when the journal's newest entry was written.
    """

    def __init__(
        self,
        clock: Clock,
        last_entry: Instant,
        synchronised: Callable[[], bool] = clock_is_synchronised,
    ) -> None:
        self._clock = clock
        self._newest = last_entry
        self._synchronised = synchronised
        self._lock = threading.Lock()
        self.trusted = False
        self.look()

    def look(self) -> bool:
        """Judge the clock again; call it each tick."""
        now = self._clock()
        with self._lock:
            self.trusted = max(self._newest, PLAUSIBLE) <= now or self._synchronised()
            if self.trusted:
                self._newest = now
            return self.trusted
