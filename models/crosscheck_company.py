"""Crosscheck company: whether another sign of a failure mode has followed a channel, compiled.

A sign goes the way that the failure mode says of it, and may be much weaker than the first: what
counts is that it is beyond chance. One sign must be clear of it, or two apart.
"""

from __future__ import annotations

from core.readings import Floats
from models.crosscheck_state import BIAS, DEPARTED, DRIFT, LOUD, Judged, Known, Moving
from models.kernel import step


@step
def followed(a: int, k: int, away: Floats, judged: Judged, known: Known, moving: Moving) -> bool:
    """Tell whether other signs of a failure mode of a channel have departed as it has."""
    way = 0 if away[k] > 0 else 1
    clear, apart = 0, 0
    for j in range(len(away)):
        if j == k or not known.judged[a, j] or _unsteady(a, j, moving):
            continue
        its = 0 if away[j] > 0 else 1
        if judged.company[k, way, j, its]:
            clear += 1 if abs(away[j]) >= LOUD else 0
            apart += 1 if abs(away[j]) >= DEPARTED else 0
    return clear > 0 or apart > 1


@step
def awaited(a: int, j: int, judged: Judged, known: Known, moving: Moving) -> bool:
    """Tell whether a channel would say that another, held to drift or to be off, is right."""
    for k in range(moving.faults.shape[1]):
        if moving.faults[a, k, DRIFT] or moving.faults[a, k, BIAS]:
            way = 0 if moving.level[a, k] > moving.ref[a, k] else 1
            if judged.company[k, way, j].any():
                return True
    return False


@step
def gone(a: int, k: int, moving: Moving) -> bool:
    """Tell whether a channel is at fault for no more than a drift or a step."""
    drifts = moving.faults[a, k, DRIFT] or moving.faults[a, k, BIAS]
    return bool(drifts and not _unsteady(a, k, moving))


@step
def _unsteady(a: int, k: int, moving: Moving) -> bool:
    """Tell whether a channel is at fault in a way that no machine ails in."""
    for kind in range(moving.faults.shape[2]):
        if kind not in (DRIFT, BIAS) and moving.faults[a, k, kind]:
            return True
    return False
