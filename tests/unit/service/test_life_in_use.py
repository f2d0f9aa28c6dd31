"""A machine whose life is counted in hours run, in the running service."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import DAY, HOUR
from core.life import InUse, LifeEstimate, Remaining
from core.plant import AssetClass
from models.threshold import ThresholdSettings
from models.usage import UsageSettings
from service import api_forms
from service.estimates import names_of
from service.page_words import life_left
from service.scoring import Scoring
from service.words import life_sentence
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import START, Story

P1 = "site/hall/p1"
HEALTH = ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing")


def in_use() -> AssetClass:
    health = HEALTH.model_copy(update={"usage": UsageSettings()})
    return replace(pump_class(), health=health, silent_after=2 * HOUR)


class Shifts(Story):
    """A pump that runs for half of the day wears by 1 mm/s in sixty hours run, for four weeks."""

    def __init__(self, restart: int | None = None, at_once: int = 256) -> None:
        super().__init__(plant(1, in_use()), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        run = 0
        for number in range(28 * 24):
            on = number % 24 < 12
            run += on
            said = {"speed": 1500.0 if on else 0.0, "vibration": 2 + run / 60 if on else 0.0}
            noise = float(self._random.normal(0, 0.1)) if on else 0.0
            self.passes(HOUR).says(speed=said["speed"], vibration=said["vibration"] + noise)
            if number == restart:
                self.score(7)
                self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.score(at_once)

    def score(self, at_once: int) -> None:
        while self.scoring.step(at_once):
            pass

    @property
    def life(self) -> LifeEstimate:
        (status,) = self.casefile.statuses()
        assert status.life is not None
        return status.life


@pytest.fixture(scope="module")
def shifts() -> Shifts:
    return Shifts()


def test_what_is_left_is_told_in_hours_run_and_in_days(shifts: Shifts) -> None:
    """84 hours run are left, which is a week."""
    left, used = shifts.life.remaining, shifts.life.usage
    assert isinstance(left, Remaining)
    assert used is not None
    assert used.p50 == pytest.approx(84, rel=0.25)
    assert left.p50 == pytest.approx(2 * used.p50, rel=0.1)
    assert used.week == pytest.approx(84, rel=0.05)


def test_the_page_the_alert_and_the_api_say_both(shifts: Shifts) -> None:
    life = replace(
        shifts.life,
        remaining=Remaining(240.0, 456.0, 700.0),
        usage=InUse("h run", 163.0, 310.4, 476.0, 114.0),
    )
    said = life_sentence(life, shifts.plant)
    assert said.startswith("About 310 h run, that is 19 days at its present duty, are left; 9 in")
    assert "over h run, turned into days by its own weeks" in said
    line = life_left(life, shifts.plant.class_of(P1))
    assert line == "About 310 h run, 19 days (10 days to 29 days)"
    told = api_forms.life(life)
    assert told is not None
    assert told["usage"] == {
        "unit": "h run",
        "p05": 163.0,
        "p50": 310.4,
        "p95": 476.0,
        "week": 114.0,
    }


def test_a_restart_and_the_size_of_steps_change_nothing(shifts: Shifts) -> None:
    again = Shifts(restart=500, at_once=31)
    assert again.life == shifts.life
    kept = [
        one.casefile.conditions(P1, names_of("bearing"), START, shifts.now + DAY)
        for one in (shifts, again)
    ]
    assert len(kept[0]) > 100
    assert np.array_equal(kept[0].values, kept[1].values)


def test_after_work_its_duty_is_still_known(shifts: Shifts) -> None:
    mended = Shifts()
    mended.passes(HOUR).mends(P1)
    for _ in range(6):
        mended.passes(HOUR).says()
    mended.score(256)
    assert mended.life.usage is None
    assert not isinstance(mended.life.remaining, Remaining)
    assert "hours of the week" not in mended.life.remaining.words


def test_without_usage_a_checkpoint_is_made_for_what_it_was_before_there_was_any() -> None:
    kind = replace(pump_class(), health=HEALTH)
    story = Story(plant(1, kind), MemoryJournal(JournalSettings()))
    scoring = Scoring(story.plant, story.journal, MemoryCaseFile())
    (fleet,) = scoring._casework.fleets.values()
    made_for = {name: text for name, _, text in fleet.lives.sections(kind)}
    assert "usage" not in made_for["health"]
    assert made_for["health"].endswith('"max_horizon":63072000000000000}')
