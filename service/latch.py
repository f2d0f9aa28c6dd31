"""A latch: how one rule comes on and goes off along rows of scores, compiled.

A rule's delays, its deadband and whom it holds to blame depend on every row before, so they are
one loop over rows. A score of NaN moves nothing: the rule stays as it is and its delay stands.

A score is the worst of what could be judged. Where the channel that raised it (the suspect) can no
longer be judged, a lower score says nothing of the condition: then the rule cannot tell, and
stays on.

What comes and goes is one trouble: a filter that clogs shows while the hall is warm, and not at
night. A machine's condition that has come back often, each time soon and with the same channel to
blame, stands on while it is gone, until it has been gone for longer than soon. Where another
channel brings the score up meanwhile, that is another trouble: the rule goes off, and comes on of
that. What goes on so for `LONGEST` is how the machine runs, and stands no longer than it lasts.

Where the channel with the blame has departed alone, and by its sensor's doing
(`models/crosscheck.py`), the rule comes on of that sensor, and not of the machine. A case of the
one is handed over to the other where more is known: once the sensor is certain, or others depart.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR
from core.readings import Bools, Floats, Instants
from models.budget import LONGEST
from models.kernel import kernel

NEVER = -(2**63)
"""Stands for no time in columns of instants."""

NOBODY = -1
"""Stands for no channel to blame."""

SOON = 30 * HOUR
"""A condition that is back within this time was never gone for good."""

OFTEN = 4
"""How often in a row it must have been back soon to be known for coming and going."""

ON, OFF, SENSED, UNSENSED, TO_SENSOR, TO_MACHINE = 1, -1, 2, -2, 3, 4
"""What a rule does at a row: come on or go off, of the machine or a sensor; be handed over."""


class Line(NamedTuple):
    """When a rule wants to change: at what score, for how long.

    Where it `waits`, what comes and goes stands on while it is gone.
    """

    high: float
    low: float
    on_delay: int
    off_delay: int
    waits: bool


class Sight(NamedTuple):
    """What the rule's detector said of each row, and whether the machine may be in motion.

    Without rows, nothing of what it judged is known, and nobody is blamed.
    """

    blame: Floats
    low: Floats
    high: Floats
    values: Floats
    moving: Bools


class Clue(NamedTuple):
    """What the crosscheck said of each row, as `models.crosscheck.Checked` has it.

    Without rows nothing is known. `routes` tells whether the rule may come on of a sensor.
    """

    lone: Instants
    mate: Instants
    sensor: Bools
    several: Bools
    barred: Bools
    routes: bool


class Held(NamedTuple):
    """How the rule stands at each place: on, since when it wants to change, whom it suspects.

    `sensor` is the channel of whose sensor it is on, NOBODY where it is on of the machine. `gone`
    is since when its condition is gone, also while the rule stands on; `past` the channel most to
    blame when it last came, `again` how often in a row it was back soon, `first` when that began.
    """

    on: Bools
    since: Instants
    channel: Instants
    sensor: Instants
    gone: Instants
    past: Instants
    again: Instants
    first: Instants


@kernel
def follow(
    slot: NDArray[np.intp],
    at: Instants,
    passed: Instants,
    score: Floats,
    line: Line,
    sight: Sight,
    clue: Clue,
    held: Held,
    fired: NDArray[np.int8],
    whom: Instants,
    after: Bools,
) -> None:
    """Take rows in order of time, each at its place `slot`, which may come again.

    `fired[i]` becomes what the rule does with a row, 0 for nothing, and `whom[i]` the channel where
    that is about a sensor. `after` is set where it then stood or wanted to change.
    """
    seen = len(sight.blame) > 0
    clued = seen and len(clue.lone) > 0
    for i in range(len(slot)):
        s = slot[i]
        was, since, channel = held.on[s], held.since[s], held.channel[s]
        told = score[i]
        if clued:
            _give_up(i, s, clue, held, fired, whom)
            was, since, channel = held.on[s], held.since[s], held.channel[s]
            told = _heeded(i, told, sight, clue)
        if seen and was and sight.moving[i] and _unjudged(i, channel, sight):
            told = math.nan
        waits = was and held.gone[s] != NEVER
        stands = was and not waits
        wants = told < line.low if stands else told >= line.high
        begun = at[i] if since == NEVER else min(since, at[i])
        if wants and at[i] - begun >= (line.off_delay if stands else line.on_delay):
            held.since[s] = NEVER
            if not _goes_on(i, s, at[i], begun, stands, waits, line, sight, held):
                _turn(i, s, was, clued, sight, clue, held, fired, whom)
                held.since[s] = begun if waits else NEVER
        elif wants:
            held.since[s] = begun
        else:
            unknown = math.isnan(told) and since != NEVER
            held.since[s] = since + passed[i] if unknown else NEVER
        if waits and held.on[s] and told < line.low and at[i] - held.gone[s] > SOON:
            _turn(i, s, was, clued, sight, clue, held, fired, whom)
        if clued and was and held.on[s] and told >= line.high:
            _hand_back(i, s, clue, held, fired, whom)
        if seen and held.on[s] and held.gone[s] == NEVER:
            above = score[i] >= line.low
            back = channel == NOBODY or _inside(i, channel, sight)
            if above and (back or not was):
                held.channel[s] = sight.blame[i].argmax()
            elif not above and back:
                held.channel[s] = NOBODY
        after[i] = after[i] or held.on[s] or held.since[s] != NEVER


@kernel
def _goes_on(
    i: int,
    s: int,
    at: int,
    begun: int,
    stands: bool,
    waits: bool,
    line: Line,
    sight: Sight,
    held: Held,
) -> bool:
    """Count how a condition comes and goes; true where the rule stands on all the same."""
    if stands and held.sensor[s] != NOBODY:
        return False
    if stands:
        held.gone[s] = begun
        return line.waits and held.again[s] >= OFTEN and at - held.first[s] < LONGEST
    top = NOBODY
    if len(sight.blame) > 0:
        top = sight.blame[i].argmax()
    if waits and top != held.past[s]:
        return False
    soon = held.gone[s] != NEVER and begun - held.gone[s] <= SOON and held.past[s] == top
    held.again[s] = held.again[s] + 1 if soon else 0
    held.first[s] = held.first[s] if soon else at
    held.past[s], held.gone[s] = top, NEVER
    return waits


@kernel
def _give_up(
    i: int, s: int, clue: Clue, held: Held, fired: NDArray[np.int8], whom: Instants
) -> None:
    """Let a rule go off that has no more to say, since the sensor that it is on of is at fault."""
    channel = held.channel[s]
    if not held.on[s]:
        return
    if held.sensor[s] != NOBODY:
        if not clue.barred[i, held.sensor[s]]:
            return
        fired[i], whom[i] = UNSENSED, held.sensor[s]
    elif channel == NOBODY or not clue.barred[i, channel]:
        return
    elif clue.several[i] or not clue.routes:
        held.channel[s] = NOBODY
        return
    else:
        fired[i], whom[i] = TO_SENSOR, channel
    held.on[s], held.since[s] = False, NEVER
    held.channel[s] = held.sensor[s] = NOBODY


@kernel
def _heeded(i: int, told: float, sight: Sight, clue: Clue) -> float:
    """Leave of a score nothing where a channel carries it that is not believed."""
    if not math.isnan(told) and clue.barred[i, sight.blame[i].argmax()]:
        return math.nan
    return told


@kernel
def _unjudged(i: int, channel: int, sight: Sight) -> bool:
    """Tell whether a suspect could not be judged."""
    if channel == NOBODY:
        return False
    return not math.isfinite(sight.low[i, channel]) and not math.isfinite(sight.high[i, channel])


@kernel
def _turn(
    i: int,
    s: int,
    was: bool,
    clued: bool,
    sight: Sight,
    clue: Clue,
    held: Held,
    fired: NDArray[np.int8],
    whom: Instants,
) -> None:
    """Let the rule come on or go off, of the machine or of a sensor."""
    held.on[s], held.since[s] = not was, NEVER
    whom[i] = held.sensor[s]
    if was:
        fired[i] = OFF if whom[i] == NOBODY else UNSENSED
        held.sensor[s] = NOBODY
        return
    fired[i] = ON
    if clued and clue.routes and clue.sensor[i]:
        top = sight.blame[i].argmax()
        if top == clue.lone[i] or top == clue.mate[i]:
            fired[i], whom[i] = SENSED, clue.lone[i]
            held.sensor[s] = whom[i]


@kernel
def _hand_back(
    i: int, s: int, clue: Clue, held: Held, fired: NDArray[np.int8], whom: Instants
) -> None:
    """Tell of the machine what was told of a sensor, where others have departed too."""
    if held.sensor[s] != NOBODY and clue.several[i]:
        fired[i], whom[i] = TO_MACHINE, held.sensor[s]
        held.sensor[s] = NOBODY


@kernel
def _inside(i: int, channel: int, sight: Sight) -> bool:
    """Tell whether a channel was judged and is where it should be."""
    low, high, value = sight.low[i, channel], sight.high[i, channel], sight.values[i, channel]
    judged = math.isfinite(low) or math.isfinite(high)
    return judged and not (value < low) and not (value > high) and not math.isnan(value)
