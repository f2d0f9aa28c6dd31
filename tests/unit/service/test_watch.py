import threading

import pytest

from core.clock import SECOND, ManualClock
from core.errors import Unavailable
from core.journal import Journal, Link, LinkChanged, Tick, decode, draft
from service.watch import NOTE, IngestWatch
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.stubborn import StubbornJournal


class Stopwatch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal() -> Journal:
    return MemoryJournal(JournalSettings())


def test_a_journal_that_grows_is_left_alone(journal: Journal) -> None:
    elapsed = Stopwatch()
    watch = IngestWatch(journal, 10 * SECOND, ManualClock(7), elapsed)
    for _ in range(10):
        elapsed.now += 10
        journal.append([draft(0, Tick(connected=True))])

        assert not watch.look()


def test_a_journal_that_stands_still_is_told_once_every_three_ticks(journal: Journal) -> None:
    elapsed = Stopwatch()
    watch = IngestWatch(journal, 10 * SECOND, ManualClock(7), elapsed)
    told = []
    for _ in range(13):
        elapsed.now += 5
        told.append(watch.look())

    assert [at for at, ticked in enumerate(told) if ticked] == [5, 11]
    ticks = [decode(entry) for entry in journal.read(0)]
    assert ticks == [Tick(connected=False, source="serve", notes=(NOTE,))] * 2


def test_an_ingest_that_comes_back_ends_the_silence(journal: Journal) -> None:
    elapsed = Stopwatch()
    watch = IngestWatch(journal, 10 * SECOND, ManualClock(7), elapsed)
    elapsed.now = 30
    assert watch.look()
    journal.append([draft(0, LinkChanged(Link.CONNECTED))])
    elapsed.now = 55

    assert not watch.look()
    elapsed.now = 70
    assert not watch.look()


def test_a_full_journal_does_not_end_the_watch() -> None:
    class Full(MemoryJournal):
        asked = threading.Event()

        def last_id(self) -> int:
            if self.asked.is_set():
                stop.set()
                raise Unavailable("journal is full")
            self.asked.set()
            return 0

    stop = threading.Event()
    watch = IngestWatch(Full(JournalSettings()), SECOND, ManualClock(), Stopwatch())

    watch.run(stop)

    assert stop.is_set()


def test_a_journal_that_could_not_be_written_explains_the_silence() -> None:
    elapsed, journal = Stopwatch(), StubbornJournal(JournalSettings())
    watch = IngestWatch(journal, 10 * SECOND, ManualClock(7), elapsed)
    journal.trouble = Unavailable("the disk is full")
    elapsed.now = 100
    with pytest.raises(Unavailable):
        watch.look()
    journal.trouble = None
    elapsed.now = 129
    assert not watch.look()
    elapsed.now = 130
    assert watch.look()
