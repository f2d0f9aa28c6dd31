"""What a repair came to: the condition before it and after, and the age that it leaves.

The condition is told in ways: 0 is the healthy level, 1 the end-of-life threshold. How sure a level
is follows from how far means of as many rows wander while healthy, so that slow wander counts. What
a repair leaves of the condition is also what it leaves of the age (M. Kijima: Some results for
repairable systems with general repair, Journal of Applied Probability 26, 1989).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from core.life import CannotSay
from core.readings import Floats

FEWEST = 3
"""How many rows are needed on either side of the work."""

RESTORED_BELOW, NOT_ABOVE = 0.2, 0.7
"""Which share of the condition may be left where it is restored; from which on it is not."""

SEEN = 3.0
"""At how many standard errors a condition is one; it must also be `LEAST` of the way."""

LEAST = 0.1
SURE = 0.6
"""How likely a verdict must be to be told."""

_BLOCKS = 6

HEALTHY = _BLOCKS * FEWEST
"""How many rows of healthy running are needed at least, to tell how its means wander."""


class Repair(StrEnum):
    """What a repair came to."""

    RESTORED = "restored"
    PARTLY = "partly"
    NOT_RESTORED = "not_restored"


@dataclass(frozen=True, slots=True)
class Way:
    """A level of the condition, from healthy (0) to the threshold (1), and its standard error."""

    level: float
    unsure: float


@dataclass(frozen=True, slots=True)
class RepairVerdict:
    """What a repair came to, with before and after.

    `left` is the share of the condition that is left, 0 to 1; `sure` how likely the verdict is.
    """

    repair: Repair
    before: Way
    after: Way
    left: float
    sure: float

    @property
    def words(self) -> str:
        """Say it to an operator."""
        return level_words(self.repair, self.before.level, self.after.level)


def level_words(repair: Repair, before: float, after: float) -> str:
    """Say a verdict and the levels before and after, in ways."""
    shown = {"restored": "restored", "partly": "partly restored"}
    said = shown.get(str(repair), "not restored")
    was, now = round(100 * before), round(100 * max(after, 0.0))
    return f"{said}: {was} % of the way to its end before, {now} % after"


def verdict(
    healthy: Floats, before: Floats, after: Floats, end: float
) -> RepairVerdict | CannotSay:
    """Judge a repair by rows of one signal, in order of time and free of load, NaN where missing.

    `healthy` are rows of healthy running, `before` the last before the work, `after` those since,
    all at one pace; `end` is the threshold in the signal's unit. `CannotSay` where there are too
    few rows, nothing was to be seen before, or it is too close to call.
    """
    healthy, before, after = (rows[np.isfinite(rows)] for rows in (healthy, before, after))
    few = min(len(before), len(after))
    if few < FEWEST:
        return CannotSay("too_short", f"{few} of {FEWEST} readings on one side of the work")
    if len(healthy) < _BLOCKS * max(len(before), len(after)):
        return CannotSay("learning", "too little healthy running to compare with")
    middle = float(np.median(healthy))
    way = end - middle
    if way == 0:
        return CannotSay("no_threshold", "the healthy level is the end-of-life threshold")
    was, now = (_way((rows - middle) / way, (healthy - middle) / way) for rows in (before, after))
    if was.level < max(SEEN * was.unsure, LEAST):
        return CannotSay("not_falling", "nothing was to be seen of the trouble before the work")
    likely = _likely(was, now)
    best = max(likely, key=lambda one: likely[one])
    if likely[best] < SURE:
        return CannotSay("too_wide", "too close to call after so few readings")
    left = min(max(now.level / was.level, 0.0), 1.0)
    return RepairVerdict(best, was, now, left, likely[best])


def _way(rows: Floats, healthy: Floats) -> Way:
    """Tell the level of some rows, as sure as means of as many healthy rows are."""
    count = len(rows)
    sums = np.cumsum(np.concatenate(([0.0], healthy)))
    means = (sums[count:] - sums[:-count]) / count
    own = float(np.std(rows, ddof=1)) / math.sqrt(count)
    return Way(float(rows.mean()), max(float(np.std(means)), own))


def _likely(was: Way, now: Way) -> dict[Repair, float]:
    """Tell how likely each verdict is, both levels being normal about what was seen."""

    def below(share: float) -> float:
        unsure = math.hypot(now.unsure, share * was.unsure) + 1e-12
        return 0.5 * math.erfc((now.level - share * was.level) / unsure / math.sqrt(2))

    restored, mended = below(RESTORED_BELOW), below(NOT_ABOVE)
    return {
        Repair.RESTORED: restored,
        Repair.PARTLY: max(mended - restored, 0.0),
        Repair.NOT_RESTORED: 1 - mended,
    }


def virtual_age(
    used: Sequence[float], left: Sequence[float], kind: Literal["I", "II"] = "II"
) -> float:
    """Tell the age after the last of some repairs, in the unit of `used`.

    `used[k]` is the use between repairs k - 1 and k, `left[k]` the share that repair k left: 0 is
    as new, 1 as bad as old. Type I repairs undo only what came since the repair before, type II the
    whole age (Kijima 1989).
    """
    age = 0.0
    for use, share in zip(used, left, strict=True):
        age = age + share * use if kind == "I" else share * (age + use)
    return age
