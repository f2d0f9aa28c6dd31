"""Lets only one process at a time do a job, such as being the ingest of a data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from core.errors import Refused


class LockFile:
    """A lock that is let go when the process ends, however it ends.

    The file stays behind; it is the lock on it that counts. It holds the owner's process id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock; `Refused` names the process that has it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            msg = f"cannot make the lock {self.path}: {error.strerror}"
            raise Refused(msg) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            msg = (
                f"{self.path} is held by process {owner}: another {self.path.stem} runs on this "
                f"data folder; stop it first, or give this one another data folder"
            )
            raise Refused(msg) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        """Let the lock go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
