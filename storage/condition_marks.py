"""How far judgements have been written to their store, in a small file beside the cases."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import structlog

from core.clock import Instant

_log = structlog.get_logger("conditions")


class Marks(msgspec.Struct):
    """The last event written, and of each asset and name the time of the newest.

    `place` says which store that was: another one begins anew.
    """

    place: str = ""
    event: int = 0
    newest: dict[str, dict[str, Instant]] = {}


class MarksFile:
    """Keeps `Marks` in a file, or without a path as long as the process lives.

    A file that is broken or of another store begins anew: that only repeats what is stored.
    """

    def __init__(self, place: str, path: Path | None = None) -> None:
        self._path = path
        self.now = Marks(place)
        if path is not None and path.exists():
            try:
                found = msgspec.json.decode(path.read_bytes(), type=Marks)
            except (OSError, msgspec.MsgspecError, UnicodeError) as error:
                _log.warning("marks_unreadable", path=str(path), why=str(error))
                return
            if found.place == place:
                self.now = found

    def save(self) -> None:
        """Write them; where that fails, more is repeated after a restart."""
        if self._path is None:
            return
        try:
            beside = self._path.with_suffix(".new")
            with beside.open("wb") as file:
                file.write(msgspec.json.encode(self.now))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            _log.warning("marks_unwritable", path=str(self._path), why=str(error))
