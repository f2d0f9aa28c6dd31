"""Looks at a SQLite file before it is opened for writing, and changes nothing in it."""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import Refused

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_CHECKED_WHOLE = 32_000_000
_AT_MOST = 2.0
"""Seconds for which a larger file is looked through: a start must not take minutes."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a file of ours is: its `what` in words, SQLite application id, version and tables.

    `steps` bring an older file up to date: the script from each version to the next.
    """

    what: str
    application_id: int
    version: int
    schema: str
    steps: Mapping[int, str] = field(default_factory=dict)

    def script(self, found: int) -> str:
        """Return what turns a file of version `found`, 0 for an empty one, into one of ours."""
        if not found:
            return self.schema
        return "".join(self.steps[version] for version in range(found, self.version))


def examine(path: Path, form: Form, broken: str = "") -> None:
    """Raise `Refused`, saying what to do, where a file is damaged, foreign or too new.

    A missing file is fine. A file that has grown beyond what is quick to read is looked at in its
    header and schema only; the rest of it is for `look_through`, which tells what is `broken`.
    """
    size = path.stat().st_size if path.exists() else 0
    pending = _size(_beside(path, "-wal"))
    if not size and not pending:
        return
    if _size(_beside(path, "-journal")):
        return  # its making was interrupted before it held anything; SQLite finishes that
    _look_at_header(path, form, size, pending)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            _look_inside(connection, path, form, size)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not is_damage(error):
            raise
        raise damaged(path, form.what, str(error)) from error
    if broken:
        raise damaged(path, form.what, broken)


def look_through(path: Path) -> str:
    """Look through a large file for two seconds at most; returns what is broken, empty if nothing.

    The file may be in use meanwhile. What is not reached shows when it is read.
    """
    if _size(path) <= _CHECKED_WHOLE or _size(_beside(path, "-journal")):
        return ""
    late = threading.Event()
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0, check_same_thread=False
    )

    def end() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(_AT_MOST, end)
    timer.start()
    try:
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        verdict = str(error) if is_damage(error) else "ok"
    finally:
        timer.cancel()
        timer.join()
        connection.close()
    # A check that was cut short takes what it did not reach for lost.
    return "" if verdict == "ok" or late.is_set() else verdict


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether SQLite found the file itself to be broken."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def damaged(path: Path, what: str, detail: str) -> Refused:
    """Make the error for a broken file: which one, that it was left alone, and the way out."""
    detail = " ".join(detail.split())  # SQLite says some in several lines
    msg = (
        f"{path} is damaged ({detail}); it holds the {what} and nothing in it was changed. "
        f"Stop Millwright and move {path.name} aside, with {path.name}-wal where there is one. "
        f"Keep both: `sqlite3 {path.name} .recover` gets back what can still be read. "
        f"The next start makes a new file."
    )
    return Refused(msg)


def _look_at_header(path: Path, form: Form, size: int, pending: int) -> None:
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        raise damaged(path, form.what, "file is not a database")
    page, pages = struct.unpack_from(">H", head, 16)[0], struct.unpack_from(">I", head, 28)[0]
    whole = (65_536 if page == 1 else page) * pages
    if not pending and size < whole:
        raise damaged(path, form.what, f"cut off at {size} of {whole} bytes")


def _look_inside(connection: sqlite3.Connection, path: Path, form: Form, size: int) -> None:
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if found != form.application_id and (found or tables):
        msg = (
            f"{path} is a SQLite file, but not a {form.what} of Millwright; nothing in it was "
            f"changed. Move it elsewhere, or choose another data folder."
        )
        raise Refused(msg)
    if version > form.version:
        msg = (
            f"{path} was written by a newer Millwright (its form is {version}, this one knows "
            f"{form.version}); nothing in it was changed. Start the newer version, or choose "
            f"another data folder."
        )
        raise Refused(msg)
    if size <= _CHECKED_WHOLE:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise damaged(path, form.what, verdict)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
