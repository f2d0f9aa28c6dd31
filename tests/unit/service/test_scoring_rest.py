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


def events_of(casefile: SlowCaseFile) -> float:
    """Score a run of events, and return how many seconds passed until all were told."""
    story = Story(plant(), MemoryJournal())
    for number in range(EVENTS):
        story.passes(MINUTE).says(vibration=2.0 if number % 2 else 5.0)
    stop = threading.Event()
    scorer = Scoring(story.plant, story.journal, casefile)
    thread = threading.Thread(target=scorer.run, args=(stop,))
    begun = time.monotonic()
    thread.start()
    while casefile.last_event() < EVENTS and time.monotonic() < begun + 20:
        time.sleep(0.005)
    took = time.monotonic() - begun
    stop.set()
    thread.join()
    assert casefile.last_event() == EVENTS
    return took


def test_many_events_at_once_cost_few_commits_where_a_commit_is_dear() -> None:
    casefile = SlowCaseFile(0.05)
    events_of(casefile)
    assert casefile.commits <= 4


def test_scoring_rests_for_a_moment_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "LONGEST_REST", 0.1)
    assert events_of(SlowCaseFile(1.0)) < 2.7
