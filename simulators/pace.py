"""How fast messages are let go: at once, N times as fast as they happened, or as they happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from core.clock import SECOND, Clock, Instant


class Pace(Protocol):
    """Tells how long a message must still wait."""

    def wait(self, at: Instant) -> float:
        """Give the seconds to wait before what happened at `at` may go; 0 or less: now."""
        ...


class AtOnce:
    """As fast as the broker takes them."""

    def wait(self, at: Instant) -> float:
        """Never wait."""
        return 0.0


class Accelerated:
    """`times` as fast as it happened, counted from the first message."""

    def __init__(self, times: float, stopwatch: Callable[[], float] = time.monotonic) -> None:
        if not times > 0:
            msg = f"a speed must be above 0, not {times:g}"
            raise ValueError(msg)
        self._times = times
        self._stopwatch = stopwatch
        self._began: tuple[Instant, float] | None = None

    def wait(self, at: Instant) -> float:
        """Wait until so much of the watch has passed as the events' time allows."""
        now = self._stopwatch()
        if self._began is None:
            self._began = at, now
        first, began = self._began
        return (at - first) / SECOND / self._times - (now - began)


class OnTheClock:
    """Each at its own moment of the clock, so that live telemetry is live."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wait(self, at: Instant) -> float:
        """Wait until the clock shows the message's time."""
        return (at - self._clock()) / SECOND


def pace(speed: str) -> Pace:
    """Read a speed as people write it: `max`, `real`, or a factor such as `600` or `x600`."""
    if speed == "max":
        return AtOnce()
    if speed == "real":
        return Accelerated(1.0)
    try:
        return Accelerated(float(speed.removeprefix("x")))
    except ValueError:
        msg = f"{speed!r} is not a speed; write max, real, or how many times as fast: 600"
        raise ValueError(msg) from None
