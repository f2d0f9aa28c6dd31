"""A store that is away, or behind, is one note from its start to its end, with figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.clock import SECOND, ManualClock
from core.errors import DiskTrouble, Unavailable
from core.journal import Tick, draft
from core.readings import Reading, Readings
from ingest.drain import CODE, Drain, span
from ingest.outage import Outage
from storage.journal_memory import MemoryJournal
from tests.messages import NOW, PUMP


class Writer:
    """Stands where it is told to."""

    def __init__(self, works: Works) -> None:
        self.outage = Outage("history", lambda: works.time)
        self.position: int | None = 0
        self.pace: float | None = None


class Works:
    """A journal, what drains it, and one clock for all."""

    def __init__(self) -> None:
        self.time = 0.0
        self.clock = ManualClock(NOW)
        self.journal = MemoryJournal()
        self.writer = Writer(self)
        self.drain = Drain(self.journal, self.writer, self.clock, lambda: self.time)

    def passes(self, seconds: float) -> Works:
        self.time += seconds
        self.clock.advance(round(seconds * SECOND))
        return self

    def says(self, messages: int) -> Works:
        reading = Reading("karachi/hall/p1", self.clock(), {"vibration": 1.0})
        block = Readings.of("pump", PUMP.channel_names, [reading], self.clock())
        block = replace(block, source="telemetry", messages=messages)
        self.journal.append([draft(self.clock(), block)])
        return self

    def words(self) -> str:
        note = self.drain.note()
        assert note is None or note[0] == CODE
        return "" if note is None else note[1]


def test_what_is_over_at_once_is_not_told() -> None:
    works = Works().says(5)
    works.writer.outage.failed(Unavailable("busy"))
    assert works.passes(2).words() == ""
    works.writer.outage.worked()
    works.writer.position = 1
    assert works.passes(2).words() == "" and not works.drain.told


def test_a_store_that_is_away_is_told_with_its_age_and_what_waits() -> None:
    works = Works().says(5)
    works.writer.outage.failed(Unavailable("InfluxDB at http://db: no connection"))
    works.passes(240).says(7)
    assert works.words() == (
        "for 4 min nothing could be stored: InfluxDB at http://db: no connection. What comes in "
        "waits in the journal, and alerts go on. 12 readings (2 journal entries) wait, the oldest "
        "for 4 min; once it is back, storing them takes a time not known yet."
    )
    works.writer.pace = 0.05
    assert "storing them takes about 4 min." in works.words()


def test_an_outage_that_began_before_our_start_is_told_sooner() -> None:
    works = Works().says(5).passes(6)
    works.writer.outage.failed(Unavailable("no connection"))
    assert works.words() == ""
    assert "the oldest for 7 s" in works.passes(1).words()


def test_a_store_that_lets_us_not_in_is_told_in_its_own_words_of_now() -> None:
    works = Works().says(1)
    works.writer.outage.failed(Unavailable("no connection"))
    assert "no connection" in works.passes(5).words()
    works.writer.outage.failed(Unavailable("401 unauthorized; history.token is not known there"))
    assert "401 unauthorized; history.token is not known there. What comes" in works.words()


def test_what_waits_is_told_until_it_is_stored() -> None:
    works = Works()
    for _ in range(10):
        works.says(1000).passes(10)
    works.writer.outage.failed(Unavailable("away"))
    assert works.passes(5).words()
    works.writer.outage.worked()
    works.writer.position, works.writer.pace = 2, 100.0
    assert works.words() == (
        "catching up: 8,000 readings (8 journal entries) wait, the oldest for 85 s; that takes "
        "about 80 s more. What comes in waits in the journal, and alerts go on."
    )
    works.writer.position = 6
    assert "4,000 readings" in works.passes(20).words()
    assert "that takes about 20 s more" in works.words()
    works.passes(60)
    assert "not getting less" not in works.words()
    works.writer.position = 10
    assert works.words() == "" and not works.drain.told


def test_what_was_told_before_a_restart_stands_until_the_store_was_asked() -> None:
    works = Works().says(5)
    works.drain.told = True
    assert works.words().startswith("catching up")
    works.writer.outage.failed(Unavailable("no connection"))
    assert "nothing could be stored: no connection" in works.words()
    works.writer.outage.worked()
    assert works.words() == ""


def test_a_backlog_that_stays_as_it_is_is_said_to() -> None:
    works = Works().says(5)
    works.drain.told = True
    assert "journal entry) wait" in works.passes(20).words()
    assert "it is not getting less" in works.passes(20).words()


def test_an_outage_while_it_catches_up_is_the_same_one() -> None:
    works = Works().says(5)
    works.writer.outage.failed(Unavailable("away"))
    assert works.passes(30).words()
    works.writer.outage.worked()
    assert works.words().startswith("catching up")
    works.writer.outage.failed(Unavailable("away again"))
    assert "away again" in works.words()


def test_a_store_that_is_only_slow_is_told_once_it_stays_behind() -> None:
    works = Works().says(5).passes(70)
    assert works.words() == ""
    assert works.passes(59).words() == ""
    assert works.passes(2).words().startswith("catching up")


def test_ticks_that_wait_for_a_moment_are_no_lag() -> None:
    works = Works()
    works.journal.append([draft(NOW, Tick(connected=True))])
    works.drain.told = True
    works.writer.outage.worked()
    assert works.passes(9).words() == ""


def test_a_journal_that_cannot_be_asked_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Works().says(5)
    works.writer.outage.failed(Unavailable("away"))
    before = works.passes(5).words()

    def broken() -> int:
        raise Unavailable("locked")

    monkeypatch.setattr(works.journal, "last_id", broken)
    works.writer.outage.worked()
    assert works.words() == before


def test_before_the_store_was_ever_asked_its_mark_counts() -> None:
    works = Works().says(5).says(6)
    works.writer.position = None
    works.journal.mark("history", 1)
    works.writer.outage.failed(Unavailable("away"))
    assert "6 readings (1 journal entry) wait" in works.passes(5).words()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (119, "119 s"), (150, "2 min"), (9000, "2 hours")]
)
def test_lengths_of_time_are_told_in_one_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_store_that_a_full_disk_keeps_from_storing_is_no_trouble_of_its_own() -> None:
    works, full = Works().says(5), True
    works.drain = Drain(
        works.journal, works.writer, works.clock, lambda: works.time, disk_full=lambda: full
    )
    works.writer.outage.failed(DiskTrouble("history.db: database or disk is full"))
    assert works.passes(30).words() == ""
    works.writer.outage.failed(Unavailable("no connection"))
    assert "no connection" in works.passes(1).words()


def test_a_disk_that_fails_with_room_on_it_is_told() -> None:
    works = Works().says(5)
    works.writer.outage.failed(DiskTrouble("history.db: disk I/O error"))
    assert "disk I/O error" in works.passes(5).words()
