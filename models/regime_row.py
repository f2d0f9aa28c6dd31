"""Regime row: in which regime one row of one asset lies, compiled.

A row lies in a regime when each channel is within the regime's range and its margin. Outside of
all it is new. For a while after a change from one regime to another the machine is in transition.
A range follows slowly what lies in its margin, so that a season makes nothing new, and never
farther than its own width.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR
from core.plant import Mode
from core.readings import Bools, Floats, Instants
from models.kernel import kernel

NONE, AWAY = -1, -2
"""Stand for no regime: before the machine ran, and after it was outside of all for a while."""

OUTSIDE = 3
"""After so many rows outside the machine has left its regime; fewer are passed over."""

NEVER = -(2**63)
SEASON = 3 * DAY
"""How long a range takes to follow most of the way what stays in its margin."""

LONGEST = HOUR
"""So much time at most counts for one row."""

_RUNNING, _UNKNOWN = int(Mode.RUNNING), int(Mode.UNKNOWN)
_TRANSITION, _NEW = int(Mode.TRANSITION), int(Mode.NEW_REGIME)


class Known(NamedTuple):
    """What was learned, first axis the asset: how many `regimes`, which `model` judges each.

    Ranges, by channel, and how `far` each may follow.
    """

    regimes: NDArray[np.int64]
    model: NDArray[np.int8]
    centre: Floats
    low: Floats
    high: Floats
    margin: Floats
    far: Floats
    settle: Instants


class Moving(NamedTuple):
    """What goes on with every row, first axis the asset.

    `held` is what each channel last said, `regime` where the machine is, `since` when it changed,
    `outside` how many rows and `away` how long it was lately outside of all, `told` whether that
    has been said; `below` and `above` are how far each range has followed.
    """

    held: Floats
    regime: NDArray[np.int64]
    since: Instants
    outside: NDArray[np.int64]
    away: Instants
    told: Bools
    mode: NDArray[np.int8]
    below: Floats
    above: Floats


class Found(NamedTuple):
    """What is found: modes, models to judge by, regimes, and where newness began (1) or ended (-1).

    Where it began, `said` is what the channels said.
    """

    mode: NDArray[np.int8]
    model: NDArray[np.int8]
    regime: NDArray[np.int64]
    turned: NDArray[np.int8]
    said: Floats


@kernel
def follow_rows(
    asset: NDArray[np.intp],
    at: Instants,
    passed: Instants,
    operating: Floats,
    new_after: int,
    known: Known,
    moving: Moving,
    found: Found,
) -> None:
    """Follow rows in order of time, in which assets may repeat; `found.mode` comes as it is."""
    for i in range(len(asset)):
        a = asset[i]
        mode = found.mode[i]
        for p in range(operating.shape[1]):
            if math.isfinite(operating[i, p]):
                moving.held[a, p] = operating[i, p]
        span = min(max(passed[i], 0), LONGEST)
        if known.regimes[a] > 0 and mode == _RUNNING:
            mode = _run(a, at[i], span, new_after, known, moving)
        elif mode != _UNKNOWN:
            moving.regime[a], moving.since[a] = NONE, NEVER
            moving.outside[a], moving.away[a] = 0, max(moving.away[a] - span, 0)
        if not moving.told[a] and moving.away[a] >= new_after and moving.outside[a] >= OUTSIDE:
            moving.told[a], found.turned[i] = True, 1
            found.said[i] = moving.held[a]
        elif moving.told[a] and moving.away[a] == 0:
            moving.told[a], found.turned[i] = False, -1
        regime = moving.regime[a]
        found.mode[i] = moving.mode[a] = mode
        found.regime[i] = regime
        found.model[i] = known.model[a, regime] if regime >= 0 else 0


@kernel
def _run(a: int, at: int, span: int, new_after: int, known: Known, moving: Moving) -> int:
    """Tell what a running machine is doing."""
    before = moving.regime[a]
    best, apart = _nearest(a, before, known, moving)
    if apart > 1.0:
        moving.outside[a] = min(moving.outside[a] + 1, OUTSIDE)
        moving.away[a] = min(moving.away[a] + span, new_after)
        if moving.outside[a] >= OUTSIDE:
            moving.regime[a] = AWAY
        return _NEW
    moving.outside[a] = max(moving.outside[a] - 1, 0)
    moving.away[a] = max(moving.away[a] - span, 0)
    moving.regime[a] = best
    if before not in (NONE, best):
        moving.since[a] = at
    if moving.since[a] != NEVER:
        if at - known.settle[a] < moving.since[a]:
            return _TRANSITION
        moving.since[a] = NEVER
    if apart > 0:
        _stretch(a, best, span, known, moving)
    return _RUNNING


@kernel
def _nearest(a: int, before: int, known: Known, moving: Moving) -> tuple[int, float]:
    """Find the regime whose range is nearest, in margins; of two that hold it, where it was."""
    best, apart, closest = 0, math.inf, math.inf
    for r in range(known.regimes[a]):
        worst, off = 0.0, 0.0
        for p in range(moving.held.shape[1]):
            value = moving.held[a, p]
            if math.isnan(value):
                continue
            margin = known.margin[a, r, p]
            low = known.low[a, r, p] - moving.below[a, r, p]
            high = known.high[a, r, p] + moving.above[a, r, p]
            worst = max(worst, max(low - value, value - high) / margin)
            off += abs(value - known.centre[a, r, p]) / margin
        if r == before:
            off = -1.0
        if worst < apart or (worst == apart and off < closest):
            best, apart, closest = r, worst, off
    return best, apart


@kernel
def _stretch(a: int, r: int, span: int, known: Known, moving: Moving) -> None:
    """Let a regime's range follow what lies in its margin."""
    part = span / SEASON
    for p in range(moving.held.shape[1]):
        value, far = moving.held[a, p], known.far[a, r, p]
        over = value - known.high[a, r, p] - moving.above[a, r, p]
        under = known.low[a, r, p] - moving.below[a, r, p] - value
        if over > 0:
            moving.above[a, r, p] = min(moving.above[a, r, p] + part * over, far)
        elif under > 0:
            moving.below[a, r, p] = min(moving.below[a, r, p] + part * under, far)
