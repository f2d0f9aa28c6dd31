from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Unavailable
from storage import sqlite_file
from storage.guard import Guard
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

FORM = Form("thing", 7, 1, "CREATE TABLE things(id INTEGER PRIMARY KEY, body BLOB);")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    opened = SqliteFile(tmp_path / "things.db", FORM)
    yield opened
    opened.close()


def put(file: SqliteFile, size: int = 10, *, durable: bool = True) -> None:
    with file.writing(durable=durable) as connection:
        connection.execute("INSERT INTO things(body) VALUES(?)", (b"x" * size,))


def count(file: SqliteFile) -> int:
    with file.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM things").fetchone()[0])


def test_durable_writes_sync_the_log_and_relaxed_ones_leave_it_to_later(file: SqliteFile) -> None:
    with file.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with file.writing(durable=False) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1


def test_an_error_undoes_the_whole_transaction(file: SqliteFile) -> None:
    def fail() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO things VALUES(1, 'a')")
            connection.execute("INSERT INTO things VALUES(1, 'b')")

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    assert count(file) == 0
    put(file)
    assert count(file) == 1


def test_a_reader_sees_one_moment_while_others_write(file: SqliteFile) -> None:
    put(file)
    with file.reading() as connection:
        before = connection.execute("SELECT count(*) FROM things").fetchone()
        put(file)
        assert connection.execute("SELECT count(*) FROM things").fetchone() == before
    assert count(file) == 2


def test_a_reader_cannot_write(file: SqliteFile) -> None:
    def write() -> None:
        with file.reading() as connection:
            connection.execute("DELETE FROM things")

    with pytest.raises(Unavailable, match="readonly"):
        write()


def test_connections_are_used_again_from_any_thread(file: SqliteFile) -> None:
    for _ in range(10):
        thread = threading.Thread(target=count, args=(file,))
        thread.start()
        thread.join()
    assert len(file._readers) == 1


def test_a_closed_file_is_unavailable(file: SqliteFile) -> None:
    count(file)
    file.close()
    with pytest.raises(Unavailable, match="is closed"):
        count(file)
    with pytest.raises(Unavailable, match="is closed"):
        put(file)


def test_a_reader_at_work_while_the_file_closes_finishes_and_closes_too(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "things.db", FORM)
    with file.reading() as connection:
        file.close()
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
    assert file._readers == []


def test_closing_leaves_no_write_ahead_log_behind(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "things.db", FORM)
    put(file)
    file.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["things.db", "things.db-guard"]


def test_a_database_locked_by_a_stranger_is_unavailable(file: SqliteFile, tmp_path: Path) -> None:
    put(file)
    file._writers[True].execute("PRAGMA busy_timeout=10")
    stranger = sqlite3.connect(tmp_path / "things.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="things.db: database is locked"):
        put(file)
    stranger.execute("ROLLBACK")
    stranger.close()
    put(file)
    assert count(file) == 2


def test_a_write_ahead_log_that_readers_let_grow_is_cut_once_they_are_gone(
    file: SqliteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_WAL_LIMIT", 500_000)
    file._wal_limit = 500_000
    wal = tmp_path / "things.db-wal"
    with file.reading() as connection:
        connection.execute("SELECT count(*) FROM things").fetchone()
        for _ in range(10):
            put(file, 100_000)
        assert wal.stat().st_size > 1_000_000
    for _ in range(10):
        put(file, 100_000)
    assert wal.stat().st_size < 700_000
    assert count(file) == 20


def test_a_guard_that_another_keeps_is_given_up_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.guard._PATIENCE", 0.05)
    one, two = Guard(tmp_path / "g"), Guard(tmp_path / "g")

    def take(guard: Guard) -> None:
        with guard.held():
            pass

    with one.held():
        with pytest.raises(Unavailable, match="held by another writer"):
            take(two)
        with pytest.raises(Unavailable, match="held by another writer"):
            take(one)
    take(two)
    one.close()
    two.close()


def test_a_file_closes_although_another_process_keeps_the_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.guard._PATIENCE", 0.05)
    file = SqliteFile(tmp_path / "things.db", FORM)
    put(file)
    other = Guard(tmp_path / "things.db-guard")
    with other.held():
        file.close()
    other.close()
    with pytest.raises(Unavailable):
        put(file)
