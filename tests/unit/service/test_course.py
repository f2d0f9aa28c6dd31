from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.readings import Quality, Reading, Readings
from service import course as courses
from service.course import SPANS, course, drawn, drawn_step, expected_resolution, resolution
from service.picture import Picture, decode
from service.plot import draw
from storage.history_memory import MemoryHistory
from tests.plants import plant

P1 = "site/hall/p1"
NOW = 1_700_000_000 * SECOND
PLANT = plant(1)


def told(*readings: Reading) -> Readings:
    return Readings.of("pump", PLANT.classes["pump"].channel_names, readings, NOW)


def filled(step: int = HOUR // 2, span: int = 100 * DAY) -> MemoryHistory:
    """A reading every step: 2 and 4 in turn, the last just before now."""
    history = MemoryHistory()
    count = span // step
    readings = [
        Reading(P1, NOW - (count - k) * step, {"vibration": 2.0 + 2 * (k % 2), "speed": 1500.0})
        for k in range(count)
    ]
    history.write([told(*readings)], 1)
    return history


def pictured(history: MemoryHistory, span: str) -> Picture:
    found = drawn(course(P1, PLANT, history, NOW, SPANS[span][0]), PLANT, 720)
    assert found is not None
    return found


def test_a_day_shows_every_reading() -> None:
    found = pictured(filled(), "1d")
    assert found.note == "every reading"
    assert [panel.title for panel in found.panels][:2] == [
        "Speed in 1/min",
        "Vibration velocity in mm/s",
    ]
    vibration = found.panels[1]
    assert (vibration.band, len(vibration.values)) == (None, 48)


def test_a_month_shows_hourly_means_within_lowest_and_highest() -> None:
    found = pictured(filled(), "30d")
    assert found.note == "hourly mean, lowest and highest"
    vibration = found.panels[1]
    assert vibration.band is not None
    inner = slice(1, -1)
    assert set(vibration.values[inner]) == {3.0}
    assert set(vibration.band.low[inner]) == {2.0}
    assert set(vibration.band.high[inner]) == {4.0}
    assert decode(found.encode()) == found


def test_a_long_plot_stays_when_every_reading_is_trimmed_away() -> None:
    history = filled()
    before = pictured(history, "1y")
    assert history.trim(NOW + DAY) == history.trim(0) + 4800
    assert history.count() == 0
    assert pictured(history, "1y") == before
    assert before.note == "mean, lowest and highest of every 12 hours"


def test_a_day_with_too_many_readings_shows_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "MOST_ROWS", 1000)
    found = pictured(filled(30 * SECOND, DAY), "1d")
    assert found.note == "mean, lowest and highest of every 5 minutes"
    assert found.panels[1].values[5] == 3.0


def test_where_nothing_was_measured_there_is_no_picture() -> None:
    for span, _ in SPANS.values():
        assert drawn(course(P1, PLANT, MemoryHistory(), NOW, span), PLANT, 720) is None


def test_a_gap_breaks_line_and_band() -> None:
    history = MemoryHistory()
    hours = [k for k in range(200) if not 80 <= k < 120]
    history.write([told(*(Reading(P1, NOW - k * HOUR, {"vibration": 2.0}) for k in hours))], 1)
    panel = pictured(history, "30d").panels[1]
    assert panel.band is not None
    (gap,) = [k for k, value in enumerate(panel.values) if value is None]
    assert panel.band.low[gap] is panel.band.high[gap] is None
    assert panel.at[gap - 1] < panel.at[gap] < panel.at[gap + 1]


def test_values_that_their_device_calls_bad_are_not_drawn() -> None:
    history = MemoryHistory()
    bad = Reading(P1, NOW - HOUR, {"vibration": 99.0}, {"vibration": Quality.BAD})
    history.write([told(bad, Reading(P1, NOW - MINUTE, {"vibration": 2.0}))], 1)
    for span in ("1d", "7d", "30d"):
        assert pictured(history, span).panels[1].values == [2.0]


def test_a_plot_of_means_has_a_band_and_says_what_it_shows() -> None:
    svg = draw(pictured(filled(), "30d")).decode()
    assert 'id="band"' in svg
    assert "hourly mean, lowest and highest" in svg
    assert 'id="band"' not in draw(pictured(filled(), "1d")).decode()


def test_only_some_channels_can_be_asked_for() -> None:
    found = course(P1, PLANT, filled(), NOW, DAY, ("vibration",))
    assert [channel.name for channel in found.channels] == ["vibration"]
    assert not np.isnan(found.found.at).any()


@pytest.mark.parametrize(
    ("span", "step", "drawn_as", "words"),
    [
        ("7d", MINUTE, 15 * MINUTE, "mean, lowest and highest of every 15 minutes"),
        ("30d", HOUR, HOUR, "hourly mean, lowest and highest"),
        ("1y", HOUR, 12 * HOUR, "mean, lowest and highest of every 12 hours"),
    ],
)
def test_what_is_drawn_is_as_fine_as_can_be_seen(
    span: str, step: int, drawn_as: int, words: str
) -> None:
    assert drawn_step(SPANS[span][0], step) == drawn_as
    assert resolution(drawn_as) == expected_resolution(SPANS[span][0]) == words


def test_of_a_day_both_possibilities_are_said() -> None:
    assert expected_resolution(DAY) == (
        "every reading; where there are too many, mean, lowest and highest of every 5 minutes"
    )
    assert resolution(MINUTE) == "mean, lowest and highest of every minute"
