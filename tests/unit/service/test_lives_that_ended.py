"""Lives that end sooner than was said, in the running service: the next is told wider."""

from __future__ import annotations

from functools import cache

import numpy as np

from core.casefile import Status
from core.clock import DAY, MINUTE
from core.life import Record
from core.work import Ending, Work, WorkEvent
from models.registry import build_healths
from models.threshold import ThresholdSettings
from service.estimates import names_of
from service.lives import Lives
from service.scorecard import lives, records, scorecard
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import Story

P1 = "site/hall/p1"
STEP = 20 * MINUTE
ROWS = 200
"""So many rows each life lasts."""


class Replaced(Story):
    """A pump wears from 2 to 3.5 of 9 mm/s and is then replaced, five times.

    Thrice it had failed, once it was in routine, and the last time nothing is said of that.
    """

    def __init__(self, restart: int | None = None, at_once: int = 256) -> None:
        health = ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing")
        super().__init__(plant(1, pump_class(health=health)), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.at_once = at_once
        for number in range(5):
            for row in range(ROWS):
                worn = 2 + 1.5 * max(row - 60, 0) / (ROWS - 60)
                self.passes(STEP).says(vibration=worn + self._random.normal(0, 0.1))
                if number * ROWS + row == restart:
                    self.score()
                    self.scoring = Scoring(self.plant, self.journal, self.casefile)
            said = {"routine": number == 1, "failed": number in {0, 2, 3}}
            done = WorkEvent(P1, self.now, Work.REPLACED, "Bilal", id=f"w{number}", **said)
            self.passes(STEP).tell(done)
        for _ in range(12):
            self.passes(STEP).says()
        self.score()

    def score(self) -> None:
        while self.scoring.step(self.at_once):
            pass

    @property
    def status(self) -> Status:
        (status,) = self.casefile.statuses()
        return status

    @property
    def record(self) -> Record:
        life = self.status.life
        assert life is not None
        assert life.record is not None
        return life.record


@cache
def replaced() -> Replaced:
    return Replaced()


def test_each_life_that_ended_counts_and_none_that_was_cut_short() -> None:
    record = replaced().record
    assert record.lives == 3
    assert 0.5 < record.outside < 3
    assert record.widened > 1.1
    life = replaced().status.life
    assert life is not None
    assert life.basis.endswith("; intervals widened since 1 of 3 lives ended outside")


def test_the_scorecard_counts_the_same_lives_and_tells_how_wide_intervals_are() -> None:
    story = replaced()
    (line,) = scorecard(lives(story.plant, story.casefile))
    assert line.graded == story.record.lives
    assert line.cut_short == 2
    how = [life.ending for life in lives(story.plant, story.casefile)]
    assert how == [Ending.EARLY, Ending.FAILED, Ending.FAILED, Ending.PLANNED, Ending.FAILED]
    assert records(story.plant, story.casefile) == {("pump", "bearing"): story.record}


def test_what_is_kept_in_the_checkpoint_grades_a_life_as_all_that_was_said_does() -> None:
    story = replaced()
    (line,) = scorecard(lives(story.plant, story.casefile))
    assert line.grade is not None
    assert abs(line.grade.covered - (1 - story.record.outside / story.record.lives)) < 0.1


def test_a_restart_and_the_size_of_steps_change_nothing() -> None:
    story, again = replaced(), Replaced(restart=3 * ROWS - 50, at_once=17)
    assert again.status == story.status
    kept = [
        one.casefile.conditions(P1, names_of("bearing"), 0, story.now + DAY)
        for one in (story, again)
    ]
    assert np.array_equal(kept[0].values, kept[1].values)


def test_words_and_windows_of_health_may_change_and_what_is_known_of_lives_stays() -> None:
    def signed(**changed: object) -> dict[str, str]:
        settings = {"channel": "vibration", "end": 8.0, "failure_mode": "bearing"} | changed
        kind = pump_class(health=ThresholdSettings.model_validate(settings))
        lives = Lives((), build_healths(kind, ()))
        return {name: signature for name, _, signature in lives.sections(kind)}

    before, reworded, raised = signed(), signed(source="ISO 10816-3", min_rows=90), signed(end=9.0)
    assert before["health"] != reworded["health"]
    assert [before[name] for name in ("shares", "outcomes")] == [
        reworded[name] for name in ("shares", "outcomes")
    ]
    assert before["shares"] == raised["shares"]
    assert before["outcomes"] != raised["outcomes"]
