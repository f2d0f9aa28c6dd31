from __future__ import annotations

import threading
import time

import pytest

from core.casefile import Advance
from core.clock import MINUTE
from service import scoring
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.plants import plant
from tests.story import Story
from tests.waiting import until

EVENTS = 40


class SlowCaseFile(MemoryCaseFile):
    """Takes its time to commit, as a large checkpoint does."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.commits = 0

    def commit(self, advance: Advance) -> None:
        time.sleep(self.seconds)
        super().commit(advance)
        self.commits += bool(advance.transitions)


def scorer_of(casefile: SlowCaseFile) -> Scoring:
    """Make a scorer that has a run of events before it."""
    story = Story(plant(), MemoryJournal())
    for number in range(EVENTS):
        story.passes(MINUTE).says(vibration=2.0 if number % 2 else 5.0)
    return Scoring(story.plant, story.journal, casefile)


def test_many_events_at_once_cost_few_commits_where_a_commit_is_dear() -> None:
    casefile, stop = SlowCaseFile(0.05), threading.Event()
    thread = threading.Thread(target=scorer_of(casefile).run, args=(stop,))
    thread.start()
    until(lambda: casefile.last_event() >= EVENTS)
    stop.set()
    thread.join()
    assert casefile.last_event() == EVENTS
    assert casefile.commits <= 4


def test_scoring_rests_for_a_moment_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "LONGEST_REST", 0.1)
    casefile = SlowCaseFile(0.5)
    scorer = scorer_of(casefile)
    scorer._turn()
    assert casefile.commits == 1
    assert scorer._rests_until <= time.monotonic() + 0.1
