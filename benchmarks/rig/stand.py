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

    def start(self) -> Self:
        """Start it; it may take a second until it works."""
        with (self.folder / "service.log").open("ab") as log:
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
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
        self._process = None


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
        self.service.end()
        self.broker.stop()


def wait_for(what: str, true: Callable[[], bool], seconds: float, every: float = 0.2) -> None:
    """Wait until something holds; TimeoutError names what did not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            msg = f"{what}: not within {seconds:.0f} s"
            raise TimeoutError(msg)
        time.sleep(every)
