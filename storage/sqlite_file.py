"""One SQLite file that lasts: opened with care, one writer, many readers, errors by what to do."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.errors import DiskTrouble, Refused, Unavailable
from storage.guard import Guard
from storage.soundness import Form, damaged, examine, is_damage, look_through

_WAL_LIMIT = 64_000_000
_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_NOT_NOW = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO}


class SqliteFile:
    """A file in WAL mode that several threads and processes may use at once.

    Writers take turns (`storage/guard.py`); readers never wait. A durable transaction is on the
    disk when it returns, a relaxed one may be lost by a power cut, but never in part.
    """

    def __init__(self, path: Path, form: Form) -> None:
        self.path = path
        self._form = form
        self._readers: list[sqlite3.Connection] = []
        self._writers: dict[bool, sqlite3.Connection] = {}
        self._closed = False
        self._wal = path.with_name(path.name + "-wal")
        self._wal_limit = _WAL_LIMIT
        with self._opening():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._guard = Guard(path.with_name(path.name + "-guard"))
            try:
                with self._translated():
                    broken = look_through(path)  # others may write meanwhile
                with self._guard.held(), self._translated():
                    examine(path, form, broken)
                    self._prepare()
            except BaseException:
                self._guard.close()
                raise

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Run a transaction: committed at the end, or undone by any error."""
        with self._guard.held(), self._translated():
            connection = self._writer(durable)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                self._undo(connection, error, durable=durable)
                raise
            self._shorten()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read from one moment's state of the file."""
        with self._translated():
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = self._connect("mode=rw")
                connection.execute("PRAGMA query_only=ON")
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            self._readers.append(connection)
            if self._closed:
                self._close_readers()

    def close(self) -> None:
        """Close the connections of all threads; a reader at work closes its own at the end."""
        if self._closed:
            return
        self._closed = True
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(Unavailable):  # a stuck writer elsewhere must not keep us
                stack.enter_context(self._guard.held())
            self._close_readers()
            for connection in self._writers.values():
                connection.close()
            self._writers.clear()
            self._guard.close()

    def _prepare(self) -> None:
        connection = self._connect("mode=rwc")
        try:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found < self._form.version:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(
                    f"BEGIN IMMEDIATE; {self._form.script(found)}"
                    f"PRAGMA application_id={self._form.application_id};"
                    f"PRAGMA user_version={self._form.version}; COMMIT;"
                )
        finally:
            connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        if self._closed:
            msg = f"{self.path.name} is closed"
            raise Unavailable(msg)
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=5.0,
            isolation_level=None,
            check_same_thread=False,
        )

    def _writer(self, durable: bool) -> sqlite3.Connection:
        connection = self._writers.get(durable)
        if connection is None:
            connection = self._connect("mode=rw")
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT}")
            self._writers[durable] = connection
        return connection

    def _undo(self, connection: sqlite3.Connection, error: BaseException, *, durable: bool) -> None:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):  # the disk may come back as another one
            self._writers.pop(durable, None)
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _shorten(self) -> None:
        """Bring the write-ahead log back to nothing where busy readers let it grow."""
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size <= self._wal_limit:
            return
        writer = self._writer(True)
        writer.execute("PRAGMA busy_timeout=100")
        try:
            busy = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            busy = 1
        writer.execute("PRAGMA busy_timeout=5000")
        self._wal_limit = size + _WAL_LIMIT // 4 if busy else _WAL_LIMIT

    def _close_readers(self) -> None:
        while self._readers:
            with contextlib.suppress(IndexError):
                self._readers.pop().close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if is_damage(error):
                raise damaged(self.path, self._form.what, str(error)) from error
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            msg = f"{self.path.name}: {error}"
            if code in _OF_THE_DISK:
                raise DiskTrouble(msg) from error
            if code in _NOT_NOW or self._closed:
                raise Unavailable(msg) from error
            raise

    @contextlib.contextmanager
    def _opening(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            msg = f"cannot open {self.path}: {error.strerror}"
            if error.errno in _NO_ROOM:
                raise Unavailable(msg) from error
            raise Refused(msg) from error
