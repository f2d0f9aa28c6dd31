"""The fan: past estimates of when a machine's life ends, with its health beneath."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.casefile import CaseFile
from core.clock import DAY, HOUR, SECOND, Instant
from core.history import Columns
from core.life import LifeEstimate
from core.plant import Plant
from core.readings import Floats
from core.work import Work
from service.estimates import names_of
from service.picture import Band, Panel, Picture, plain, thin
from service.thinning import HEALTH
from service.words import timezone_of

LONGEST = 90 * DAY
"""So far back a fan reaches; health is not kept for longer."""

LEAST = DAY

NOTE = "above the dotted line: still to come"

_GAP = 30 * HOUR
"""A line is broken where nothing was said for so long; of a machine that is well, it is daily."""

_BEYOND = 2.0
"""An end is drawn up to so many times the shown past after now; what lies beyond is cut off."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """What was said of the life of an asset in one failure mode: hours left at each time."""

    asset: str
    failure_mode: str
    told: Columns


def fan(asset: str, failure_mode: str, casefile: CaseFile, now: Instant) -> Fan:
    """Read the estimates of the life that an asset is in: those since it was last mended."""
    start = max(now - LONGEST, _begun(asset, casefile))
    told = casefile.conditions(asset, names_of(failure_mode), start, now + 1)
    return Fan(asset, failure_mode, told)


def lives_of(asset: str, casefile: CaseFile) -> tuple[LifeEstimate, ...]:
    """Find what is said of the lives of an asset now, the soonest end first."""
    status = next((one for one in casefile.statuses() if one.asset == asset), None)
    return () if status is None or status.life is None else (status.life, *status.others)


def drawn(found: Fan, plant: Plant, casefile: CaseFile, now: Instant, width: int) -> Picture | None:
    """Make a picture of a fan up to now; None where nothing was said."""
    told = found.told
    if not len(told):
        return None
    start = min(int(told.at[0]), now - LEAST)
    most = now + round(_BEYOND * (now - start))
    seconds, (early, middle, late) = _ends(told, most)
    ends = Panel(
        "Predicted end; shaded: 9 in 10 sure",
        seconds,
        middle,
        band=Band(early, late),
        dates=True,
        rulers=_stops(found.asset, plant, now, most),
    )
    panels = [ends]
    health = casefile.conditions(found.asset, [HEALTH], start, now + 1)
    if len(health):
        curve = thin(health.at, 100 * health.values[:, 0])
        panels.append(Panel("Health in %; at 0 its life has ended", *curve, line=0.0))
    zone = timezone_of(found.asset, plant)
    return Picture(width, zone, start / SECOND, now / SECOND, panels, [], note=NOTE)


def _stops(asset: str, plant: Plant, now: Instant, most: Instant) -> list[tuple[float, str]]:
    """Mark when the next planned stop begins, where that is not too far away."""
    coming = plant.stop_of(asset, now)
    return (
        [] if coming is None or coming[1] > most else [(coming[1] / SECOND, plain(coming[0].name))]
    )


def _begun(asset: str, casefile: CaseFile) -> Instant:
    """Find when a machine was last mended; 0 where it never was."""
    done = casefile.work(asset)
    return next((one.at for one in done if one.work is not Work.INSPECTED), 0)


def _ends(told: Columns, most: Instant) -> tuple[list[float], list[list[float | None]]]:
    """Turn hours left into ends in seconds, none later than `most`; gaps break the lines."""
    with np.errstate(invalid="ignore"):
        ends = told.at[:, None] / SECOND + told.values * (HOUR / SECOND)
    ends = np.minimum(ends, most / SECOND)
    apart = np.diff(told.at)
    gaps = np.flatnonzero(apart > _GAP) + 1
    seconds = np.insert(told.at / SECOND, gaps, (told.at[gaps] - apart[gaps - 1] // 2) / SECOND)
    return seconds.tolist(), [_numbers(np.insert(ends[:, k], gaps, np.nan)) for k in range(3)]


def _numbers(values: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
