"""A service manager's end of the notify socket."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Self

from tests.waiting import until


class Manager:
    """Hears what a service of `Type=notify` says; `environment` leads it here."""

    def __init__(self, folder: Path, watchdog: float | None = None) -> None:
        self._path = folder / "notify"
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._link.bind(str(self._path))
        self._link.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": str(self._path)}
        if watchdog is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """Give every line heard so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self._link.recv(4096).decode().splitlines()
        return self.heard

    def hears(self, line: str, times: int = 1) -> None:
        """Wait until a line was said so often."""
        until(lambda: self.listen().count(line) >= times, what=line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()
