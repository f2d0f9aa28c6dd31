"""How a command stops when it is asked to, and the exit code that says so."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_TOLD = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a program from outside; a closed terminal sends the second."""


class Asked:
    """What signal asked for the end. `number` is 0 while none came; `code` is its exit code."""

    def __init__(self) -> None:
        self.number = 0

    @property
    def code(self) -> int:
        """The exit code of something left unfinished: 130 for Ctrl-C, 143 for SIGTERM; else 0."""
        return 128 + self.number if self.number else 0


@contextlib.contextmanager
def until_signal(stop: threading.Event) -> Iterator[Asked]:
    """Set `stop` on SIGINT, SIGTERM and SIGHUP while the context lasts; the second Ctrl-C kills."""
    asked = Asked()

    def note(number: int, _frame: FrameType | None) -> None:
        asked.number = number
        # by another thread, since this one may hold the lock of `stop`, as it waits for it
        _thread.start_new_thread(stop.set, ())
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, *_TOLD)}
    for number, handler in kept.items():
        if handler is not signal.SIG_IGN:  # nohup, or a shell's background job
            signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def saying(words: str) -> Iterator[None]:
    """Say words as soon as Ctrl-C comes, which may take a while to end what is at work."""

    def note(_number: int, _frame: FrameType | None) -> None:
        print(f"\n{words}", file=sys.stderr, flush=True)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    kept = signal.getsignal(signal.SIGINT)
    if kept is not signal.default_int_handler:  # nohup, or a shell's background job
        yield
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def leave_on_signal() -> None:
    """Make SIGTERM and SIGHUP unwind the program like Ctrl-C does, so that nothing stays behind."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    for number in _TOLD:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)
