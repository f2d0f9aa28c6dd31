"""Before the stop: how likely a machine fails before the next planned stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.clock import HOUR, Instant, to_datetime
from core.life import LEVELS, CannotSay, LifeEstimate, Record, Remaining, chance
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


def aged(life: LifeEstimate, left: Remaining, now: Instant | None) -> tuple[Instant, Remaining]:
    """Say what is left as of `now`, where that is later than the estimate; gives that moment too.

    As what was told does between two readings, it shrinks with the clock, to nothing at least.
    """
    if now is None or now <= life.at:
        return life.at, left
    gone = (now - life.at) / HOUR
    early, middle, late, *course = (
        max(point - gone, 0.0) for point in (left.p05, left.p50, left.p95, *left.course)
    )
    mean = None if left.mean is None else max(left.mean - gone, 0.0)
    return now, Remaining(early, middle, late, mean, tuple(course))


def before_stop(
    life: LifeEstimate | CannotSay | None, plant: Plant, now: Instant | None = None
) -> BeforeStop | None:
    """Tell of a life whether it ends before the next stop; None where either is not known.

    The next is that after `now`, where that is later than the estimate.
    """
    if not isinstance(life, LifeEstimate) or isinstance(life.remaining, CannotSay):
        return None
    since, left = aged(life, life.remaining, now)
    coming = plant.stop_of(life.asset, since)
    if coming is None:
        return None
    stop, at = coming
    fails = chance(left, (at - since) / HOUR)
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
