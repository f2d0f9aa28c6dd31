"""Turns what the case file holds into points: of scores, health, life and alerts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from core.alert import Alert, Transition
from core.casefile import LIFE as LIVES
from core.casefile import Condition
from core.condition_store import ConditionPoint
from core.life import LifeEstimate, Remaining
from service.thinning import SCORE

SCORES, LIFE, ALERTS = "score", "life", "alert"


def of_conditions(conditions: Iterable[Condition]) -> Iterator[ConditionPoint]:
    """Make points of thinned scores and health; one that is no number is left out.

    Kept estimates of remaining life are, too: of these `of_life` makes points.
    """
    for one in conditions:
        if one.name.startswith(LIVES):
            continue
        _, scored, detector = one.name.partition(SCORE)
        tags = {"detector": detector} if scored else {}
        if math.isfinite(one.value):
            measurement = SCORES if scored else one.name
            yield ConditionPoint(measurement, one.asset, one.at, tags, {"value": one.value})


def of_life(life: LifeEstimate) -> ConditionPoint | None:
    """Make a point of remaining life in hours; None where none can be given."""
    left = life.remaining
    if not isinstance(left, Remaining):
        return None
    named = {"p05": left.p05, "p50": left.p50, "p95": left.p95}
    hours = {name: value for name, value in named.items() if math.isfinite(value)}
    if not hours:
        return None
    return ConditionPoint(LIFE, life.asset, life.at, {"failure_mode": life.failure_mode}, hours)


def of_events(events: Iterable[tuple[Transition, Alert]]) -> Iterator[ConditionPoint]:
    """Make a point of each step of a case.

    Steps of one moment are told apart by nanoseconds, as many as the version of the case. The id
    of a case is a field, since a tag would make a series of each.
    """
    for step, alert in events:
        yield ConditionPoint(
            ALERTS,
            alert.asset,
            step.at + step.version,
            {"group": alert.group},
            {
                "id": alert.id,
                "change": step.change.value,
                "state": step.after.value,
                "severity": step.severity.value,
                "open": int(step.after.is_open),
                "title": alert.title,
                "why": step.why,
                "by": step.by,
            },
        )
