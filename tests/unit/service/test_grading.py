from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from core.clock import MINUTE
from core.history import TelemetryHistory
from core.plant import Asset, Mode, Treatment
from core.readings import Quality, Reading, Readings
from models.grade import Grade
from service.grading import Graded, graded
from service.regime_words import regime_lines, ways
from storage.history_memory import MemoryHistory
from tests.plants import CHANNELS, pump_class
from tests.rounds import START

PUMP = Asset("site", "hall", "p1", "pump")
ROWS = 200


def history(speed: np.ndarray, vibration: np.ndarray, bad: int = 0) -> TelemetryHistory:
    store = MemoryHistory()
    temperature = np.random.default_rng(2).normal(50, 0.5, len(speed))
    readings = [
        Reading(
            PUMP.id,
            START + n * MINUTE,
            dict(zip(CHANNELS, map(float, row), strict=True)),
            {"vibration": Quality.BAD} if n < bad else {},
        )
        for n, row in enumerate(zip(speed, vibration, temperature, strict=True))
    ]
    store.write([Readings.of("pump", CHANNELS, readings, START)], 1)
    return cast("TelemetryHistory", store)


def grades(store: TelemetryHistory, **own: Treatment) -> Graded:
    pump = pump_class()
    channels = tuple(replace(c, grade=own.get(c.name)) for c in pump.channels)
    return graded(PUMP, replace(pump, channels=channels), store, 0, 2**62)


def of(found: Graded, name: str) -> Grade:
    return next(one for one in found.grades if one.name == name)


def noise() -> np.ndarray:
    return 2 + np.random.default_rng(1).normal(0, 0.1, ROWS)


def test_what_is_measured_is_used_and_what_the_class_calls_operating_is_context() -> None:
    found = grades(history(1500 + noise()[::-1], noise()))
    assert found.rows == ROWS
    assert of(found, "vibration").verdict is Treatment.USE
    assert of(found, "speed").verdict is Treatment.CONTEXT
    assert found.modes == {Mode.RUNNING: 1.0}


def test_only_the_time_in_which_it_ran_is_graded() -> None:
    speed = np.where(np.arange(ROWS) < 50, 0.0, 1500.0)
    vibration = np.where(np.arange(ROWS) < 50, 0.0, noise())
    found = grades(history(speed, vibration))
    assert found.modes == {Mode.OFF: pytest.approx(0.25), Mode.RUNNING: pytest.approx(0.75)}
    assert of(found, "vibration").figures.low > 1


def test_bad_values_count_as_missing() -> None:
    found = grades(history(np.full(ROWS, 1500.0), noise(), bad=150))
    assert of(found, "vibration").verdict is Treatment.LEAVE_OUT
    assert of(found, "vibration").reason == "missing in 75% of the rows"


def test_the_class_overrules() -> None:
    store = history(np.full(ROWS, 1500.0), np.full(ROWS, 2.0))
    assert of(grades(store), "vibration").verdict is Treatment.LEAVE_OUT
    found = of(grades(store, vibration=Treatment.USE), "vibration")
    assert found.verdict is Treatment.USE
    assert found.reason == "by configuration, although always 2"


def test_an_asset_that_never_spoke_is_graded_by_nothing() -> None:
    found = grades(cast("TelemetryHistory", MemoryHistory()))
    assert (found.rows, found.modes) == (0, {})
    assert of(found, "vibration").reason == "never says anything"


def test_the_ways_in_which_an_asset_ran_are_found() -> None:
    turn = np.repeat([1.0, 0.6, 1.0, 0.6], ROWS // 4)
    found = grades(history(1500 * turn + 10 * noise(), noise()))
    assert found.regimes is not None
    assert len(found.regimes.centre) == 2
    lines = list(regime_lines("it", found.telling, found.regimes))
    assert lines[0].startswith("it runs in 2 regimes, told by speed; a change takes ")
    assert "running 1  50% of the time  speed " in lines[1]
    assert "1/min (" in lines[1]
    assert [round(one["share"], 2) for one in ways(found, "speed")] == [0.5, 0.5]
    assert ways(found, "vibration") == []
