"""A machine that is followed in two failure modes at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import DAY, MINUTE
from core.life import Remaining
from core.plant import AssetClass
from models.threshold import ThresholdSettings
from service.estimates import names_of
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import Story

P1 = "site/hall/p1"
STEP = 20 * MINUTE


def two_modes() -> AssetClass:
    return replace(
        pump_class(),
        health=(
            ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing"),
            ThresholdSettings(channel="temperature", end=90.0, failure_mode="cooling"),
        ),
    )


class Worn(Story):
    """Vibration rises slowly and the temperature fast; both go on beyond what is told here."""

    def __init__(self, restart: int | None = None) -> None:
        super().__init__(plant(1, two_modes()), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        for number in range(500):
            worn = max(number - 200, 0) / 300
            noise = self._random.normal(0, 1, 2)
            self.passes(STEP).says(
                vibration=2 + 3 * worn + 0.1 * noise[0], temperature=50 + 30 * worn + noise[1]
            )
            if number == restart:
                self.score()
                self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.score()

    def score(self) -> None:
        while self.scoring.step():
            pass


@pytest.fixture(scope="module")
def worn() -> Worn:
    return Worn()


def test_the_soonest_end_is_told_first_and_the_other_beside_it(worn: Worn) -> None:
    (status,) = worn.casefile.statuses()
    assert status.life is not None
    (other,) = status.others
    assert (status.life.failure_mode, other.failure_mode) == ("cooling", "bearing")
    assert isinstance(status.life.remaining, Remaining)
    assert isinstance(other.remaining, Remaining)
    assert status.life.remaining.p50 < other.remaining.p50


def test_each_has_its_own_health_and_its_own_past(worn: Worn) -> None:
    (status,) = worn.casefile.statuses()
    assert status.life is not None
    assert status.life.health == pytest.approx(0.25, abs=0.1)
    assert status.others[0].health == pytest.approx(0.57, abs=0.1)
    for mode in ("bearing", "cooling"):
        assert len(worn.casefile.conditions(P1, names_of(mode), 0, worn.now + 1)) > 3


def test_a_restart_changes_nothing(worn: Worn) -> None:
    again = Worn(restart=400)
    assert again.casefile.statuses() == worn.casefile.statuses()
    for mode in ("bearing", "cooling"):
        kept = [
            one.casefile.conditions(P1, names_of(mode), 0, worn.now + 1) for one in (worn, again)
        ]
        assert np.array_equal(kept[0].values, kept[1].values)


def test_after_work_both_begin_anew(worn: Worn) -> None:
    mended = Worn()
    mended.passes(DAY).mends(P1)
    mended.score()
    (status,) = mended.casefile.statuses()
    assert status.life is not None
    assert [status.life.health, *(one.health for one in status.others)] == [None, None]
