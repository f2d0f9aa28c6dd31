"""Ticks: time passing, and every standing fault in words."""

from __future__ import annotations

import threading

import pytest

from core.clock import SECOND, ManualClock
from core.errors import Refused, Unavailable
from core.journal import Draft, Kind, Tick, Usage, decode
from ingest.heartbeat import Filling, Heartbeat
from storage.settings import JournalSettings
from tests.messages import NOW
from tests.stubborn import StubbornJournal


class Works:
    """A heartbeat over a journal that can be made to fail."""

    def __init__(self, every: int = SECOND) -> None:
        self.journal = StubbornJournal()
        self.notes: list[tuple[str, str]] = []
        self.connected = self.trusted = True
        self.heartbeat = Heartbeat(
            self.journal,
            ManualClock(NOW),
            every,
            connected=lambda: self.connected,
            trusted=lambda: self.trusted,
            notes=lambda: self.notes,
        )

    def ticks(self) -> list[Tick]:
        found = [decode(entry) for entry in self.journal.read(0) if entry.kind is Kind.TICK]
        return [tick for tick in found if isinstance(tick, Tick)]


def test_a_tick_tells_how_things_stand() -> None:
    works = Works()
    assert works.heartbeat.tick()
    works.connected = works.trusted = False
    works.notes = [("broker", "gone")]
    assert works.heartbeat.tick()
    assert works.ticks() == [
        Tick(connected=True),
        Tick(connected=False, trusted=False, notes=(("broker", "gone"),)),
    ]


def test_a_journal_that_was_away_is_told_once_it_takes_a_tick() -> None:
    works = Works()
    works.journal.trouble = Unavailable("the disk is full")
    assert not works.heartbeat.tick()
    assert not works.heartbeat.tick()
    works.journal.trouble = None
    assert works.heartbeat.tick() and works.heartbeat.tick()
    first, second = works.ticks()
    assert first.notes == (
        ("journal unavailable", "the journal could not be written: the disk is full"),
    )
    assert second.notes == ()


def test_a_journal_that_cannot_say_how_full_it_is_still_takes_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = Works()

    def usage() -> Usage:
        raise Unavailable("locked")

    monkeypatch.setattr(works.journal, "usage", usage)
    assert works.heartbeat.tick()


def test_a_damaged_journal_ends_the_ticks() -> None:
    works = Works()
    works.journal.trouble = Refused("journal.db is damaged")
    with pytest.raises(Refused):
        works.heartbeat.run(threading.Event(), lambda: None)


def test_a_damaged_journal_that_cannot_say_how_full_it_is_ends_the_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = Works()

    def usage() -> Usage:
        raise Refused("journal.db is damaged")

    monkeypatch.setattr(works.journal, "usage", usage)
    with pytest.raises(Refused):
        works.heartbeat.tick()


def test_the_thread_ticks_until_it_is_told_to_stop() -> None:
    works = Works(every=SECOND // 1000)
    stop, beats = threading.Event(), []

    def beat() -> None:
        beats.append(1)
        if len(works.ticks()) >= 3:
            stop.set()

    works.heartbeat.run(stop, beat)
    assert len(works.ticks()) >= 3
    assert len(beats) >= 3


def usage(share: float) -> Usage:
    return Usage(int(share * 10), 1000, 1, 1, NOW)


@pytest.mark.parametrize(
    ("share", "code"),
    [
        *((49, None), (50, "50 %"), (79, "50 %"), (80, "80 %")),
        *((99.4, "80 %"), (99.6, "100 %"), (100, "100 %")),
    ],
)
def test_a_filling_journal_is_told_by_the_level_that_it_passed(
    share: float, code: str | None
) -> None:
    notes = Filling().notes(usage(share), 0.0)
    assert [note[0] for note in notes] == ([] if code is None else [f"journal {code}"])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((1, "less than two minutes"), (3600, "60 minutes")),
        *((36_000, "10 hours"), (864_000, "10 days")),
    ],
)
def test_the_time_that_is_left_is_told_at_the_present_rate(seconds: float, words: str) -> None:
    filling = Filling()
    filling.notes(usage(40), 0.0)
    ((_, said),) = filling.notes(usage(70), seconds)
    assert said.endswith(f"at this rate it is full in {words}")


def test_a_journal_that_empties_has_no_time_left_to_tell() -> None:
    filling = Filling()
    filling.notes(usage(70), 0.0)
    ((_, said),) = filling.notes(usage(60), 100.0)
    assert said == "the journal is 60 % full"


def test_a_journal_full_of_what_only_age_keeps_is_no_fault() -> None:
    works = Works()
    works.journal = StubbornJournal(JournalSettings(max_size=10_000))
    works.heartbeat._journal = works.journal
    works.journal.append([Draft(NOW, Kind.COMMAND, b"x" * 9000)])
    works.heartbeat.tick()
    works.journal.mark("history", 1)
    works.journal.mark("scoring", 1)
    works.heartbeat.tick()
    assert [[code for code, _ in tick.notes] for tick in works.ticks()] == [["journal 80 %"], []]


def test_of_a_journal_that_cannot_be_asked_nothing_is_told() -> None:
    assert Filling().notes(None, 0.0) == []
