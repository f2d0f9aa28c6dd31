"""What is left of machines by their age, from the work on record, in the running service."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.age_settings import AgeSettings
from core.casefile import Status
from core.clock import DAY, HOUR, MINUTE
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import AssetClass
from core.work import Work, WorkEvent
from models.threshold import ThresholdSettings
from service import api_forms
from service.estimates import names_of
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import Story

P1 = "site/hall/p1"
LIFE = 1000.0
"""About so many hours bearings last."""


class Fleet(Story):
    """Pumps whose bearings fail again and again, and are replaced; then all run for two days."""

    def __init__(
        self,
        failures: int,
        asset_class: AssetClass | None = None,
        restart: bool = False,
        shuffled: bool = False,
    ) -> None:
        super().__init__(plant(2, asset_class), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        done = self.past(failures)
        order = np.random.default_rng(1).permutation(len(done)) if shuffled else range(len(done))
        self.now = max((one.at for one in done), default=self.now)
        for number in order:
            self.tell(done[number])
        for turn in range(48):
            self.passes(HOUR).all_say()
            if restart and turn == 20:
                self.score()
                self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.score()

    def past(self, failures: int) -> list[WorkEvent]:
        """Each pump is renewed once by routine; then bearings fail, in turn."""
        law = np.random.default_rng(3)
        at = dict.fromkeys(self.plant.assets, self.now)
        done = [self.work(asset, self.now, "", f"new {asset}") for asset in at]
        for number, asset in zip(range(failures), list(at) * failures, strict=False):
            at[asset] += round(LIFE * law.weibull(3.0) * HOUR)
            done.append(self.work(asset, at[asset], "bearing", f"w{number}"))
        return done

    def work(self, asset: str, at: int, mode: str, key: str) -> WorkEvent:
        routine = not mode
        return WorkEvent(asset, at, Work.REPLACED, "Bilal", "", mode, routine, key)

    def score(self) -> None:
        while self.scoring.step():
            pass

    def status(self, asset: str = P1) -> Status:
        return next(one for one in self.casefile.statuses() if one.asset == asset)

    def life(self, asset: str = P1) -> LifeEstimate:
        found = self.status(asset).life
        assert found is not None
        return found


def wearing(end: float | None = 9.0) -> AssetClass:
    return replace(
        pump_class(),
        health=ThresholdSettings(channel="vibration", end=end, failure_mode="bearing"),
    )


@pytest.fixture(scope="module")
def twenty() -> Fleet:
    return Fleet(20)


def test_without_a_failure_on_record_and_a_threshold_it_says_what_is_missing() -> None:
    left = Fleet(0).life().remaining
    assert isinstance(left, CannotSay)
    assert left.reason == "too_few_failures"
    assert "no failure is on record, of which 5 are needed" in left.words
    assert "threshold" in left.words


def test_a_threshold_that_is_not_given_is_said_to_be_missing_with_the_failures() -> None:
    left = Fleet(0, wearing(end=None)).life().remaining
    assert isinstance(left, CannotSay)
    assert left.reason == "no_threshold"
    assert "no failure is on record" in left.words


def test_with_four_failures_it_declines_and_counts_them() -> None:
    left = Fleet(4).life().remaining
    assert isinstance(left, CannotSay)
    assert left.reason == "too_few_failures"
    assert "only 4 failures are known; 5 are needed" in left.words


def test_with_twenty_failures_a_class_without_threshold_is_told_how_long_it_lasts(
    twenty: Fleet,
) -> None:
    life = twenty.life()
    assert isinstance(life.remaining, Remaining)
    assert life.remaining.p05 < life.remaining.p50 < life.remaining.p95 < 3 * LIFE
    assert life.basis.startswith("age since it was last renewed; 20 of 21 lives")
    assert life.failure_mode == "bearing"
    assert life.health is None


def test_the_older_part_has_less_left(twenty: Fleet) -> None:
    middles = {}
    for asset in twenty.plant.assets:
        left = twenty.life(asset).remaining
        assert isinstance(left, Remaining)
        renewed = max(one.at for one in twenty.casefile.work(asset))
        middles[renewed] = left.p50
    assert middles[min(middles)] < middles[max(middles)]


def test_the_feed_carries_it(twenty: Fleet) -> None:
    said = api_forms.asset(P1, twenty.status(), twenty.plant, twenty.now)["life"]
    assert said["basis"].startswith("age since it was last renewed")
    assert said["hours"]["p50"] > 0


def test_it_is_kept_once_a_day_for_the_fan(twenty: Fleet) -> None:
    kept = twenty.casefile.conditions(P1, names_of("bearing"), 0, twenty.now + 1)
    assert 2 <= len(kept) <= 4


def test_a_restart_and_the_order_in_which_work_came_change_nothing(twenty: Fleet) -> None:
    for other in (Fleet(20, restart=True), Fleet(20, shuffled=True)):
        assert other.casefile.statuses() == twenty.casefile.statuses()
    saved = [one.casefile.load().checkpoint for one in (twenty, Fleet(20, restart=True))]
    assert saved[0] == saved[1]


def test_what_was_told_by_other_facts_is_not_held_against_what_is_told_now() -> None:
    fleet = Fleet(20, wearing())
    (kept,) = fleet.scoring._casework.fleets.values()
    by = replace(wearing(), ages=AgeSettings(repairs=True))
    other = Fleet(20, by).scoring._casework.fleets["pump"]
    made_for = [
        {name: why for name, _, why in one.lives.sections(one.asset_class)} for one in (kept, other)
    ]
    changed = {name for name, why in made_for[0].items() if made_for[1][name] != why}
    assert changed == {"telling", "outcomes", "weighing"}


def test_work_that_renewed_another_part_leaves_the_age_as_it_is() -> None:
    modes = tuple(replace(pump_class().failure_modes[0], name=name) for name in ("bearing", "seal"))
    fleet = Fleet(20, replace(pump_class(), failure_modes=modes))
    before = fleet.life()
    fleet.tell(fleet.work(P1, fleet.now, "seal", "seal"))
    fleet.passes(MINUTE).all_say()
    fleet.score()
    lives = {one.failure_mode: one.remaining for one in (fleet.life(), *fleet.status().others)}
    assert isinstance(before.remaining, Remaining)
    assert isinstance(lives["bearing"], Remaining)
    assert lives["bearing"].p50 == pytest.approx(before.remaining.p50, abs=DAY / HOUR)
    assert isinstance(lives["seal"], CannotSay)
    assert lives["seal"].reason == "too_few_failures"


def test_age_speaks_where_wear_does_not_show_yet() -> None:
    fleet = Fleet(20, wearing())
    fleet.life()
    for _ in range(80):
        fleet.passes(20 * MINUTE).all_say()
    fleet.score()
    life = fleet.life()
    assert isinstance(life.remaining, Remaining)
    assert life.basis.startswith("age since it was last renewed")
    assert "not used: threshold:" in life.basis
    assert life.health == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("known", [False, True])
def test_a_part_has_an_age_before_its_first_work_only_where_the_machine_was_once_new(
    known: bool,
) -> None:
    fleet = Fleet(20)
    installed = fleet.now - 100 * DAY if known else None
    fresh = replace(fleet.plant.assets[P1], name="p9", installed=installed)
    fleet.plant.assets[fresh.id] = fresh
    fleet.scoring = Scoring(fleet.plant, fleet.journal, fleet.casefile)
    fleet.passes(DAY).all_say()
    fleet.score()
    left = fleet.life(fresh.id).remaining
    assert isinstance(left, Remaining) == known
    if isinstance(left, CannotSay):
        assert left.reason == "too_short"


@pytest.mark.parametrize(("level", "more"), [(2.0, 0), (4.5, 1)])
def test_a_repair_that_restored_only_in_part_leaves_part_of_the_age(
    level: float, more: int
) -> None:
    fleet = Fleet(20, wearing(end=8.0))
    for worn in [2.0] * 240 + np.linspace(2.0, 7.0, 90).tolist():
        fleet.passes(20 * MINUTE).all_say(vibration=worn + fleet._random.normal(0, 0.1))
    fleet.tell(fleet.work(P1, fleet.now, "bearing", "mended"))
    for _ in range(45):
        fleet.passes(20 * MINUTE).all_say(vibration=level + fleet._random.normal(0, 0.1))
    fleet.score()
    (shares,) = fleet.scoring._casework.fleets["pump"].lives._sources.shares.values()
    (left,) = [shares.of(0, one.at) for one in fleet.casefile.work(P1) if one.id == "mended"]
    assert left == pytest.approx(0.5 * more, abs=0.2)
    again = Scoring(fleet.plant, fleet.journal, fleet.casefile)
    assert again._casework.fleets["pump"].lives.all(0, fleet.now) == (
        fleet.scoring._casework.fleets["pump"].lives.all(0, fleet.now)
    )
