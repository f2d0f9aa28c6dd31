"""What ingest remembers over a restart, beside the journal: its session, and clocks of sources."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import structlog

from core.clock import Span

_log = structlog.get_logger("ingest")


class Memory(msgspec.Struct):
    """The broker's session that was last held, and the offsets of clocks that are corrected.

    `lost` says in words that a session was lost, until the journal has it. `filters` are what the
    session was subscribed to. `behind` says that the history lags and that this was told.
    `devices` are those of each Sparkplug node that were there.
    """

    session: str = ""
    lost: str = ""
    offsets: dict[str, Span] = {}
    filters: list[str] = []
    behind: bool = False
    devices: dict[str, list[str]] = {}


class MemoryFile:
    """Keeps a `Memory` in a file; without a path, only as long as the process lives.

    Losing it costs a warning about a lost session, or a clock's offset being learned anew; so a
    broken file is put aside by being overwritten, and a disk that is full is passed over.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._saved = b""
        self.now = Memory()
        if path is not None and path.exists():
            try:
                self._saved = path.read_bytes()
                self.now = msgspec.json.decode(self._saved, type=Memory)
            except (OSError, msgspec.MsgspecError) as error:
                _log.warning("memory_unreadable", path=str(path), why=str(error))

    def save(self) -> None:
        """Write it where it changed; several threads may."""
        with self._lock:
            body = msgspec.json.encode(self.now)
            if self._path is None or body == self._saved:
                return
            try:
                beside = self._path.with_suffix(".new")
                with beside.open("wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self._path)
            except OSError as error:
                _log.warning("memory_unwritable", path=str(self._path), why=str(error))
                return
            self._saved = body
