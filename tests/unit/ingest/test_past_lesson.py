from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from core.clock import SECOND, Instant
from core.journal import Lesson
from core.readings import Quality, Reading, Readings
from ingest import past_lesson
from ingest.past_lesson import lessons
from storage.history_memory import MemoryHistory
from tests.messages import NOW, plant

P1, P2, OVEN = "karachi/hall/p1", "karachi/hall/p2", "berlin/hall/oven"


def stored(*readings: Reading) -> MemoryHistory:
    history = MemoryHistory()
    for reading in readings:
        name = plant().assets[reading.asset].asset_class
        channels = tuple(reading.values)
        history.write([Readings.of(name, channels, [reading], NOW)], 1)
    return history


def said(asset: str, ago: int, quality: Quality = Quality.GOOD, **values: float) -> Reading:
    return Reading(asset, NOW - ago * SECOND, values, dict.fromkeys(values, quality))


def found(
    history: MemoryHistory, *assets: str, since: Mapping[str, Instant] | None = None
) -> list[Lesson]:
    return list(lessons(history, plant(), assets, since or {}, NOW))


def ages(lesson: Lesson) -> list[tuple[str, int]]:
    readings = lesson.readings
    return [
        (readings.assets[number], (NOW - at) // SECOND)
        for number, at in zip(readings.asset.tolist(), readings.at.tolist(), strict=True)
    ]


def test_a_lesson_holds_the_assets_of_a_class_in_order_of_time() -> None:
    history = stored(
        said(P1, 30, vibration=1),
        said(P2, 20, speed=2),
        said(P1, 10, speed=3),
        said(OVEN, 5, heat=4),
    )
    oven, pumps = found(history, P2, P1, OVEN)
    assert ages(oven) == [(OVEN, 5)]
    assert ages(pumps) == [(P1, 30), (P2, 20), (P1, 10)]
    assert pumps.readings.channels == ("speed", "vibration", "temperature")
    np.testing.assert_array_equal(pumps.readings.values[0], [np.nan, 1, np.nan])


def test_only_the_newest_readings_make_a_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_lesson, "NEWEST", 2)
    history = stored(*(said(P1, ago, vibration=ago) for ago in (40, 30, 20)))
    (lesson,) = found(history, P1)
    assert ages(lesson) == [(P1, 30), (P1, 20)]


def test_what_was_before_a_machine_was_mended_teaches_nothing() -> None:
    history = stored(*(said(P1, ago, vibration=ago) for ago in (40, 30, 20)))
    (lesson,) = found(history, P1, since={P1: NOW - 25 * SECOND})
    assert ages(lesson) == [(P1, 20)]
    assert found(history, P1, since={P1: NOW}) == []


def test_quality_comes_along() -> None:
    history = stored(said(P1, 20, vibration=1), said(P2, 10, Quality.BAD, vibration=2))
    (lesson,) = found(history, P1, P2)
    assert lesson.readings.quality is not None
    assert lesson.readings.quality[:, 1].tolist() == [0, Quality.BAD]


def test_many_assets_are_told_in_several_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_lesson, "_TOGETHER", 1)
    history = stored(said(P1, 30, vibration=1), said(P2, 20, speed=2))
    assert [lesson.readings.assets for lesson in found(history, P1, P2)] == [(P1,), (P2,)]
