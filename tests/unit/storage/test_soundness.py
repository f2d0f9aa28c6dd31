from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Refused
from core.journal import Draft, Kind
from storage import soundness
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import FORM, SqliteJournal
from storage.settings import JournalSettings

BODY = bytes(range(256)) * 8
ROOT = Path(__file__).parents[3]


def open_journal(path: Path) -> SqliteJournal:
    return SqliteJournal(path, JournalSettings())


def a_journal(path: Path, entries: int = 100) -> Path:
    journal = open_journal(path)
    for number in range(entries):
        journal.append([Draft(number, Kind.TICK, BODY)])
    journal.close()
    return path


def a_killed_journal(folder: Path) -> Path:
    """A journal whose process died: what it wrote is still in the write-ahead log."""
    path = folder / "journal.db"
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from tests.unit.storage.test_soundness import BODY, open_journal, Draft, Kind\n"
        "journal = open_journal(Path(sys.argv[2]))\n"
        "for n in range(100): journal.append([Draft(n, Kind.TICK, BODY)])\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(ROOT), str(path)], check=False)
    assert path.with_name("journal.db-wal").stat().st_size > 0
    return path


def with_noise_in_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * (path.stat().st_size - 8192))


def with_a_broken_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 64)


def with_a_broken_first_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * 3000)


def with_text_in_its_place(path: Path) -> None:
    path.write_text("this was never a journal\n")


def with_half_cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def with_all_but_a_few_bytes_cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10)


DAMAGES = [
    with_noise_in_the_middle,
    with_a_broken_header,
    with_a_broken_first_page,
    with_text_in_its_place,
    with_half_cut_off,
    with_all_but_a_few_bytes_cut_off,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_is_refused_with_what_to_do_and_left_alone(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = a_journal(tmp_path / "journal.db")
    damage(path)
    before = path.read_bytes()
    with pytest.raises(Refused) as refusal:
        open_journal(path)
    words = str(refusal.value)
    assert words.startswith(f"{path} is damaged (")
    assert "nothing in it was changed" in words
    assert "move journal.db aside" in words
    assert "`sqlite3 journal.db .recover`" in words
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [with_a_broken_header, with_text_in_its_place])
def test_the_write_ahead_log_of_a_damaged_journal_is_left_alone_too(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = a_killed_journal(tmp_path)
    damage(path)
    wal = path.with_name("journal.db-wal")
    before = wal.read_bytes()
    with pytest.raises(Refused, match="is damaged"):
        open_journal(path)
    assert wal.read_bytes() == before


def test_an_emptied_journal_with_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    path = a_killed_journal(tmp_path)
    path.write_bytes(b"")
    wal = path.with_name("journal.db-wal").read_bytes()
    with pytest.raises(Refused, match="is damaged"):
        open_journal(path)
    assert path.with_name("journal.db-wal").read_bytes() == wal


def test_a_journal_too_large_to_be_looked_through_is_still_refused_when_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_journal(tmp_path / "journal.db")
    with_half_cut_off(path)
    monkeypatch.setattr(soundness, "_CHECKED_WHOLE", 0)
    with pytest.raises(Refused, match=r"cut off at \d+ of \d+ bytes"):
        open_journal(path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_is_refused_and_left_alone_however_large_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    path = a_journal(tmp_path / "journal.db")
    damage(path)
    before = path.read_bytes()
    monkeypatch.setattr(soundness, "_CHECKED_WHOLE", 0)
    with pytest.raises(Refused, match="journal.db is damaged"):
        open_journal(path)
    assert path.read_bytes() == before


def test_a_journal_too_large_for_the_time_there_is_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_journal(tmp_path / "journal.db", entries=2000)
    monkeypatch.setattr(soundness, "_CHECKED_WHOLE", 0)
    monkeypatch.setattr(soundness, "_AT_MOST", 0.0)
    for _ in range(20):
        assert soundness.look_through(path) == ""
    journal = open_journal(path)
    assert len(journal.read(0, 5000)) == 2000
    journal.close()


def test_a_large_journal_in_use_is_looked_through_beside_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_journal(tmp_path / "journal.db")
    monkeypatch.setattr(soundness, "_CHECKED_WHOLE", 0)
    first, second = open_journal(path), open_journal(path)
    second.append([Draft(1, Kind.TICK, BODY)])
    assert first.append([Draft(2, Kind.TICK, BODY)]) == 102
    first.close()
    second.close()


def test_looking_at_a_journal_leaves_its_write_ahead_log_alone(tmp_path: Path) -> None:
    path = a_killed_journal(tmp_path)
    wal = path.with_name("journal.db-wal")
    before = path.read_bytes(), wal.read_bytes()
    with pytest.raises(Refused, match="newer Millwright"):
        soundness.examine(path, replace(FORM, version=0))
    assert (path.read_bytes(), wal.read_bytes()) == before


def test_a_journal_whose_process_was_killed_opens_with_all_it_held(tmp_path: Path) -> None:
    path = a_killed_journal(tmp_path)
    journal = open_journal(path)
    assert [entry.at for entry in journal.read(0)] == list(range(100))
    journal.close()


def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    journal = open_journal(path)
    assert journal.append([Draft(1, Kind.TICK, BODY)]) == 1
    journal.close()


def test_a_creation_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "half.db", isolation_level=None)
    connection.execute("PRAGMA cache_size=2")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE half(made)")
    for _ in range(50):
        connection.execute("INSERT INTO half VALUES(?)", (BODY,))
    path = tmp_path / "journal.db"
    for suffix in ("", "-journal"):
        shutil.copy(tmp_path / f"half.db{suffix}", tmp_path / f"journal.db{suffix}")
    connection.close()
    assert path.with_name("journal.db-journal").stat().st_size > 0
    journal = open_journal(path)
    assert journal.append([Draft(1, Kind.TICK, BODY)]) == 1
    journal.close()


def test_a_journal_of_a_newer_form_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = a_journal(tmp_path / "journal.db")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Refused, match=r"written by a newer Millwright \(its form is 99"):
        open_journal(path)
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos(id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Refused, match="is a SQLite file, but not a journal of Millwright"):
        open_journal(path)
    assert path.read_bytes() == before


def test_a_journal_is_not_taken_for_a_history(tmp_path: Path) -> None:
    path = a_journal(tmp_path / "journal.db")
    with pytest.raises(Refused, match="but not a telemetry history of Millwright"):
        SqliteHistory(path)


def test_damage_that_shows_only_while_running_is_refused_by_name(tmp_path: Path) -> None:
    path = a_journal(tmp_path / "journal.db")
    journal = open_journal(path)
    with_noise_in_the_middle(path)
    with pytest.raises(Refused, match="journal.db is damaged"):
        journal.read(0)
    journal.close()


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(Refused, match=r"cannot open .*data/journal.db"):
        open_journal(tmp_path / "data" / "journal.db")
