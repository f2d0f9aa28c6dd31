"""Telling: a life is told again only where there is news, so that it doesn't flap.

What was told last ages with the clock and stands until the middle of a new estimate leaves the
inner part of what was told, its width halves or doubles, the chance of failing before the next
planned stop changes by more than so many points, or it has stood for a day or a quarter of what was
left. That nothing can be said any more is told at once, except for reasons that come and go with
noise: these must last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.clock import DAY, HOUR, Instant, Span
from core.life import LEVELS, CannotSay, Outlook, Remaining, chance
from models.detector import State
from service.rules import NEVER

STANDS: Span = DAY
"""So long what was told stands at most."""

PART = 0.25
"""Nor does it stand for longer than this part of what it said was left."""

HOLDS: Span = 6 * HOUR
"""So long nothing must be sayable before that is told, where the reason may be noise."""

NOISY = frozenset({"too_wide", "not_falling"})
POINTS = 0.1
"""A chance that changes by more than this is news."""

WIDER = 2.0
_WIDTH = 4 + len(LEVELS)


class Telling:
    """What was last told of the life of each asset."""

    def __init__(self, assets: int) -> None:
        self._at = np.full(assets, NEVER, np.int64)
        self._mute = np.full(assets, NEVER, np.int64)
        self._told = np.full((assets, _WIDTH), np.nan)

    def said(self, asset: int, at: Instant, found: Outlook, stop: Instant | None) -> Outlook:
        """Choose what to say at `at`: what is found now where that is news, else what was told.

        `stop` is when the next planned stop begins.
        """
        if self._at[asset] == NEVER:
            return found
        told = self._aged(asset, at)
        if isinstance(found, CannotSay):
            mute = int(self._mute[asset])
            lasts = mute != NEVER and at - mute >= HOLDS
            return found if lasts or found.reason not in NOISY else told
        since = at - int(self._at[asset])
        stands = min(float(STANDS), PART * HOUR * float(self._told[asset, 1]))
        hours = None if stop is None else (stop - at) / HOUR
        return found if since >= stands or news(told, found, hours) else told

    def note(self, asset: int, at: Instant, found: Outlook, said: Outlook) -> None:
        """Note what was found of an asset and what was said."""
        if isinstance(found, Remaining):
            self._mute[asset] = NEVER
        elif self._mute[asset] == NEVER:
            self._mute[asset] = at
        if said is not found:
            return
        self._at[asset] = NEVER
        if isinstance(found, Remaining):
            self._at[asset] = at
            self._told[asset] = _row(found)

    def forget(self, asset: int) -> None:
        """Start one asset anew."""
        self._at[asset] = self._mute[asset] = NEVER

    def state(self) -> State:
        """Return what a restart needs."""
        return {"at": self._at.copy(), "mute": self._mute.copy(), "told": self._told.copy()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._at = state["at"].astype(np.int64)
        self._mute = state["mute"].astype(np.int64)
        self._told = state["told"].astype(np.float64)

    def _aged(self, asset: int, at: Instant) -> Remaining:
        """Say what was told as of a later moment."""
        hours = (at - int(self._at[asset])) / HOUR
        early, middle, late, mean, *course = np.maximum(self._told[asset] - hours, 0.0).tolist()
        return Remaining(
            early,
            middle,
            late,
            mean=None if math.isnan(mean) else mean,
            course=() if math.isnan(course[0]) else tuple(course),
        )


def news(told: Remaining, found: Remaining, stop: float | None) -> bool:
    """Tell whether an estimate says something else than what was told; a stop is in hours."""
    early, late = (told.p05 + told.p50) / 2, (told.p50 + told.p95) / 2
    if not early <= found.p50 <= late:
        return True
    width, other = told.p95 - told.p05, found.p95 - found.p05
    if width > WIDER * other or other > WIDER * width:
        return True
    if stop is None or stop <= 0:
        return False
    return abs(chance(told, stop) - chance(found, stop)) > POINTS


def _row(left: Remaining) -> Sequence[float]:
    mean = math.nan if left.mean is None else left.mean
    course = left.course or (math.nan,) * len(LEVELS)
    return (left.p05, left.p50, left.p95, mean, *course)
