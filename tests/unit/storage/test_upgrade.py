"""Files of an older form open, keep what they hold, and join the ledger from then on."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Refused
from core.journal import Draft, Kind, draft
from core.ledger import Fate, look
from core.readings import Reading, Readings
from core.rejection import Reason, Rejection
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

JOURNAL_1 = """
PRAGMA journal_mode=WAL;
CREATE TABLE entries(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX entries_at ON entries(at);
CREATE TABLE usage(bytes INTEGER NOT NULL);
CREATE TABLE marks(consumer TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE gaps(
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, entries INTEGER NOT NULL,
    readings INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE TABLE letters(
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, reason TEXT NOT NULL,
    payload BLOB NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, detail TEXT NOT NULL,
    cost INTEGER NOT NULL{retained});
CREATE INDEX letters_of_topic ON letters(topic, id, cost);
CREATE INDEX letters_by_reason ON letters(reason, id);
CREATE TABLE letter_sources(topic TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE letter_reasons(reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE letter_totals(bytes INTEGER NOT NULL, dropped INTEGER NOT NULL);
INSERT INTO letter_totals VALUES(66, 0);
INSERT INTO letters(topic, reason, payload, size, at, detail, cost)
    VALUES('old', 'malformed', x'78', 1, 7, 'why', 66);
INSERT INTO letter_sources VALUES('old', 66);
INSERT INTO letter_reasons VALUES('malformed', 1);
INSERT INTO marks VALUES('history', 0);
PRAGMA application_id=0x4D574A31;
PRAGMA user_version=1;
"""
HISTORY_1 = """
PRAGMA journal_mode=WAL;
CREATE TABLE position(value INTEGER NOT NULL);
INSERT INTO position VALUES(1);
CREATE TABLE classes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE channels(
    class INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY(class, number), UNIQUE(class, name)) WITHOUT ROWID;
CREATE TABLE assets(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, class INTEGER NOT NULL, UNIQUE(name, class));
CREATE TABLE quality(
    asset INTEGER NOT NULL, at INTEGER NOT NULL, channel INTEGER NOT NULL, mark INTEGER NOT NULL,
    PRIMARY KEY(asset, at, channel)) WITHOUT ROWID;
INSERT INTO classes VALUES(1, 'pump');
INSERT INTO channels VALUES(1, 0, 'v');
INSERT INTO assets VALUES(1, 'p1', 1);
CREATE TABLE telemetry_1(asset INTEGER NOT NULL, at INTEGER NOT NULL, c0 REAL,
    PRIMARY KEY(asset, at)) WITHOUT ROWID;
INSERT INTO telemetry_1 VALUES(1, 5, 2.5);
PRAGMA application_id=0x4D574831;
PRAGMA user_version=1;
"""


def block(at: int, messages: int = 0) -> Readings:
    said = Readings.of("pump", ("v",), [Reading("p1", at, {"v": 1.0})], at)
    return replace(said, source="telemetry" if messages else "", messages=messages)


def make_journal(path: Path, retained: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(JOURNAL_1.format(retained=retained))
    for entry in (draft(1, block(1)), draft(2, block(2))):
        values = (entry.at, int(entry.kind), entry.body)
        connection.execute("INSERT INTO entries(at, kind, body) VALUES(?, ?, ?)", values)
    connection.execute("INSERT INTO usage SELECT sum(length(body) + 64) FROM entries")
    connection.commit()
    connection.close()


def make_history(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(HISTORY_1)
    connection.close()


@pytest.mark.parametrize("retained", ["", ", retained INTEGER NOT NULL DEFAULT 0"])
def test_a_journal_of_form_1_keeps_what_it_holds(tmp_path: Path, retained: str) -> None:
    path = tmp_path / "journal.db"
    make_journal(path, retained)
    for _ in range(2):
        journal = SqliteJournal(path, JournalSettings())
        assert [(e.id, e.at, e.kind, e.messages) for e in journal.read(0, 2)] == [
            (1, 1, Kind.READINGS, 0),
            (2, 2, Kind.READINGS, 0),
        ]
        (letter,) = journal.rejected(10, Reason.MALFORMED)
        assert (letter.topic, letter.detail, letter.source, letter.messages) == (
            "old",
            "why",
            "",
            0,
        )
        journal.append([draft(3, block(3, 1))], (), {("telemetry", Fate.RECEIVED, ""): 1})
        journal.append([], [Rejection("new", Reason.NOT_UTF8, b"x", 1, "", True, "telemetry", 1)])
        assert journal.rejected()[0].retained
        journal.close()
    journal = SqliteJournal(path, JournalSettings())
    assert journal.booked(0).waiting == {"telemetry": 2}
    journal.mark("history", 4)
    assert journal.trim(100) == 4
    assert journal.usage().bytes == 0
    journal.close()


def test_a_history_of_form_1_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    make_history(path)
    names = set()
    for _ in range(2):
        history = SqliteHistory(path)
        assert history.position() == 1
        assert history.read("p1", ("v",), 0, 10).values.tolist() == [[2.5]]
        names.add(history.account().history)
        history.close()
    assert len(names) == 1


def test_what_older_files_hold_takes_no_part_in_the_sum_and_what_comes_after_does(
    tmp_path: Path,
) -> None:
    make_journal(tmp_path / "journal.db", "")
    make_history(tmp_path / "history.db")
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    history = SqliteHistory(tmp_path / "history.db")
    journal.pair(history.account())
    assert look(history, journal) == ()
    journal.append([draft(3, block(3, 1))], (), {("telemetry", Fate.RECEIVED, ""): 1})
    (line,) = look(history, journal)
    assert (line.received, line.waiting, line.missing) == (1, 1, 0)
    history.write([Readings.decode(entry.body) for entry in journal.read(1)], 3)
    (line,) = look(history, journal)
    assert (line.received, line.stored, line.waiting, line.missing) == (1, 1, 0, 0)
    journal.close()
    history.close()


def test_a_file_of_a_later_form_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteJournal(path, JournalSettings()).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=4")
    connection.close()
    with pytest.raises(Refused, match="newer Millwright"):
        SqliteJournal(path, JournalSettings())


def test_a_planted_loss_is_found(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    history = SqliteHistory(tmp_path / "history.db")
    journal.pair(history.account())
    for number in range(1, 4):
        entry = replace(Draft(number, Kind.READINGS, b"x"), source="telemetry", messages=number)
        journal.append([entry], (), {("telemetry", Fate.RECEIVED, ""): number})
    with journal._file.writing() as connection:
        connection.execute("DELETE FROM entries WHERE id = 2")
    (line,) = look(history, journal)
    assert line.missing == 2
    journal.close()
    history.close()
