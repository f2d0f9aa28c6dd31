"""Crosscheck row: what one reading of one asset says of its sensors, compiled.

Each channel has a running mean of what operating channels do not explain, and a slower reference
for it that stands still while they are apart. How far apart they were in healthy time tells how far
is far. A sensor that lies departs alone; a machine that ails takes others along.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants
from models.baseline import BENT, FARTHEST
from models.crosscheck_company import awaited, followed, gone
from models.crosscheck_state import (
    APART,
    BAND,
    DEPARTED,
    FOLLOWS,
    GAPPY,
    LEARNS,
    LEVEL,
    LOUD,
    LOUDEST,
    NOBODY,
    NOISY,
    QUICK,
    RARE,
    SCATTER,
    SETTLED,
    SLOWEST,
    SPIKY,
    SWAP,
    TOGETHER,
    USUAL,
    WILD,
    Judged,
    Known,
    Moving,
    Told,
)
from models.crosscheck_turn import turn
from models.kernel import kernel, step


@kernel
def check_rows(
    asset: NDArray[np.intp],
    passed: Instants,
    heard: Bools,
    running: Bools,
    op: NDArray[np.intp],
    judged: Judged,
    known: Known,
    moving: Moving,
    told: Told,
) -> int:
    """Check rows in order of time, in which assets may repeat; returns how many lapses.

    `heard` marks what a row carries, believed or not; `told.values` holds what is believed.
    """
    count, width = told.values.shape
    residual, away, shift = np.empty(width), np.empty(width), np.empty(width)
    lapses = 0
    for i in range(count):
        a = asset[i]
        if not known.learned[a]:
            continue
        row = told.values[i]
        if running[i]:
            _expect(row, op, a, known, moving, shift)
            _bound(i, a, known, moving, shift, told)
            for k in range(width):
                residual[k] = (row[k] - known.centre[a, k]) / known.spread[a, k] - shift[k]
            if _follow(a, passed[i], residual, heard[i], judged, known, moving, away):
                span = min(passed[i], judged.most)
                lapses = _look(
                    a, i, span, residual, shift, away, judged, known, moving, told, lapses
                )
        if moving.pending[a]:
            for k in range(width):
                if moving.faults[a, k].any():
                    told.gone[i, k] = gone(a, k, moving) and not math.isnan(row[k])
                    row[k] = math.nan
                    told.doubted[i] = True
    return lapses


@step
def _look(
    a: int,
    i: int,
    span: int,
    residual: Floats,
    shift: Floats,
    away: Floats,
    judged: Judged,
    known: Known,
    moving: Moving,
    told: Told,
    lapses: int,
) -> int:
    """Look at a row in which something has departed, or may have come to an end."""
    width = len(away)
    crossed = _crossed(a, told.values[i], shift, residual, known, moving)
    lone = _lone(a, away, judged, known, moving, told, i)
    if crossed:
        lone = _exchanged(a, away, moving, told, i)
    if lone != NOBODY:
        up = moving.level[a, lone] > moving.ref[a, lone]
        trusted = judged.up[lone] if up else judged.down[lone]
        told.sensor[i] = told.mate[i] != NOBODY or abs(away[lone]) >= trusted
    moving.pending[a] = False
    for k in range(width):
        if known.judged[a, k]:
            lapses = turn(a, k, i, lone, span, away, judged, known, moving, told, lapses)
            if abs(away[k]) < APART:
                moving.proved[a, k] = False
            waits = moving.rows[a, k].any() or moving.faults[a, k].any() or moving.proved[a, k]
            moving.pending[a] = moving.pending[a] or waits or moving.mate[a, k] != NOBODY
    return lapses


@kernel
def _expect(
    row: Floats, op: NDArray[np.intp], a: int, known: Known, moving: Moving, shift: Floats
) -> None:
    """Work out what operating channels explain of each channel, standardised."""
    number = len(op)
    design = np.empty(2 * number)
    for p in range(number):
        if math.isfinite(row[op[p]]):
            moving.operating[a, p] = row[op[p]]
        standard = (moving.operating[a, p] - known.op_centre[a, p]) / known.op_spread[a, p]
        if math.isnan(standard):
            standard = 0.0
        standard = min(max(standard, -FARTHEST), FARTHEST)
        bent = min(max(standard, -BENT), BENT)
        design[p], design[number + p] = standard, bent * bent - 1.0
    for k in range(len(row)):
        shift[k] = 0.0
        for p in range(2 * number):
            shift[k] += design[p] * known.weights[a, p, k]


@step
def _bound(i: int, a: int, known: Known, moving: Moving, shift: Floats, told: Told) -> None:
    """Note between what bounds each judged channel is expected, in its own unit."""
    for k in range(len(shift)):
        if known.judged[a, k]:
            middle = known.centre[a, k] + known.spread[a, k] * (shift[k] + moving.ref[a, k])
            far = BAND * known.spread[a, k] * math.sqrt(known.quiet[a, k] + moving.room[a, k])
            told.low[i, k], told.high[i, k] = middle - far, middle + far


@step
def _follow(
    a: int,
    passed: int,
    residual: Floats,
    heard: Bools,
    judged: Judged,
    known: Known,
    moving: Moving,
    away: Floats,
) -> bool:
    """Move what accumulates by one row, and tell how far apart each mean and its reference are.

    Returns whether that is worth a closer look.
    """
    spoke, pending, wrong = False, moving.pending[a], 0
    for k in range(len(residual)):
        spoke = spoke or (judged.candidates[k] and heard[k])
    rate = min(FOLLOWS, GAPPY, passed / SLOWEST)
    for k in range(len(residual)):
        away[k] = math.nan
        if not known.judged[a, k]:
            continue
        if spoke:
            moving.gaps[a, k] += RARE * ((0.0 if heard[k] else 1.0) - moving.gaps[a, k])
        present = math.isfinite(residual[k])
        if present:
            _advance(
                k,
                residual[k],
                known.quiet[a, k],
                moving.wild[a],
                moving.quick[a],
                moving.spikes[a],
                moving.scatter[a],
                moving.level[a],
            )
        apart = moving.level[a, k] - moving.ref[a, k]
        away[k] = apart / math.sqrt(moving.room[a, k])
        size = abs(away[k])
        moving.rising[a, k] = moving.rising[a, k] + 1 if size >= APART else 0
        far = WILD * math.sqrt(known.quiet[a, k] + moving.room[a, k])
        wrong += 1 if abs(residual[k] - moving.ref[a, k]) > far else 0
        pending = pending or size >= DEPARTED or moving.scatter[a, k] >= NOISY
        pending = pending or moving.spikes[a, k] >= SPIKY or moving.gaps[a, k] >= GAPPY
        if not present or (moving.pending[a] and moving.faults[a, k].any()):
            continue
        if moving.pending[a] and awaited(a, k, judged, known, moving):
            continue  # what it says of the other must not be forgotten while it says so slowly
        if size < APART:
            moving.ref[a, k] += rate * apart
        if size < TOGETHER:
            least = known.quiet[a, k] * LEVEL / (2.0 - LEVEL)
            news = min(apart * apart, TOGETHER * moving.room[a, k])
            room = moving.room[a, k] + LEARNS * rate * (news - moving.room[a, k])
            moving.room[a, k] = max(room, least)
    return pending or wrong > 1


@step
def _advance(
    k: int,
    residual: float,
    quiet: float,
    wild: Instants,
    quick: Floats,
    spikes: Floats,
    scatter: Floats,
    level: Floats,
) -> None:
    """Move the means and the scatter of one channel; a spike moves none of them."""
    off = residual - quick[k]
    far = WILD * math.sqrt(quiet)
    spiked = 0.0
    if abs(off) > far and wild[k] < SETTLED:
        wild[k] += 1
        if wild[k] < SETTLED:
            return
        quick[k] = residual
        off = 0.0
    elif 0 < wild[k] < SETTLED:
        spiked = 1.0
    wild[k] = 0
    spikes[k] += RARE * (spiked - spikes[k])
    scatter[k] += SCATTER * (min(off * off / quiet, LOUDEST) - scatter[k])
    quick[k] += QUICK * off
    level[k] += LEVEL * min(max(residual - level[k], -far), far)


@step
def _lone(
    a: int, away: Floats, judged: Judged, known: Known, moving: Moving, told: Told, i: int
) -> int:
    """Find the channel that has departed alone, of those not at fault; NOBODY where none has.

    Another sign of its failure mode is company even where it is held to drift.
    """
    first, second, worst = 0.0, 0.0, NOBODY
    others = 0
    for k in range(len(away)):
        if not known.judged[a, k] or moving.faults[a, k].any():
            continue
        others += 1
        size = abs(away[k])
        if size > first:
            first, second, worst = size, first, k
        elif size > second:
            second = size
    told.several[i] = second >= max(LOUD, first / TOGETHER)
    if others < 2 or first < DEPARTED or second >= max(APART, first / TOGETHER):
        return NOBODY
    if moving.proved[a, worst] or followed(a, worst, away, judged, known, moving):
        told.several[i] = True
        return NOBODY
    told.lone[i] = worst
    return worst


@step
def _crossed(
    a: int, row: Floats, shift: Floats, residual: Floats, known: Known, moving: Moving
) -> bool:
    """Tell whether two channels show what the other should; notes each one's mate."""
    width, found = len(row), False
    for k in range(width):
        if not moving.faults[a, k, SWAP]:
            moving.mate[a, k] = NOBODY
    for k in range(width):
        if not _wrong(a, k, residual[k], known, moving):
            continue
        for j in range(k):
            if not _wrong(a, j, residual[j], known, moving):
                continue
            mine = (row[j] - known.centre[a, k]) / known.spread[a, k] - shift[k]
            theirs = (row[k] - known.centre[a, j]) / known.spread[a, j] - shift[j]
            if _fits(a, k, mine, known, moving) and _fits(a, j, theirs, known, moving):
                moving.mate[a, k], moving.mate[a, j] = j, k
                found = True
    return found


@step
def _wrong(a: int, k: int, residual: float, known: Known, moving: Moving) -> bool:
    """Tell whether a single reading is far from where its channel was."""
    far = WILD * math.sqrt(known.quiet[a, k] + moving.room[a, k])
    return bool(known.judged[a, k] and abs(residual - moving.ref[a, k]) > far)


@step
def _fits(a: int, k: int, residual: float, known: Known, moving: Moving) -> bool:
    """Tell whether a value would be right for a channel."""
    near = USUAL * math.sqrt(known.quiet[a, k] + moving.room[a, k])
    return bool(abs(residual - moving.ref[a, k]) < near)


@step
def _exchanged(a: int, away: Floats, moving: Moving, told: Told, i: int) -> int:
    """Name the first of two channels that are exchanged, and the other as its mate."""
    for k in range(len(away)):
        if moving.mate[a, k] != NOBODY:
            told.lone[i], told.mate[i], told.several[i] = k, moving.mate[a, k], False
            return k
    return NOBODY
