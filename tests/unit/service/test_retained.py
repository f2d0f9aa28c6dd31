"""What a broker remembers, and what a device sends of its past, says nothing about now."""

from __future__ import annotations

import pytest

from core.alert import Change
from core.clock import HOUR, MINUTE, SECOND
from core.readings import Quality, Reading
from tests.bench import P1, Bench
from tests.plants import plant
from tests.quiet import NAMES, healthy, pumps, say


def past(bench: Bench, at: int, quality: Quality = Quality.GOOD, **values: float) -> Bench:
    marks = dict.fromkeys(values, quality)
    return bench.block(Reading(P1, at, values, marks), retained=True)


@pytest.mark.parametrize("ago", [-MINUTE, 0, HOUR])
def test_it_raises_no_alert(ago: int) -> None:
    bench = Bench(plant(1)).says()
    for _ in range(20):
        past(bench.ticks(1), bench.now - ago, speed=1500.0, vibration=9.0)
    assert bench.scored().casefile.events(0) == ()
    assert bench.status().counts == {"scored": 1, "retained": 20}


def test_it_ends_no_alert() -> None:
    bench = Bench(plant(1)).says(vibration=9.0)
    past(bench.passes(MINUTE), bench.now, speed=1500.0, vibration=2.0)
    assert bench.changes() == [Change.OPENED]
    assert bench.passes(SECOND).says().changes() == [Change.OPENED, Change.RETURNED]


def test_it_makes_no_later_reading_late() -> None:
    bench = Bench(plant(1)).says()
    past(bench, bench.now + MINUTE, speed=1500.0)
    bench.passes(SECOND).says(vibration=9.0)
    assert bench.changes() == [Change.OPENED]
    assert bench.status().counts == {"scored": 2, "retained": 1}


def test_it_makes_no_later_reading_of_its_moment_a_duplicate() -> None:
    bench = Bench(plant(1))
    past(bench, bench.now, speed=1500.0, vibration=2.0)
    assert bench.says(vibration=9.0).changes() == [Change.OPENED]


def test_it_neither_hides_nor_ends_silence() -> None:
    bench = Bench(plant(1)).says().ticks(50)
    past(bench, bench.now, vibration=2.0).ticks(50)
    past(bench, bench.now, vibration=2.0).ticks(1)
    assert bench.changes("data") == [Change.OPENED]


def test_its_quality_is_no_trouble_of_a_sensor() -> None:
    bench = Bench(plant(1)).says()
    for _ in range(40):
        past(bench.passes(MINUTE), bench.now, Quality.BAD, vibration=2.0)
    assert bench.scored().casefile.events(0) == ()
    assert bench.status().counts == {"scored": 1, "retained": 40}


def test_it_is_not_held_where_channels_are_sent_on_change() -> None:
    bench = Bench(pumps(*NAMES)).ticks(4).device(True, P1)
    healthy(bench)
    past(bench.ticks(1), bench.now, vibration=9.0)
    say(bench.ticks(1), temperature=51.0).ticks(100)
    assert bench.changes() == []
    assert bench.status().counts == {"scored": 2, "retained": 1}
