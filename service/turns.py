"""Turns: looks now and then whether a process is due, and sees it through to its end.

What takes long runs in that process, so that scoring is on time whatever it takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from subprocess import TimeoutExpired
from typing import Protocol

import structlog

from core.errors import MillwrightError

_PATIENCE = 5.0
_BEAT = 0.2
_log = structlog.get_logger("turns")


class Running(Protocol):
    """A process that runs."""

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        ...


def take_turns(
    turn: Callable[[threading.Event], object],
    stop: threading.Event,
    first: float,
    every: float,
    what: str,
) -> None:
    """Call `turn` after `first` seconds and then after each `every`, until told to stop.

    `what` names it in the logs.
    """
    wait = first
    while not stop.wait(wait):
        wait = every
        try:
            turn(stop)
        except (MillwrightError, OSError) as error:
            _log.warning(f"{what}_put_off", why=str(error))
        except Exception:
            _log.exception(f"{what}_put_off")  # scoring goes on whatever ails this


def seen_out(process: Running, stop: threading.Event, what: str) -> bool:
    """Wait for a process to end; one that still runs when it is time to stop is ended, false."""
    while process.poll() is None:
        if stop.wait(_BEAT):
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except TimeoutExpired:
                _log.warning(f"{what}_does_not_end")
            return False
    return True
