from __future__ import annotations

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


class Watch:
    """A clock that goes on as the case file commits, and a little whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.001
        return self.now


class SlowCaseFile(MemoryCaseFile):
    """Takes its time to commit, as a large checkpoint does."""

    def __init__(self, seconds: float, watch: Watch) -> None:
        super().__init__()
        self.seconds, self.watch = seconds, watch
        self.commits = 0

    def commit(self, advance: Advance) -> None:
        self.watch.now += self.seconds
        super().commit(advance)
        self.commits += bool(advance.transitions)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Put a clock of this test's own before the scorer."""
    made = Watch()
    monkeypatch.setattr(scoring, "time", made)
    return made


def scorer_of(casefile: SlowCaseFile) -> Scoring:
    """Make a scorer that has a run of events before it."""
    story = Story(plant(), MemoryJournal())
    for number in range(EVENTS):
        story.passes(MINUTE).says(vibration=2.0 if number % 2 else 5.0)
    return Scoring(story.plant, story.journal, casefile)


def test_many_events_at_once_cost_few_commits_where_a_commit_is_dear(watch: Watch) -> None:
    casefile = SlowCaseFile(0.05, watch)
    scorer = scorer_of(casefile)
    for _ in range(4 * EVENTS):
        scorer._turn()
    assert casefile.last_event() == EVENTS
    assert 1 <= casefile.commits <= 4


def test_scoring_rests_for_a_moment_at_most(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    monkeypatch.setattr(scoring, "LONGEST_REST", 0.1)
    casefile = SlowCaseFile(0.5, watch)
    scorer = scorer_of(casefile)
    scorer._turn()
    assert casefile.commits == 1
    assert scorer._rests_until <= watch.now + 0.1
