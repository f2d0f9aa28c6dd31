"""Wear and age as one answer: which was used, and why."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR
from core.life import Outlook, Remaining, declined
from core.plant import Asset
from core.readings import Floats
from core.work import Work, WorkEvent
from models.detector import Round, State, Verdicts
from service.sources import Sources
from service.weighing import LIVES, MOST

ASSET = Asset("site", "hall", "p1", "pump")
MODE = "bearing"
NOT_FALLING = declined("not_falling")


class Told:
    """A degradation model that says what it is told to."""

    failure_mode = MODE

    def __init__(self) -> None:
        self.says: Outlook = NOT_FALLING

    def remaining(self, asset: int) -> Outlook:
        return self.says

    def basis(self, asset: int) -> str:
        return "vibration to 9"

    def observe(self, rows: Round, verdicts: Verdicts) -> Floats:
        raise NotImplementedError

    def health(self) -> Floats:
        return np.full(1, np.nan)

    def forget(self, asset: int) -> None:
        raise NotImplementedError

    def state(self) -> State:
        raise NotImplementedError

    def restore(self, state: State) -> None:
        raise NotImplementedError


class Past:
    """One machine that fails again and again; what wear says of each life may be right or wrong."""

    def __init__(self) -> None:
        self.wear = Told()
        self.sources = Sources((ASSET,), (self.wear,), (MODE,))
        self.at = 0
        self.law = np.random.default_rng(5)
        self.works: list[WorkEvent] = []
        self.works_at(0, routine=True)

    def works_at(self, at: int, *, routine: bool = False) -> None:
        mode = "" if routine else MODE
        done = WorkEvent(ASSET.id, at, Work.REPLACED, "B", "", mode, routine, f"w{len(self.works)}")
        self.works.append(done)
        self.sources.record([done])
        self.sources.ended(0, done)
        self.at = at

    def lives(self, count: int, factor: float | None = None) -> Past:
        """Let so many lives end, of which wear says `factor` times what is left."""
        for _ in range(count):
            hours = float(self.law.uniform(200, 2000))
            end = self.at + round(hours * HOUR)
            for part in np.linspace(0.1, 0.9, 9):
                left = (1 - part) * hours
                if factor is not None:
                    wide = factor * left * self.law.uniform(0.9, 1.1)
                    self.wear.says = Remaining(0.8 * wide, wide, 1.2 * wide)
                self.sources.keep(MODE, 0, self.at + round(part * hours * HOUR))
            self.works_at(end)
        return self

    def asked(self, wear: Outlook) -> tuple[Outlook, str]:
        self.wear.says = wear
        return self.sources.answer(MODE, 0, self.at + DAY)


WEAR = Remaining(80.0, 100.0, 120.0)


def test_without_failures_wear_speaks_alone() -> None:
    assert Past().asked(WEAR) == (WEAR, "vibration to 9")
    assert Past().asked(NOT_FALLING)[0] == NOT_FALLING


def test_until_sources_are_weighed_wear_speaks_first_and_age_where_it_is_silent() -> None:
    past = Past().lives(6)
    found, basis = past.asked(WEAR)
    assert found == WEAR
    assert "too few to weigh age against it" in basis
    found, basis = past.asked(NOT_FALLING)
    assert isinstance(found, Remaining)
    assert basis.startswith("age since")
    assert NOT_FALLING.words in basis


def test_that_both_are_silent_is_said_of_both() -> None:
    found, _ = Past().lives(3).asked(NOT_FALLING)
    assert found.reason == "not_falling"  # type: ignore[union-attr]
    assert "only 3 failures are known" in found.words  # type: ignore[union-attr]


@pytest.mark.parametrize(("factor", "trusted"), [(1.0, "threshold"), (20.0, "age")])
def test_what_was_right_about_lives_that_ended_weighs_more(factor: float, trusted: str) -> None:
    _, basis = Past().lives(6).lives(6, factor).asked(WEAR)
    assert basis.startswith(f"{trusted} ")
    assert "weighed on" in basis


def test_weights_are_the_same_after_a_restart() -> None:
    past = Past().lives(6).lives(6, 1.0)
    wear = Told()
    again = Sources((ASSET,), (wear,), (MODE,))
    again.record(past.works)
    again.weighings[MODE].restore(past.sources.weighings[MODE].state())
    wear.says = WEAR
    assert again.answer(MODE, 0, past.at + DAY) == past.asked(WEAR)


def test_what_is_kept_to_weigh_by_is_bounded() -> None:
    past = Past().lives(20, 1.0)
    kept = past.sources.weighings[MODE].state()
    assert kept["ended"].shape == (1, LIVES * MOST * 9)
    assert kept["lives"][0] == 19  # all but the one that ended in the first failure on record
