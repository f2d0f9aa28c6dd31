"""Standing: how each asset of a fleet stands now, in a line for the page."""

from __future__ import annotations

import numpy as np

from core.casefile import Status
from core.clock import Instant
from core.plant import Mode
from core.readings import Floats
from service.fleet import Fleet
from service.presence import Presence
from service.rules import NEVER
from service.words import local_time


def statuses(fleet: Fleet) -> list[Status]:
    """Tell how the assets stand whose status changed since this was last asked."""
    changed = fleet.tally.take_dirty()
    if not changed:
        return []
    readiness = _readiness(fleet)
    return [_status(fleet, number, float(readiness[number])) for number in changed]


def _readiness(fleet: Fleet) -> Floats:
    """Tell how far the slowest detector of each asset has learned."""
    ready = np.ones(len(fleet.assets))
    for detector in fleet.detectors.values():
        ready = np.minimum(ready, detector.readiness())
    return ready


def _status(fleet: Fleet, number: int, readiness: float) -> Status:
    last_at = _instant(fleet.watermark.last_at[number])
    scores = fleet.tally.latest[number]
    score = float(np.fmax.reduce(scores)) if len(scores) else float("nan")
    judged, why = _judged(fleet, number, score, readiness)
    lives = fleet.lives.all(number, last_at) if last_at is not None else ()
    life = lives[0] if lives else None
    return Status(
        asset=fleet.assets[number].id,
        at=last_at,
        arrived=_instant(fleet.tally.arrived[number]),
        mode=_mode(fleet, number),
        judged=judged,
        why=why,
        score=score if score == score else None,  # noqa: PLR0124 - not NaN
        health=None if life is None else life.health,
        life=life,
        counts=fleet.tally.counts(number),
        quiet=bool(fleet.held.quiet[number]) and fleet.held.holds(number),
        others=lives[1:],
        judging=fleet.lives.judging(number),
    )


def _judged(fleet: Fleet, number: int, score: float, readiness: float) -> tuple[bool, str]:
    mode = Mode(int(fleet.modes.mode[number]))
    learning = _learning(fleet, number, readiness)
    if fleet.attendance.presence[number] == Presence.OFFLINE:
        return False, "device offline"
    if fleet.silence.silent[number] or fleet.watermark.last_at[number] == NEVER:
        return False, "no data"
    presence = fleet.attendance.presence[number]
    if fleet.held.quiet[number] and presence != Presence.GONE and not fleet.held.holds(number):
        return False, "nothing that it said still holds"
    if fleet.regimes.new(number):
        return False, f"new regime: {fleet.regimes.words(number)}"
    judged = score == score  # noqa: PLR0124 - not NaN
    return judged, learning if judged or (mode is Mode.RUNNING and learning) else _why(
        fleet, number
    )


def _mode(fleet: Fleet, number: int) -> str:
    mode = Mode(int(fleet.modes.mode[number]))
    return fleet.regimes.names(number) if mode is Mode.RUNNING else mode.words


def _why(fleet: Fleet, number: int) -> str:
    """Say why a machine of which all is there has no score."""
    mode = Mode(int(fleet.modes.mode[number]))
    if mode is not Mode.RUNNING:
        return "mode unknown" if mode is Mode.UNKNOWN else mode.words
    between = Mode(int(fleet.regimes.watch.moving.mode[number])) > Mode.RUNNING
    return "between two regimes" if between else "nothing to judge by"


def _learning(fleet: Fleet, number: int, readiness: float) -> str:
    """Say how far an asset has been learned, and since when anew; empty where all is."""
    if readiness >= 1:
        return ""
    said, mended = f"learning {int(100 * readiness)} %", int(fleet.tally.mended[number])
    if mended == NEVER:
        return said
    return f"{said}, anew since the work of {local_time(mended, fleet.zone(number))}"


def _instant(at: np.int64) -> Instant | None:
    return None if at == NEVER else int(at)
