"""Pumps that say only what changes, and what they say."""

from __future__ import annotations

from dataclasses import replace

from core.clock import HOUR, MINUTE
from core.plant import Plant, Reporting, RuleSpec
from core.readings import Reading
from tests.bench import P1, Bench
from tests.plants import plant, pump_class

ON = Reporting.ON_CHANGE
NAMES = ("speed", "vibration", "temperature")
DELAYED = RuleSpec("high", "zones", on_delay=10 * MINUTE, off_delay=10 * MINUTE)


def pumps(*names: str, max_age: int = HOUR, **changes: object) -> Plant:
    """Pumps of which some channels are sent on change."""
    base = pump_class(**{"rules": (DELAYED,), **changes})
    channels = tuple(
        replace(one, reporting=ON, max_age=max_age) if one.name in names else one
        for one in base.channels
    )
    return plant(2, replace(base, channels=channels))


def say(bench: Bench, asset: str = P1, **values: float) -> Bench:
    return bench.block(Reading(asset, bench.now, values))


def healthy(bench: Bench, **values: float) -> Bench:
    return say(bench, **{"speed": 1500.0, "vibration": 2.0, "temperature": 50.0, **values})
