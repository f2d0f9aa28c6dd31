"""Remaining life on its way from a reading to an alert and a status, through the live code."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from core.clock import HOUR, MINUTE
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import AssetClass, NamedDetector, RuleSpec
from models.mewma import LearnSettings, MewmaSettings
from models.registry import build_healths
from models.threshold import ThresholdSettings
from service.estimates import names_of
from service.lives import Lives
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import Story

P1 = "site/hall/p1"
STEP = 10 * MINUTE
SOURCE = "ISO 10816-3, zone D"


def wearing_class(method: Literal["drift", "paths"] = "drift") -> AssetClass:
    learn = LearnSettings(rows=200)
    return pump_class(
        detectors=(NamedDetector("pattern", MewmaSettings(learn=learn)),),
        rules=(RuleSpec("unusual", "pattern", on_delay=HOUR, off_delay=HOUR),),
        health=ThresholdSettings(
            channel="vibration", end=8.0, failure_mode="bearing", source=SOURCE, method=method
        ),
    )


class Worn(Story):
    """A pump that runs well for 300 readings and then wears until its vibration reaches 8."""

    def __init__(
        self, restarts: int = 0, method: Literal["drift", "paths"] = "drift", lives: int = 1
    ) -> None:
        super().__init__(plant(1, wearing_class(method)), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self._wears(restarts)
        for _ in range(1, lives):
            self.mends(P1)
            self._wears(restarts)

    def _wears(self, restarts: int) -> None:
        for number in range(600):
            worn = max(number - 300, 0) / 60
            noise = self._random.normal(0, 0.1)
            self.passes(STEP).says(vibration=2 + worn + noise)
            if restarts and number % restarts == 0:
                self.score()
                self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.score()

    def score(self) -> None:
        while self.scoring.step():
            pass

    def life(self) -> LifeEstimate:
        (status,) = self.casefile.statuses()
        assert status.life is not None
        return status.life


@pytest.fixture(scope="module")
def worn() -> Worn:
    return Worn()


def test_a_wearing_machine_raises_one_alert_that_says_how_long_it_can_wait(worn: Worn) -> None:
    steps = [(step, alert) for step, alert in worn.casefile.events(0) if alert.group == "machine"]
    assert len(steps) == 1
    alert = steps[0][1]
    assert alert.evidence.channels[0].channel == "vibration"
    assert isinstance(alert.evidence.life, LifeEstimate)
    assert alert.evidence.life.failure_mode == "bearing"
    assert isinstance(alert.evidence.life.remaining, CannotSay | Remaining)


def test_its_status_follows_the_rest_of_its_life(worn: Worn) -> None:
    """At the end vibration is at 7 and grows by 1 in ten hours."""
    life = worn.life()
    assert life.health == pytest.approx(1 / 6, abs=0.05)
    assert isinstance(life.remaining, Remaining)
    assert life.remaining.p05 < 10 < life.remaining.p95 * 1.1
    assert life.remaining.p50 == pytest.approx(10, rel=0.3)
    assert SOURCE in life.basis


def test_restarts_change_nothing(worn: Worn) -> None:
    often = Worn(restarts=97)
    assert often.life() == worn.life()
    assert often.casefile.events(0) == worn.casefile.events(0)


def test_restarts_forget_none_of_the_lives_that_ended() -> None:
    once, often = (Worn(restarts, "paths", lives=2) for restarts in (0, 97))
    assert "many paths at once after 1 past life" in once.life().basis
    assert isinstance(once.life().remaining, Remaining)
    assert often.life() == once.life()
    assert often.casefile.events(0) == once.casefile.events(0)


def test_a_checkpoint_of_before_there_were_methods_is_taken_over() -> None:
    assets = plant(1).assets_of("pump")
    for method in ("drift", "paths"):
        kind = wearing_class(method)
        lives = Lives(assets, build_healths(kind, assets))
        signed = {name: made_for for name, _, made_for in lives.sections(kind)}
        assert ("method" in signed["health"]) == (method == "paths")
        assert signed["outcomes"] == "bearing vibration 8.0" + method.removeprefix("drift")


def test_a_machine_that_was_mended_begins_a_new_life(worn: Worn) -> None:
    mended = Worn()
    mended.mends(P1)
    mended.score()
    life = mended.life()
    assert life.health is None
    assert isinstance(life.remaining, CannotSay)
    assert life.remaining.reason == "learning"


def test_what_was_said_of_its_life_is_kept_once_an_hour(worn: Worn) -> None:
    kept = worn.casefile.conditions(P1, names_of("bearing"), 0, worn.now + 1)
    assert 8 < len(kept) <= 100
    assert np.all(np.diff(kept.at) >= HOUR - STEP)
    early, middle, late = kept.values.T
    assert np.all((early <= middle) & (middle <= late))
    again = Worn(restarts=97).casefile.conditions(P1, names_of("bearing"), 0, worn.now + 1)
    assert np.array_equal(again.at, kept.at)
    assert np.array_equal(again.values, kept.values)
