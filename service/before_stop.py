"""Before the stop: how likely a machine fails before the next planned stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.clock import HOUR, Instant, to_datetime
from core.life import LEVELS, CannotSay, LifeEstimate, Record, chance
from core.plant import Plant
from core.stop import Stop
from models.chance_bracket import bracket

FEW, MOST = 0.01, 0.99
"""Below and above these a distribution of which a few points are known tells no more."""


@dataclass(frozen=True, slots=True)
class BeforeStop:
    """The chance, 0 to 1, that a machine fails before a stop that begins at `at`.

    Of cases with such a chance a share between `low` and `high` is to fail, 9 in 10 sure.
    """

    stop: Stop
    at: Instant
    chance: float
    low: float
    high: float

    @property
    def percent(self) -> str:
        """The chance as people say it."""
        if self.chance < FEW:
            return "under 1 %"
        return "over 99 %" if self.chance > MOST else f"{round(100 * self.chance)} %"

    @property
    def words(self) -> str:
        """The chance with its bracket, in percent, as people say it."""
        low, high = math.floor(100 * self.low), math.ceil(100 * self.high)
        return f"{self.percent} ({low}–{high})"


def before_stop(life: LifeEstimate | CannotSay | None, plant: Plant) -> BeforeStop | None:
    """Tell of a life whether it ends before the next stop; None where either is not known."""
    if not isinstance(life, LifeEstimate) or isinstance(life.remaining, CannotSay):
        return None
    coming = plant.stop_of(life.asset, life.at)
    if coming is None:
        return None
    stop, at = coming
    fails = chance(life.remaining, (at - life.at) / HOUR)
    return with_bracket(stop, at, fails, life.record)


def with_bracket(stop: Stop, at: Instant, fails: float, record: Record | None) -> BeforeStop:
    """Set beside a chance within what the lives on record leave it: one chance, one bracket."""
    return BeforeStop(stop, at, fails, *bracket(fails, *_ended_before(record, fails)))


def _ended_before(record: Record | None, fails: float) -> tuple[int, float]:
    """Tell how many lives have ended, and how many before a chance of `fails` had been reached."""
    if record is None:
        return 0, 0.0
    levels, below = (0.0, *LEVELS, 1.0), (0.0, *record.below, float(record.lives))
    return record.lives, float(np.interp(fails, levels, below))


def weekday(one: BeforeStop) -> str:
    """Name the day of the week on which a stop begins, by the clock of its site."""
    return f"{to_datetime(one.at).astimezone(one.stop.zone):%A}"
