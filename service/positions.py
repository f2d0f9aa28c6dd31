"""How far a forwarder has come: a small file, written anew as a whole and synced."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import msgspec

from core.errors import Refused, Unavailable


class Positions(msgspec.Struct):
    """The last journal entry and the last step of a case that need not be sent any more.

    `sent` is the number that the next parcel follows: the last entry that one named, and beyond it
    as many as had to make room before they were sent. `cuts` are the ends of all parcels that were
    begun and may have arrived, noted before they were sent: no later parcel goes beyond the next of
    them, so that none holds both what has arrived and what has not. `until_event` is the same for
    steps of cases, which are never cut smaller. `journal` names the record that they belong to,
    made up when the file is.
    """

    journal: str
    entry: int = 0
    event: int = 0
    until_event: int = 0
    sent: int = 0
    cuts: list[int] = []


class PositionFile:
    """Keeps positions in a file; it is only ever replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = b""
        self.now = self._read()

    def _read(self) -> Positions:
        if not self._path.exists():
            return Positions(uuid.uuid4().hex[:12])
        try:
            self._written = self._path.read_bytes()
            return msgspec.json.decode(self._written, type=Positions)
        except (OSError, msgspec.MsgspecError) as error:
            msg = f"{self._path} cannot be read ({error}); move it aside to forward all anew"
            raise Refused(msg) from error

    def save(self) -> None:
        """Write it where it has changed; `Unavailable` where the disk does not take it.

        The folder is synced too: going back to an older file would double what was sent since.
        """
        body = msgspec.json.encode(self.now)
        if body == self._written:
            return
        beside = self._path.with_suffix(".new")
        try:
            with beside.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            msg = f"{self._path}: {error.strerror}"
            raise Unavailable(msg) from error
        self._written = body
