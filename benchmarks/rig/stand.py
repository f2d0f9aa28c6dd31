"""A test stand: a broker, the service as a process that can be killed, and a look at its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from benchmarks.rig.fleet import Fleet, write_config
from simulators.broker import PrivateMosquitto, free_port


class Service:
    """`millwright run` (or a part of it) as a process, with its log beside its data."""

    def __init__(self, folder: Path, command: str = "run") -> None:
        self.folder = folder
        self._command = command
        self._log = folder / ("service.log" if command == "run" else f"{command}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        if self._process is None:
            msg = "not started"
            raise RuntimeError(msg)
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """Return the end of its log."""
        log = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(log.splitlines()[-10:])

    def start(self) -> Self:
        """Start it; it may take a second until it works."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", self._command, "-c", str(self.folder)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        return self

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it politely, or as a power cut would (SIGKILL)."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
            raise


class Stand:
    """A folder with a broker and a service over one fleet's configuration."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self.folder = folder
        self.broker = PrivateMosquitto(folder / "broker", extra=("autosave_interval 1800",))
        self.feed_port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        write_config(folder, fleet, self.broker.port, self.feed_port)
        self.service = Service(folder)

    def __enter__(self) -> Self:
        """Start the broker; the service is started when wanted."""
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop both."""
        try:
            self.service.end()
        finally:
            self.broker.stop()

    def wait_for(self, what: str, true: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds while the service runs.

        TimeoutError names what did not hold; RuntimeError shows the last words of a service that
        ended by itself.
        """
        deadline = time.monotonic() + seconds
        while not true():
            if not self.service.alive:
                msg = f"{what}: the service ended by itself\n{self.service.last_words()}"
                raise RuntimeError(msg)
            if time.monotonic() > deadline:
                msg = f"{what}: not within {seconds:.0f} s"
                raise TimeoutError(msg)
            time.sleep(0.2)
