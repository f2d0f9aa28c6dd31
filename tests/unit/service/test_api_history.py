from __future__ import annotations

import pytest

from core.clock import MINUTE, iso
from core.readings import Quality, Reading
from tests.feeds import P1, Room

HISTORY = "/api/v1/history"


@pytest.fixture(scope="module")
def room() -> Room:
    """A room that its tests only look at."""
    return measured()


def measured() -> Room:
    room = Room()
    for _ in range(120):
        room.story.passes(MINUTE // 2).says(vibration=2.0, speed=1500)
        room.story.passes(MINUTE // 2).says(vibration=4.0, speed=1500)
    room.score()
    return room


def test_a_day_comes_as_readings(room: Room) -> None:
    told = room.get(f"{HISTORY}?asset={P1}&span=1d&channel=vibration").json()
    assert (told["asset"], told["label"], told["resolution"]) == (P1, "Pump 1", "reading")
    (vibration,) = told["channels"]
    assert vibration["values"] == [2.0, 4.0] * 120
    assert (vibration["name"], vibration["unit"]) == ("vibration", "mm/s")
    assert told["at"][-1] == told["stop"] == iso(room.clock.now)
    assert "quality" not in vibration


def test_longer_spans_come_as_minutes_and_hours(room: Room) -> None:
    week = room.get(f"{HISTORY}?asset={P1}").json()
    assert (week["resolution"], len(week["at"])) == ("minute", 121)
    vibration = week["channels"][1]
    assert vibration["mean"][1:-1] == [3.0] * 119
    assert (vibration["low"][5], vibration["high"][5], vibration["count"][5]) == (2.0, 4.0, 2)
    month = room.get(f"{HISTORY}?asset={P1}&span=30d").json()
    assert (month["resolution"], month["shows"]) == ("hour", "hourly mean, lowest and highest")
    assert sum(month["channels"][1]["count"]) == 240


def test_what_a_channel_did_not_say_is_null_and_marks_are_words() -> None:
    room = measured()
    bad = {"vibration": Quality.BAD}
    room.story.passes(MINUTE).block(Reading(P1, room.story.now, {"vibration": 9.0}, bad))
    room.score()
    speed, vibration, _ = room.get(f"{HISTORY}?asset={P1}&span=1d").json()["channels"]
    assert (speed["values"][-1], vibration["values"][-1]) == (None, 9.0)
    assert vibration["quality"][-2:] == ["good", "bad"]
    hours = room.get(f"{HISTORY}?asset={P1}&span=1y").json()["channels"][1]
    assert max(hours["high"]) == 4.0


@pytest.mark.parametrize(
    ("query", "status", "culprit"),
    [
        ("asset=site/hall/p99", 404, "there is no 'site/hall/p99'"),
        (f"asset={P1}&channel=vibes", 404, "known: speed, vibration, temperature"),
        (f"asset={P1}&span=2d", 422, "span"),
        ("", 422, "asset"),
    ],
)
def test_what_makes_no_sense_is_refused(room: Room, query: str, status: int, culprit: str) -> None:
    reply = room.get(f"{HISTORY}?{query}")
    assert reply.status_code == status
    assert culprit in reply.json()["error"]


def test_the_plot_is_svg_and_nothing_measured_is_said(room: Room) -> None:
    reply = room.get(f"{HISTORY}/plot.svg?asset={P1}&span=30d&width=300")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert "hourly mean, lowest and highest" in reply.text
    nothing = room.get(f"{HISTORY}/plot.svg?asset=site/hall/p2&span=1y")
    assert (nothing.status_code, nothing.json()["error"]) == (
        404,
        "site/hall/p2 has measured nothing within 1 year",
    )
    assert room.get(f"{HISTORY}/plot.svg?asset=none").status_code == 404
