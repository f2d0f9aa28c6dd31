"""A case file or journal that fails in the middle of an entry, once or for good."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from core.alert import Alert, Change
from core.casefile import Advance, Outcome, Saved
from core.clock import HOUR, MINUTE, SECOND
from core.errors import Refused, Unavailable
from core.journal import Entry
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.bench import P1, Bench, running
from tests.plants import plant
from tests.story import Story
from tests.waiting import until


class FailingCaseFile(MemoryCaseFile):
    """Fails once, at its call number `fails_at` or its first one of `fails_on`."""

    def __init__(self, fails_at: int = -1, error: Callable[[], Exception] | None = None) -> None:
        super().__init__()
        self.fails_at = fails_at
        self.fails_on = ""
        self.calls: list[str] = []
        self._error = error or (lambda: Unavailable("disk I/O error", 0.001))

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.fails_at + 1 or name == self.fails_on:
            self.fails_on = ""
            raise self._error()

    def alert(self, alert_id: str) -> Alert | None:
        self._called("alert")
        return super().alert(alert_id)

    def outcome(self, command: str) -> Outcome | None:
        self._called("outcome")
        return super().outcome(command)

    def load(self) -> Saved:
        self._called("load")
        return super().load()

    def commit(self, advance: Advance) -> None:
        self._called("commit")
        super().commit(advance)


def tell(story: Story, case: str) -> Story:
    """An alert that is acknowledged, ends in a backlog, and is followed by another in one batch."""
    story.ticks(3).says().passes(10 * SECOND).says(vibration=9.0)
    story.asks("acknowledge", case)
    old = story.now
    story.passes(HOUR)
    for k in range(3):
        story.block(story.row(P1, old + (k + 1) * MINUTE))
    story.block(story.row(P1, story.now - SECOND), story.row(P1, story.now, vibration=9.0))
    story.mends(ago=MINUTE).passes(SECOND).says(vibration=9.0)
    return story


def told(bench: Bench) -> list[object]:
    saved = MemoryCaseFile.load(bench.casefile)
    notices = [(n.dedup_key, n.alert) for n in bench.casefile.pending("mqtt", 100)]
    return [*bench.casefile.events(0), notices, saved.checkpoint, saved.position]


def bench_of(casefile: FailingCaseFile, case: str) -> Bench:
    bench = Bench(plant(1))
    tell(bench, case)
    bench.casefile = casefile
    for _ in range(2):
        try:
            return bench.restart()
        except Unavailable:
            continue
    raise AssertionError("it fails once only")


def stepped(bench: Bench) -> Bench:
    """Step as a loop does that waits where a store is not there."""
    while True:
        try:
            if not bench.scoring.step(2):
                return bench
        except Unavailable:
            continue


@pytest.fixture(scope="module")
def case() -> str:
    bench = Bench(plant(1))
    tell(bench, "nobody")
    return bench.steps()[0][1].id


@pytest.fixture(scope="module")
def steady(case: str) -> Bench:
    return stepped(bench_of(FailingCaseFile(), case))


CALLS = 24


def test_the_story_asks_the_case_file_for_all_it_can(steady: Bench) -> None:
    calls = steady.casefile.calls  # type: ignore[attr-defined]
    assert set(calls) == {"load", "alert", "outcome", "commit"}
    assert len(calls) <= CALLS
    assert steady.changes().count(Change.OPENED) == 2


@pytest.mark.parametrize("place", range(CALLS))
def test_a_case_file_that_fails_once_anywhere_loses_nothing(
    steady: Bench, case: str, place: int
) -> None:
    assert told(stepped(bench_of(FailingCaseFile(place), case))) == told(steady)


@pytest.mark.parametrize("error", [lambda: Unavailable("busy", 0.001), ZeroDivisionError])
def test_a_running_loop_starts_over_where_an_entry_was_taken_in_by_half(
    steady: Bench, case: str, error: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.scoring.PATIENCE", 0.01)
    casefile, stop = FailingCaseFile(error=error), threading.Event()
    bench = bench_of(casefile, case)
    casefile.fails_on = "alert"
    thread = running(bench, stop)
    until(lambda: MemoryCaseFile.load(casefile).position == bench.journal.last_id())
    stop.set()
    thread.join()
    assert bench.casefile.events(0) == steady.casefile.events(0)


class DamagedJournal(MemoryJournal):
    """A journal whose file is broken."""

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        raise Refused("journal.db is damaged; move it aside")


def test_a_damaged_store_ends_the_loop_with_what_to_do() -> None:
    bench = Bench(plant(1))
    bench.journal = DamagedJournal(JournalSettings())
    bench.restart()
    with pytest.raises(Refused, match="move it aside"):
        bench.scoring.run(threading.Event())


def test_what_was_taken_in_by_half_is_not_committed_at_the_end(case: str, steady: Bench) -> None:
    casefile = FailingCaseFile()
    bench = bench_of(casefile, case)
    casefile.fails_on = "alert"
    for _ in range(50):
        try:
            bench.scoring.step(1)
        except Unavailable:
            break
    stop = threading.Event()
    stop.set()
    bench.scoring.run(stop)
    before = len(casefile.events(0))
    assert before < len(steady.casefile.events(0))
    assert told(stepped(bench)) == told(steady)
