"""Whether the box's own clock can be believed: without that, nothing is judged by its time."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from core.clock import HOUR, SECOND, Clock, Instant, from_datetime

PLAUSIBLE: Instant = from_datetime(datetime(2024, 1, 1, tzinfo=UTC))
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_UNSYNCHRONISED = 5
_LATELY = 3600.0
STEP = HOUR


class _Timex(ctypes.Structure):
    """Enough room for the kernel's `struct timex`; only `modes` is read."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 508))


def clock_is_synchronised() -> bool:
    """Ask the system whether its clock follows a time server.

    The kernel forgets it where someone sets the clock. It also forgets it some hours after the
    last answer of a time server; what `systemd-timesyncd` notes counts for an hour.
    """
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        state = _UNSYNCHRONISED
    return bool(0 <= state < _UNSYNCHRONISED) or _told_lately()


def _told_lately() -> bool:
    try:
        return abs(time.time() - _TIMESYNC.stat().st_mtime) < _LATELY
    except OSError:
        return False


def since_boot() -> float:
    """Tell the seconds since the machine started, asleep or not; nobody can set it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Trust:
    """Believes the clock when it is synchronised, or goes on from where it was.

    It must not be behind what the journal already holds (`last_entry` is when its newest entry was
    written), nor jump ahead: within a run it goes at the pace of `elapsed`, to within an hour.
    Thread-safe.
    """

    def __init__(
        self,
        clock: Clock,
        last_entry: Instant,
        synchronised: Callable[[], bool] = clock_is_synchronised,
        elapsed: Callable[[], float] = since_boot,
    ) -> None:
        self._clock = clock
        self._newest = last_entry
        self._at: float | None = None
        self._synchronised = synchronised
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self.trusted = False
        self.look()

    def look(self) -> bool:
        """Judge the clock again; cheap enough for every batch."""
        with self._lock:
            now, elapsed = self._clock(), self._elapsed()
            self.trusted = self._goes_on(now, elapsed) or self._synchronised()
            if self.trusted:
                self._newest, self._at = now, elapsed
            return self.trusted

    def certain(self) -> bool:
        """Tell whether a time server vouches for the clock: less must not make us delete."""
        return self.look() and self._synchronised()

    def _goes_on(self, now: Instant, elapsed: float) -> bool:
        if now < max(self._newest, PLAUSIBLE):
            return False
        if self._at is None:
            return True
        return now - self._newest <= round((elapsed - self._at) * SECOND) + STEP
