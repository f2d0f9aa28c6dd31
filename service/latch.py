"""A latch: how one rule comes on and goes off along rows of scores, compiled.

A rule's delays, its deadband and whom it holds to blame depend on every row before, so they are
one loop over rows. A score of NaN moves nothing: the rule stays as it is and its delay stands.

A score is the worst of what could be judged. Where the channel that raised it (the suspect) can no
longer be judged, a lower score says nothing of the condition: then the rule cannot tell, and
stays on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants
from models.kernel import kernel

NEVER = -(2**63)
"""Stands for no time in columns of instants."""

NOBODY = -1
"""Stands for no channel to blame."""


class Line(NamedTuple):
    """When a rule wants to change: at what score, for how long."""

    high: float
    low: float
    on_delay: int
    off_delay: int


class Sight(NamedTuple):
    """What the rule's detector said of each row, and whether the machine may be in motion.

    Without rows, nothing of what it judged is known, and nobody is blamed.
    """

    blame: Floats
    low: Floats
    high: Floats
    values: Floats
    moving: Bools


class Held(NamedTuple):
    """How the rule stands at each place: on, since when it wants to change, whom it suspects."""

    on: Bools
    since: Instants
    channel: Instants


@kernel
def follow(
    slot: NDArray[np.intp],
    at: Instants,
    passed: Instants,
    score: Floats,
    line: Line,
    sight: Sight,
    held: Held,
    fired: NDArray[np.int8],
    after: Bools,
) -> None:
    """Take rows in order of time, each at its place `slot`, which may come again.

    `fired[i]` becomes 1 where the rule came on with a row, -1 where it went off. `after` is set
    where it then stood or wanted to change.
    """
    seen = len(sight.blame) > 0
    for i in range(len(slot)):
        s = slot[i]
        was, since, channel = held.on[s], held.since[s], held.channel[s]
        told = score[i]
        if seen and was and sight.moving[i] and channel != NOBODY:
            bounds = sight.low[i, channel], sight.high[i, channel]
            if not math.isfinite(bounds[0]) and not math.isfinite(bounds[1]):
                told = math.nan
        wants = told < line.low if was else told >= line.high
        begun = at[i] if since == NEVER else min(since, at[i])
        if wants:
            if at[i] - begun >= (line.off_delay if was else line.on_delay):
                fired[i] = -1 if was else 1
                held.on[s], held.since[s] = not was, NEVER
            else:
                held.since[s] = begun
        elif math.isnan(told) and since != NEVER:
            held.since[s] = since + passed[i]
        else:
            held.since[s] = NEVER
        if seen and held.on[s]:
            above = score[i] >= line.low
            back = channel == NOBODY or _inside(i, channel, sight)
            if above and (back or not was):
                held.channel[s] = sight.blame[i].argmax()
            elif not above and back:
                held.channel[s] = NOBODY
        after[i] = after[i] or held.on[s] or held.since[s] != NEVER


@kernel
def _inside(i: int, channel: int, sight: Sight) -> bool:
    """Tell whether a channel was judged and is where it should be."""
    low, high, value = sight.low[i, channel], sight.high[i, channel], sight.values[i, channel]
    judged = math.isfinite(low) or math.isfinite(high)
    return judged and not (value < low) and not (value > high) and not math.isnan(value)
