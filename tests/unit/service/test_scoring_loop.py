from __future__ import annotations

import threading

import pytest

from core.alert import Change
from core.casefile import Advance
from core.clock import SECOND
from core.errors import Unavailable
from core.journal import Entry
from service.casework import Casework
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.bench import P2, Bench, running
from tests.plants import plant
from tests.waiting import until


@pytest.fixture
def bench() -> Bench:
    return Bench(plant())


def test_scoring_is_alive_before_each_detector_that_it_asks(bench: Bench) -> None:
    beats: list[int] = []
    bench.scoring._casework.watch(lambda: beats.append(len(beats)))
    bench.says().scored()
    (pump,) = bench.plant.classes.values()
    assert len(beats) > len(pump.detectors)


def test_a_step_ends_where_somebody_waits(bench: Bench) -> None:
    bench.says().says(P2, vibration=5).says("site/hall/p3")
    assert bench.scoring.step() == 2
    assert bench.scoring.position == 2
    assert bench.scoring.step() == 1
    assert bench.scoring.step() == 0


class EndingJournal(MemoryJournal):
    """Tells scoring to stop as it hands out many entries."""

    def __init__(self) -> None:
        super().__init__(JournalSettings())
        self.stop = threading.Event()

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        self.stop.set()
        return super().read(after, limit)


def test_an_entry_at_most_delays_the_end_and_the_rest_is_scored_later(bench: Bench) -> None:
    journal = bench.journal = EndingJournal()
    bench.restart()
    for _ in range(5):
        bench.says()
    bench.scoring.run(journal.stop)
    assert bench.scoring.position == 1
    assert bench.restart().scored().scoring.position == 5


def test_the_journal_gets_a_trailing_copy_of_the_position(bench: Bench) -> None:
    bench.says().scored()
    assert bench.journal.marks() == {}
    bench.ticks(1).scored()
    assert bench.journal.marks() == {"scoring": 2}


class FlakyCaseFile(MemoryCaseFile):
    """A case file whose disk is full for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def commit(self, advance: Advance) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("disk full", 0.01)
        super().commit(advance)


def test_what_could_not_be_committed_is_committed_later() -> None:
    bench = Bench(plant())
    bench.casefile = flaky = FlakyCaseFile()
    bench.restart().says(vibration=5)
    flaky.failures = 2
    for _ in range(2):
        with pytest.raises(Unavailable):
            bench.scoring.step()
    assert bench.scoring.position == 0
    assert bench.changes() == [Change.OPENED]
    assert len(flaky.pending("mqtt")) == 1


def test_a_running_loop_commits_alerts_at_once_and_the_rest_when_it_stops() -> None:
    bench, stop = Bench(plant()), threading.Event()
    thread = running(bench, stop)
    bench.says().passes(SECOND).says(vibration=5)
    until(lambda: bench.casefile.events(0))
    bench.passes(SECOND).says(P2)
    stop.set()
    thread.join()
    bench.scored()
    assert bench.scoring.position == bench.journal.last_id()


def test_a_running_loop_outlasts_a_full_disk() -> None:
    bench, stop = Bench(plant()), threading.Event()
    bench.casefile = flaky = FlakyCaseFile()
    flaky.failures = 3
    bench.restart().says(vibration=5)
    thread = running(bench, stop)
    until(lambda: bench.casefile.events(0))
    stop.set()
    thread.join()
    assert bench.changes() == [Change.OPENED]


class PoisonedJournal(MemoryJournal):
    """A journal whose first read breaks in a way that nobody foresaw."""

    broken = True

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        if self.broken:
            self.broken = False
            raise ZeroDivisionError
        return super().read(after, limit)


def test_a_running_loop_starts_over_after_an_unforeseen_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.scoring.PATIENCE", 0.01)
    bench, stop = Bench(plant()), threading.Event()
    bench.journal = PoisonedJournal(JournalSettings())
    bench.restart().says(vibration=5)
    thread = running(bench, stop)
    until(lambda: bench.casefile.events(0))
    stop.set()
    thread.join()
    assert bench.changes() == [Change.OPENED]


def test_an_entry_that_breaks_scoring_is_left_out_and_told_and_the_next_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.scoring.PATIENCE", 0.01)
    bench, stop = Bench(plant()), threading.Event()
    bench.says(vibration=1)
    poison = bench.journal.last_id()
    apply = Casework.apply

    def breaks(casework: Casework, entry: Entry) -> None:
        if entry.id == poison:
            raise ZeroDivisionError
        apply(casework, entry)

    monkeypatch.setattr(Casework, "apply", breaks)
    bench.passes(SECOND).says(vibration=5)
    thread = running(bench, stop)
    until(lambda: len(bench.casefile.events(0)) == 2)
    stop.set()
    thread.join()
    titles = [alert.title for _, alert in bench.casefile.events(0)]
    assert titles[0] == "An entry of the journal cannot be judged"
    assert bench.scoring.position == bench.journal.last_id()
