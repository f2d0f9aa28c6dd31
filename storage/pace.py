"""How much of a flood is kept: so many at once, and then so many each second."""

from __future__ import annotations

from core.clock import SECOND, Instant


class Pace:
    """A bucket of allowances that fills by the time that it is told."""

    def __init__(self, burst: int, a_second: int) -> None:
        self._burst = float(burst)
        self._a_second = a_second
        self._may = self._burst
        self._last: Instant | None = None

    def step(self, count: int, at: Instant) -> int:
        """Return each how manyth of `count` is kept, which is then used up; 0 for none."""
        passed = 0 if self._last is None else max(0, at - self._last)
        self._last = at
        self._may = min(self._burst, self._may + self._a_second * passed / SECOND)
        may = int(self._may)
        if not may or not count:
            return 0
        step = -(-count // may)
        self._may -= -(-count // step)
        return step
