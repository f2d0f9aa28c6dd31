"""A small disk of its own for a service's data, which can be filled and freed again."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

BLOCK = 1_000_000


class SmallDisk:
    """A tmpfs at `folder`, of `size` bytes; where none can be mounted it is an ordinary folder.

    `small` tells whether it was. An ordinary folder cannot be filled.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.small = False
        self._filler = folder / "filler"

    @property
    def free(self) -> int:
        """How many bytes are left."""
        return shutil.disk_usage(self.folder).free

    def fill(self, leave: int = 0) -> None:
        """Write until no more than `leave` bytes are left."""
        if not self.small:
            return
        with self._filler.open("ab", buffering=0) as file:
            while (more := self.free - leave) > 0:
                try:
                    file.write(bytes(min(BLOCK, more)))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def clear(self) -> None:
        """Give back what was filled."""
        self._filler.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Mount it; only root may."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.folder)]
        if os.geteuid() == 0 and shutil.which("mount"):
            self.small = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return self

    def __exit__(self, *_: object) -> None:
        """Unmount it; what lies on it is gone."""
        if self.small:
            with contextlib.suppress(OSError):
                self.clear()
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
