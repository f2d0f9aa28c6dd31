"""Sensor row: what the sensor watch makes of one reading of one asset, compiled."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, SECOND
from core.plant import Mode
from core.readings import Bools, Floats, Instants
from models.kernel import kernel

STILL_READINGS = 30
STILL_MOVES = 20.0
"""A channel is suspect when it should have moved this often by its own habit, and has not."""

SURE_READINGS = 200
CHANCE = math.log(1e-6)
"""From so many readings on, one is suspect too when its standing still is less likely than this."""

HABIT_MOVES = 10
JUMPS = 5
JUMPS_WITHIN = HOUR
SILENT_READINGS = 10
BAD_READINGS = 10
LATER = 2**63 - 1
"""Stands for when a channel began to be bad while its machine does not run: that counts anew."""

STUCK, JUMPY, SILENT, BAD = 0, 1, 2, 3
_RUNNING, _UNKNOWN = int(Mode.RUNNING), int(Mode.UNKNOWN)


class Watched(NamedTuple):
    """What is known of the class: judged channels, their greatest rate, and the delays."""

    judged: Bools
    rate: Floats
    stuck_after: int
    silent_after: int


class Followed(NamedTuple):
    """What is kept of every channel of every asset; `faults` has a place for each kind more.

    `calm` is for how many readings each has stood still at most, before it moved by itself.
    """

    last: Floats
    still: Instants
    still_for: Instants
    calm: Instants
    moves: Instants
    readings: Instants
    jumps: Instants
    jumped_at: Instants
    absent_for: Instants
    absent: Instants
    gap: Instants
    bad_since: Instants
    bad: Instants
    faults: Bools


class Come(NamedTuple):
    """Rows as they come. Masks without rows stand for none, `ages` without rows for `passed`."""

    asset: NDArray[np.intp]
    at: Instants
    passed: Instants
    values: Floats
    mode: NDArray[np.int8]
    bad: Bools
    on_change: Bools
    ages: Instants


class Found(NamedTuple):
    """What is found: values without the unbelievable, rows not to learn from, jumps of each.

    `lapses` holds row, channel, fault and whether it began, `said` what the channel last said.
    """

    values: Floats
    doubted: Bools
    jumps: Instants
    lapses: Instants
    said: Floats


@kernel
def sift_rows(come: Come, watched: Watched, kept: Followed, found: Found) -> int:
    """Judge rows in order of time, in which assets may repeat; returns how many lapses."""
    count, width = come.values.shape
    moved = np.empty(width, np.bool_)
    now = np.empty(kept.faults.shape[2], np.bool_)
    lapses = 0
    for i in range(count):
        a, mode = come.asset[i], come.mode[i]
        running = mode == _RUNNING
        span = min(come.passed[i], watched.silent_after)
        others = False
        for k in range(width):
            value = come.values[i, k]
            moved[k] = not math.isnan(value) and value != kept.last[a, k]
            others = others or moved[k]
        others = others and running
        for k in range(width):
            value = come.values[i, k]
            present = not math.isnan(value)
            bad = len(come.bad) > 0 and come.bad[i, k]
            rare = len(come.on_change) > 0 and come.on_change[i, k]
            age = come.ages[i, k] if len(come.ages) > 0 else come.passed[i]
            jumped = abs(value - kept.last[a, k]) > watched.rate[k] * (max(age, SECOND) / SECOND)
            suspect = _stands_still(a, k, present, moved[k], running, others, span, watched, kept)
            suspect = suspect and not rare
            now[SILENT] = _gone(a, k, present or bad or rare, running, span, watched, kept)
            now[BAD] = _broken(a, k, present, bad, rare, mode, come.at[i], watched, kept)
            now[STUCK] = suspect and kept.still_for[a, k] >= watched.stuck_after
            now[JUMPY] = _jumpy(a, k, jumped, come.at[i], kept)
            if present:
                kept.last[a, k] = value
            doubted = suspect or jumped
            found.jumps[i] += 1 if jumped else 0
            for fault in range(len(now)):
                doubted = doubted or now[fault]
                if now[fault] != kept.faults[a, k, fault]:
                    kept.faults[a, k, fault] = now[fault]
                    if lapses < len(found.lapses):
                        found.lapses[lapses, 0], found.lapses[lapses, 1] = i, k
                        found.lapses[lapses, 2] = fault
                        found.lapses[lapses, 3] = 1 if now[fault] else 0
                        found.said[lapses] = kept.last[a, k]
                    lapses += 1
            if doubted:
                found.doubted[i] = True
                found.values[i, k] = math.nan
    return lapses


@kernel
def _stands_still(
    a: int,
    k: int,
    present: bool,
    moved: bool,
    running: bool,
    others: bool,
    span: int,
    watched: Watched,
    kept: Followed,
) -> bool:
    """Tell whether a channel has not moved while the others did, for longer than is its habit."""
    if moved:
        if not kept.faults[a, k, STUCK]:
            kept.calm[a, k] = max(kept.calm[a, k], kept.still[a, k])
        kept.still[a, k] = kept.still_for[a, k] = 0
    elif present and others:
        kept.still[a, k] += 1
        kept.still_for[a, k] += span
    if present and running:
        kept.readings[a, k] += 1
        kept.moves[a, k] += 1 if moved else 0
    still, moves = kept.still[a, k], kept.moves[a, k]
    if not watched.judged[k] or moves < HABIT_MOVES:
        return False
    before = max(kept.readings[a, k] - still, 1)
    if before >= SURE_READINGS and still > 2 * kept.calm[a, k]:
        rests = (before - moves + 1) / (before + 2)
        if still * math.log(rests) < CHANCE:
            return True
    return bool(still >= STILL_READINGS and still * moves / before >= STILL_MOVES)


@kernel
def _gone(
    a: int, k: int, heard: bool, running: bool, span: int, watched: Watched, kept: Followed
) -> bool:
    """Tell whether a channel is missing for longer than it ever was before it came back."""
    waited = kept.absent_for[a, k] + (span if running else 0)
    if heard:
        if kept.absent[a, k] > 0:
            kept.gap[a, k] = max(kept.gap[a, k], waited)
        kept.absent[a, k] = kept.absent_for[a, k] = 0
        return False
    kept.absent[a, k] += 1
    kept.absent_for[a, k] = waited
    known = watched.judged[k] and kept.readings[a, k] >= STILL_READINGS
    patience = max(watched.silent_after, 5 * kept.gap[a, k])
    return bool(known and kept.absent[a, k] >= SILENT_READINGS and waited > patience)


@kernel
def _broken(
    a: int,
    k: int,
    present: bool,
    bad: bool,
    rare: bool,
    mode: int,
    at: int,
    watched: Watched,
    kept: Followed,
) -> bool:
    """Tell whether a channel has been called bad for too long, while the machine may run.

    One that is sent on change is called bad once, and is so until it says something else.
    """
    before = kept.bad[a, k]
    if before == 0 and not bad:
        return False
    moving = mode in (_RUNNING, _UNKNOWN)
    count = before + (1 if bad and (moving or rare) else 0)
    if present:
        count = 0
    since = min(kept.bad_since[a, k], at) if before > 0 else at
    if rare and not moving:
        since = LATER
    kept.bad[a, k], kept.bad_since[a, k] = count, since
    return bool(count >= (1 if rare else BAD_READINGS) and since <= at - watched.silent_after)


@kernel
def _jumpy(a: int, k: int, jumped: bool, at: int, kept: Followed) -> bool:
    """Tell whether a channel has changed faster than it can, too often within an hour."""
    if at - JUMPS_WITHIN >= kept.jumped_at[a, k]:
        kept.jumps[a, k] = 0
    if jumped:
        kept.jumps[a, k] += 1
        kept.jumped_at[a, k] = at
    return bool(kept.jumps[a, k] >= JUMPS)
