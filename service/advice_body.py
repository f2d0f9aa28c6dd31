"""Advice as JSON: every option with its expected cost, the best of them, and what they rest on."""

from __future__ import annotations

from typing import Any

from core.alert import Alert
from core.clock import Instant, iso
from core.life import CannotSay
from core.plant import Plant
from service.advice import Option, advised, in_words, to_weigh


def advice(alert: Alert, plant: Plant, now: Instant | None = None) -> dict[str, Any] | None:
    """Write the advice on a case; null where it is over or not about a machine."""
    if not to_weigh(alert):
        return None
    found = advised(alert, plant, now)
    if isinstance(found, CannotSay):
        return {"cannot_say": found.words, "reason": found.reason}
    return {
        "act_now": round(found.options[0].cost, 2),
        "waits": [_option(option) for option in found.options[1:]],
        "best": _option(found.best),
        "waiting": round(found.advice.waiting, 2),
        "words": in_words(found),
        "rests_on": found.advice.rests_on,
    }


def _option(option: Option) -> dict[str, Any]:
    stop = option.stop
    return {
        "name": None if stop is None else stop.stop.name,
        "at": None if stop is None else iso(stop.at),
        "chance": 0.0 if stop is None else round(stop.chance, 4),
        "chance_p05": 0.0 if stop is None else round(stop.low, 4),
        "chance_p95": 0.0 if stop is None else round(stop.high, 4),
        "cost": round(option.cost, 2),
    }
