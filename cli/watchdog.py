"""The watchdog: systemd hears from us as long as every thread gets somewhere, and no longer."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog

from cli.notify_socket import NotifySocket
from core.clock import SECOND

if TYPE_CHECKING:
    from cli.runtime import Runtime

HANGS_AFTER = 60.0
"""Seconds without progress after which a thread counts as hanging, as for `/livez`."""

_EVERY = 10.0
_log = structlog.get_logger("millwright")


@contextlib.contextmanager
def watched(runtime: Runtime) -> Iterator[None]:
    """Tell the system's service manager that all runs, how it stands meanwhile, and the end."""
    manager = NotifySocket(os.environ)
    manager.tell("READY=1")
    if manager.listened:
        runtime.parts.start("watchdog", partial(Watchdog(manager, runtime).run, runtime.stop))
    try:
        yield
    finally:
        manager.tell("STOPPING=1")


class Watchdog:
    """Feeds the system's watchdog, and keeps the words beside the service up to date."""

    def __init__(self, manager: NotifySocket, runtime: Runtime) -> None:
        self._manager = manager
        self._runtime = runtime
        self._every = min(_EVERY, manager.patience / 3) if manager.patience else _EVERY
        self._told = ""
        self._hanging: list[str] = []

    def run(self, stop: threading.Event) -> None:
        """Look from time to time until told to stop."""
        while True:
            self.turn()
            if stop.wait(self._every):
                return

    def turn(self) -> None:
        """Look once: feed the watchdog where all get somewhere, and say what is new."""
        ages = heartbeats(self._runtime)
        hanging = sorted(name for name, age in ages.items() if age > self._allowed(name))
        if hanging and hanging != self._hanging:
            _log.critical("threads_hang", threads=hanging)
        self._hanging = hanging
        words = f"hanging: {', '.join(hanging)}" if hanging else standing(self._runtime)
        lines = [] if hanging else ["WATCHDOG=1"]
        if words != self._told:
            lines.append(f"STATUS={words}")
            self._told = words
        if lines:
            self._manager.tell(*lines)

    def _allowed(self, thread: str) -> float:
        """Tell how long a thread may be busy: that of history also waits for InfluxDB's answer."""
        history = self._runtime.config.service.history
        waits = thread == "history" and history.kind == "influxdb"
        return HANGS_AFTER + (history.timeout / SECOND if waits else 0.0)


def heartbeats(runtime: Runtime) -> Mapping[str, float]:
    """Tell for each thread that does the work how many seconds ago it last got somewhere."""
    ages: dict[str, float] = {}
    if runtime.pipeline is not None:
        ages |= runtime.pipeline.status().heartbeats
    if runtime.scoring is not None:
        ages["scoring"] = max(0.0, time.monotonic() - runtime.scoring.heartbeat)
    return ages


def standing(runtime: Runtime) -> str:
    """Say in one line how the service stands; what is wrong comes first."""
    if runtime.pipeline is None:
        return f"scored up to journal entry {runtime.scoring.position}" if runtime.scoring else ""
    status = runtime.pipeline.status()
    if status.trouble:
        return "; ".join(status.trouble).replace("\n", " ")
    broker = runtime.config.service.broker.url
    return f"{'connected to' if status.connected else 'connecting to'} {broker}"
