"""A change to a file: what it says now, and what it is to say."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from cli.folder import shown


@dataclass(frozen=True, slots=True)
class Change:
    """A file as it is (None where it is new) and as it is to be."""

    path: Path
    before: str | None
    after: str

    def diff(self) -> str:
        """Show what changes, as a unified diff."""
        old, name = (self.before or "").splitlines(keepends=True), shown(self.path)
        new = self.after.splitlines(keepends=True)
        source = name if self.before is not None else "/dev/null"
        return "".join(difflib.unified_diff(old, new, source, name))

    def do(self) -> None:
        """Write the file as it is to be."""
        _write(self.path, self.after)

    def undo(self) -> None:
        """Write the file as it was."""
        if self.before is None:
            self.path.unlink(missing_ok=True)
        else:
            _write(self.path, self.before)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    if path.exists():
        beside.chmod(path.stat().st_mode & 0o777)
    beside.replace(path)
