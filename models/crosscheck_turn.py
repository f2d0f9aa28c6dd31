"""Crosscheck turn: when each kind of fault of a sensor begins and ends, compiled."""

from __future__ import annotations

import math

from core.readings import Floats
from models.crosscheck_company import followed
from models.crosscheck_state import (
    APART,
    BIAS,
    CALM,
    CERTAIN,
    CROSSED,
    DRIFT,
    GAPPY,
    GONE,
    NOBODY,
    NOISE,
    NOISY,
    QUIET,
    SMOOTH,
    SPIKES,
    SPIKY,
    STEADY,
    SUDDEN,
    SWAP,
    WHOLE,
    Judged,
    Known,
    Moving,
    Told,
)
from models.kernel import step


@step
def turn(
    a: int,
    k: int,
    i: int,
    lone: int,
    span: int,
    away: Floats,
    judged: Judged,
    known: Known,
    moving: Moving,
    told: Told,
    lapses: int,
) -> int:
    """Let each kind of fault of one channel begin or end; returns how many lapses there are now."""
    for kind in range(moving.faults.shape[2]):
        on = moving.faults[a, k, kind]
        proved = on and kind in (DRIFT, BIAS) and followed(a, k, away, judged, known, moving)
        if on:
            turns = proved or _ended(a, k, kind, away, moving)
        elif kind in (DRIFT, BIAS):
            mine = lone == k and told.sensor[i] and abs(away[k]) >= CERTAIN
            turns = mine and _gone(a, k, kind, moving)
        else:
            turns = _begun(a, k, kind, judged, known, moving)
        if not turns:
            moving.lasted[a, k, kind] = moving.rows[a, k, kind] = 0
            continue
        moving.lasted[a, k, kind] += span
        moving.rows[a, k, kind] += 1
        if not _enough(a, k, kind, on, judged, moving):
            continue
        moving.faults[a, k, kind] = not on
        moving.lasted[a, k, kind] = moving.rows[a, k, kind] = 0
        mate = moving.mate[a, k] if kind == SWAP else NOBODY
        if proved:
            moving.proved[a, k], mate = True, k
        if NOBODY < mate < k:
            continue  # the other of the two has told it
        if lapses < len(told.lapses):
            lapse = told.lapses[lapses]
            lapse[0], lapse[1], lapse[2], lapse[3], lapse[4] = i, k, kind, 0 if on else 1, mate
        lapses += 1
    return lapses


@step
def _enough(a: int, k: int, kind: int, on: bool, judged: Judged, moving: Moving) -> bool:
    """Tell whether something has lasted; two channels are hardly ever exchanged by chance."""
    rows, lasted = moving.rows[a, k, kind], moving.lasted[a, k, kind]
    if kind == SWAP and not on:
        return bool(rows >= CROSSED)
    return bool(rows >= STEADY and lasted >= judged.needs)


@step
def _gone(a: int, k: int, kind: int, moving: Moving) -> bool:
    """Tell whether a channel that is alone and far away has drifted there, or stepped."""
    if moving.faults[a, k].any() or moving.mate[a, k] != NOBODY:
        return False
    if moving.rows[a, k, BIAS] == 0 and moving.rows[a, k, DRIFT] == 0:
        return bool((moving.rising[a, k] <= SUDDEN) == (kind == BIAS))
    return bool(moving.rows[a, k, kind] > 0)


@step
def _begun(a: int, k: int, kind: int, judged: Judged, known: Known, moving: Moving) -> bool:
    """Tell whether noise, spikes, gaps or an exchange show in one channel, and in no other."""
    if kind == SWAP:
        return bool(moving.mate[a, k] != NOBODY)
    if moving.faults[a, k].any():
        return False
    if kind == NOISE:
        loud = moving.scatter[a, k] >= NOISY and not judged.restless[k]
        return bool(loud and _others(a, k, moving.scatter, known) < CALM)
    if kind == SPIKES:
        return bool(moving.spikes[a, k] >= SPIKY and _others(a, k, moving.spikes, known) < SMOOTH)
    gappy = GAPPY <= moving.gaps[a, k] < GONE
    return bool(gappy and _others(a, k, moving.gaps, known) < WHOLE)


@step
def _ended(a: int, k: int, kind: int, away: Floats, moving: Moving) -> bool:
    """Tell whether a fault that stands shows no more."""
    if kind in (DRIFT, BIAS, SWAP):
        return bool(abs(away[k]) < APART)
    if kind == NOISE:
        return bool(moving.scatter[a, k] < QUIET)
    if kind == SPIKES:
        return bool(moving.spikes[a, k] < SMOOTH)
    return bool(moving.gaps[a, k] < WHOLE)


@step
def _others(a: int, k: int, found: Floats, known: Known) -> float:
    """Find the largest of the other channels'; beyond all bounds where there is none."""
    worst, count = 0.0, 0
    for j in range(found.shape[1]):
        if j != k and known.judged[a, j]:
            worst, count = max(worst, found[a, j]), count + 1
    return worst if count else math.inf
