from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from core.clock import SECOND
from core.journal import Draft, Kind
from core.rejection import Reason, Rejection
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings


def ticks(*at: int, size: int = 10) -> list[Draft]:
    return [Draft(moment, Kind.TICK, b"x" * size) for moment in at]


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "deep" / "er" / "journal.db", JournalSettings())
    journal.append(ticks(1, 2), [Rejection("t", Reason.MALFORMED, b"x", 1)])
    journal.mark("history", 2)
    journal.trim(10)
    journal.close()
    journal = SqliteJournal(tmp_path / "deep" / "er" / "journal.db", JournalSettings())
    assert journal.append(ticks(3)) == 3
    assert journal.marks() == {"history": 2}
    assert journal.rejected_counts() == {Reason.MALFORMED: 1}
    assert journal.usage().first_id == 3
    journal.close()


def test_two_openings_of_one_file_see_each_other(tmp_path: Path) -> None:
    one = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    two = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    assert [one.append(ticks(1)), two.append(ticks(2)), one.append(ticks(3))] == [1, 2, 3]
    assert [entry.at for entry in two.read(0)] == [1, 2, 3]
    assert one.usage() == two.usage()
    one.close()
    assert two.append(ticks(4)) == 4
    two.close()


def test_a_read_of_large_entries_stays_small_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    for number in range(12):
        journal.append(ticks(number, size=1_000_000))
    first = journal.read(0)
    assert len(first) == 8
    assert [entry.id for entry in journal.read(first[-1].id)] == [9, 10, 11, 12]
    journal.close()


def test_the_file_stays_as_large_as_what_it_holds_at_most(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, JournalSettings(max_size=2_000_000))
    for number in range(400):
        position = journal.append([Draft(number, Kind.READINGS, b"x" * 50_000)])
        journal.mark("history", position)
        journal.mark("scoring", position)
    journal.close()
    assert path.stat().st_size < 3_000_000


def test_sources_whose_rejections_are_gone_are_forgotten(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings(rejected_max_size=1_000))
    for number in range(100):
        journal.append([], [Rejection(f"topic {number}", Reason.BAD_TOPIC, b"x" * 100, 1)])
    kept = len(journal.rejected())
    with journal._file.reading() as connection:
        sources = connection.execute("SELECT count(*) FROM letter_sources").fetchone()[0]
    assert sources == kept < 10
    journal.close()


def test_a_journal_made_before_letters_knew_what_was_retained_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, JournalSettings())
    journal.append([], [Rejection("old", Reason.MALFORMED, b"x", 1)])
    journal.close()
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE letters DROP COLUMN retained")
    connection.close()
    for _ in range(2):
        journal = SqliteJournal(path, JournalSettings())
        journal.append([], [Rejection("new", Reason.MALFORMED, b"x", 1, retained=True)])
        assert [(each.topic, each.retained) for each in journal.rejected()][-2:] == [
            ("new", True),
            ("old", False),
        ]
        journal.close()


def test_trimming_lets_appends_go_on(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    for _ in range(20):
        journal.append(ticks(*range(200)))
    journal.mark("history", 4000)
    trimmer = threading.Thread(target=journal.trim, args=(1000,))
    trimmer.start()
    appended = 0
    while trimmer.is_alive():
        journal.append(ticks(2000))
        appended += 1
    trimmer.join()
    assert 10 < appended < 1000
    assert [entry.at for entry in journal.read(0, 1000)] == [2000] * appended
    journal.close()


def test_settings_are_written_as_an_engineer_would() -> None:
    settings = JournalSettings.model_validate(
        {"max_size": "500MB", "keep": "12h", "when_full": "drop_unstored"}
    )
    assert settings.max_size == 500_000_000
    assert settings.keep == 12 * 3600 * SECOND
    assert settings.commit_every == SECOND // 100
