"""Remaining life: a distribution with what it rests on, or the reason why none can be given."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeAlias

from core.clock import Instant

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""At which shares of its distribution a remaining life is known, where it has a `course`."""

WORDS = {
    "no_threshold": "no end-of-life threshold is configured for it",
    "learning": "still learning",
    "channel_missing": "what it is followed by is missing",
    "not_falling": "health is not falling, so no end is in sight",
    "too_wide": "health falls too slowly or unevenly to say when it will reach its end",
    "too_few_failures": "too few failures have been seen to learn from",
    "new_regime": "it runs as nothing did that was learned from",
    "sensors_distrusted": "sensors that it is followed by are not believed",
    "standing": "it stands still, and nothing tells when it will be used",
    "too_short": "too little of it has been seen",
    "not_loaded": "the model that it is told by does not load",
    "other_spacing": "its rows are not as far apart as those that were learned from",
    "too_old": "it is far older than any that was learned from",
}
"""Why nothing can be said, by code, in an operator's words; kept by place: new ones come last."""

REASONS = tuple(WORDS)
"""The codes of all reasons."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """Time left, as the 5 %, 50 % and 95 % points of its distribution.

    In hours of calendar where a service speaks, in the table's own unit (cycles, days) in a model.
    `mean` is the estimate of least squared error, where that is known. `course` holds the time
    left at all `LEVELS`, rising, where more than three points are known; else it is empty.
    """

    p05: float
    p50: float
    p95: float
    mean: float | None = None
    course: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.course and len(self.course) != len(LEVELS):
            msg = f"a course has {len(LEVELS)} points, one for each level, not {len(self.course)}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class CannotSay:
    """No estimate. `reason` is a stable code; `words` say it to an operator."""

    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Record:
    """What became of past lives of one class and failure mode, of which something was said.

    Of so many `lives` that ended, `outside` ended outside of the interval that was said, and
    `below` before each of `LEVELS`; parts of lives count in both. `widened` is by which factor the
    logarithm of intervals is wider since then.
    """

    lives: int
    outside: float
    below: tuple[float, ...]
    widened: float = 1.0

    @property
    def words(self) -> str:
        """Say that intervals are wider than the model has them, and why; empty where not."""
        if self.widened < 1.05:
            return ""
        missed, lives = max(round(self.outside), 1), "life" if self.lives == 1 else "lives"
        return f"intervals widened since {missed} of {self.lives} {lives} ended outside"


@dataclass(frozen=True, slots=True)
class InUse:
    """What is left in a unit of use, such as hours run, as 5, 50 and 95 % points.

    `week` is how much a machine is used in a usual week.
    """

    unit: str
    p05: float
    p50: float
    p95: float
    week: float


@dataclass(frozen=True, slots=True)
class LifeEstimate:
    """What is left of one asset in one failure mode.

    `health` is 1 when as new and 0 at the end-of-life threshold. `basis` says what the estimate
    rests on: the method, the threshold and its source (ISO 13381-1 asks for all three). `record` is
    how such estimates did, where lives have ended, `usage` what is left in units of use, where life
    is counted in them.
    """

    asset: str
    at: Instant
    failure_mode: str
    health: float | None
    remaining: Remaining | CannotSay
    basis: str
    record: Record | None = None
    usage: InUse | None = None


Outlook: TypeAlias = Remaining | CannotSay


def declined(reason: str, words: str = "") -> CannotSay:
    """Say that nothing can be said, in the reason's words or in closer ones.

    Raises ValueError for a reason that is not in `REASONS`.
    """
    if reason not in WORDS:
        msg = f"unknown reason {reason!r}; known: {', '.join(REASONS)}"
        raise ValueError(msg)
    return CannotSay(reason, words or WORDS[reason])


def chance(left: Remaining, hours: float) -> float:
    """Tell how likely it ends within so long, in the unit of `left`, between 0 and 1.

    Straight between the known points, from 0 at no time; beyond the last, what is left falls as
    fast as it did up to there (exponential).
    """
    inner: tuple[float, ...] = LEVELS if left.course else (0.05, 0.5, 0.95)
    levels: tuple[float, ...] = (0.0, *inner)
    points: tuple[float, ...] = (0.0, *(left.course or (left.p05, left.p50, left.p95)))
    place = bisect_right(points, hours)
    if place == 0:
        return 0.0
    low, level = points[place - 1], levels[place - 1]
    if place < len(points):
        return level + (levels[place] - level) * (hours - low) / (points[place] - low)
    width = low - points[-2]
    if width <= 0:
        return 1.0
    pace = math.log((1 - levels[-2]) / (1 - level)) / width
    return 1 - (1 - level) * math.exp(-pace * (hours - low))
