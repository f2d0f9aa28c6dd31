"""Rates of change, judged for many machines at once where everything is sent periodically."""

from __future__ import annotations

from dataclasses import replace

from core.clock import SECOND
from tests.bench import Bench
from tests.plants import plant, pump_class


def test_each_machine_is_held_against_its_own_time_and_no_others() -> None:
    pump = pump_class()
    rated = replace(
        pump, channels=tuple(replace(channel, max_rate=1000.0) for channel in pump.channels)
    )
    bench = Bench(plant(2, rated)).ticks(1)
    for _ in range(5):
        bench.passes(10 * SECOND).all_say()
    bench.passes(10 * SECOND).all_say(vibration=9.0).scored()
    opened = {alert.asset for _, alert in bench.casefile.events(0)}
    assert opened == {"site/hall/p1", "site/hall/p2"}
