"""How far a long command has come: one moving line on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

_EVERY_ON_TERMINAL = 0.2
_EVERY = 5.0
_FIRST = 2.0
_SOONEST_ETA = 1.0


class Progress:
    """Tells a count, its rate and the time left on standard error.

    `total` is None where nobody knows it. Use it as a context manager, so that the moving line is
    wiped when something else is to be printed or an error ends the command.
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        *,
        stream: TextIO | None = None,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._total = what, total
        self._stream = sys.stderr if stream is None else stream
        self._stopwatch = stopwatch
        self._moving = self._stream.isatty()
        self._began = stopwatch()
        self._due = self._began + (0.0 if self._moving else _FIRST)
        self._shown = ""

    def tell(self, count: int, beside: str = "") -> None:
        """Say how many are done, and `beside` behind it; cheap to call often."""
        now = self._stopwatch()
        if now < self._due:
            return
        self._due = now + (_EVERY_ON_TERMINAL if self._moving else _EVERY)
        self._show(self._line(count, now - self._began) + (f", {beside}" if beside else ""))

    def clear(self) -> None:
        """Wipe the moving line, so that other lines can be printed."""
        if self._shown:
            self._stream.write(f"\r{' ' * len(self._shown)}\r")
            self._stream.flush()
            self._shown = ""

    def _line(self, count: int, passed: float) -> str:
        rate = count / passed if passed > 0 else 0.0
        known = f" of {self._total:,}" if self._total is not None else ""
        line = f"{count:,}{known} {self._what}, {rate:,.0f}/s"
        if self._total is None or count >= self._total or not count or passed < _SOONEST_ETA:
            return line
        return f"{line}, {_length((self._total - count) / rate)} left"

    def _show(self, line: str) -> None:
        if self._moving:
            self._stream.write(f"\r{line:<{len(self._shown)}}")
            self._shown = line
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the moving line."""
        self.clear()


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
