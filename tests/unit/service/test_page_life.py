from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.casefile import Advance, Condition, Status
from core.clock import HOUR
from core.life import CannotSay, LifeEstimate, Record, Remaining
from core.work import Work, WorkEvent
from models.threshold import ThresholdSettings
from service.estimates import names_of
from tests.feeds import Room as Feeds
from tests.pages import Room, case
from tests.plants import plant, pump_class
from tests.story import START


@pytest.fixture
def room() -> Iterator[Room]:
    yield Room()


def test_a_machine_says_how_long_it_lasts_and_shows_what_was_said_before(room: Room) -> None:
    left = Remaining(20.0, 48.0, 90.0)
    life = LifeEstimate("site/hall/p1", START, "bearing_wear", 0.4, left, "vibration to 8 mm/s")
    status = Status("site/hall/p1", START, START, "running", True, "", 1.2, 0.4, life)
    names = names_of("bearing_wear")
    said = tuple(Condition("site/hall/p1", START - HOUR, name, 50.0) for name in names)
    room.position += 1
    room.casefile.commit(Advance(room.position, statuses=(status,), conditions=said))
    for path in ("/machine?asset=site/hall/p1", "/alerts/c1"):
        page = room.has(case()).opens(path) if "c1" in path else room.opens(path)
        assert (
            "About 48 hours are left; 9 in 10 chance of between 20 hours and 90 hours." in page.text
        )
        sources = [str(one["src"]) for one in page.of("img")]
        assert any(
            one.startswith("/api/v1/life/plot.svg?asset=site%2Fhall%2Fp1") for one in sources
        )


def test_a_machine_of_which_nothing_can_be_said_says_why_and_draws_nothing(room: Room) -> None:
    why = CannotSay("not_falling", "health is not falling, so no end is in sight")
    life = LifeEstimate("site/hall/p1", START, "bearing_wear", 1.0, why, "vibration to 8 mm/s")
    status = Status("site/hall/p1", START, START, "running", True, "", 0.2, 1.0, life)
    page = room.has(statuses=(status,)).opens("/machine?asset=site/hall/p1")
    assert page.text.count("Cannot say: health is not falling, so no end is in sight") == 2
    assert not [one for one in page.of("img") if "/life/" in str(one["src"])]


def test_the_scorecard_holds_ended_lives_against_what_was_said_of_them() -> None:
    health = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing")
    room = Room(plant(2, replace(pump_class(), health=health)))
    assert "No life has ended yet." in room.opens("/scorecard").text
    told = tuple(
        Condition("site/hall/p1", START - 10 * HOUR, name, left)
        for name, left in zip(names_of("bearing"), (5.0, 9.0, 20.0), strict=True)
    )
    done = WorkEvent("site/hall/p1", START, Work.REPLACED, "Bilal", failure_mode="bearing")
    told += tuple(replace(one, asset="site/hall/p2") for one in told)
    planned = WorkEvent("site/hall/p2", START + 12 * HOUR, Work.REPLACED, "Bilal", routine=True)
    room.position += 1
    room.casefile.commit(Advance(room.position, conditions=told, work=(done, planned)))
    record = Record(6, 3.0, (0.0,) * 9, 1.4)
    left = Remaining(20.0, 48.0, 90.0)
    life = LifeEstimate("site/hall/p2", START, "bearing", 0.4, left, "vibration", record)
    status = Status("site/hall/p2", START, START, "running", True, "", 1.2, 0.4, life)
    page = room.has(statuses=(status,)).opens("/scorecard")
    said = "Bearing wear: intervals widened since 3 of 6 lives ended outside."
    assert said in " ".join(page.text.split())
    assert "100 %" in page.text
    assert "cut short: planned work; it outlasted 100 % of the intervals" in page.text
    assert "Bearing wear" in page.text
    assert "/machine?asset=site%2Fhall%2Fp1" in [str(one["href"]) for one in page.of("a")]
    (drawn,) = [str(one["src"]) for one in page.of("img") if "calibration" in str(one["src"])]
    assert drawn == "/api/v1/life/calibration.svg?asset_class=pump&failure_mode=bearing"


def test_how_often_ends_came_as_said_is_drawn_for_what_was_graded() -> None:
    health = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing")
    room = Feeds(plant(2, replace(pump_class(), health=health)))
    path = "/api/v1/life/calibration.svg?asset_class=pump&failure_mode=bearing"
    assert room.get(path).status_code == 404
    told = tuple(
        Condition("site/hall/p1", START - 10 * HOUR, name, left)
        for name, left in zip(names_of("bearing"), (5.0, 9.0, 20.0), strict=True)
    )
    done = WorkEvent("site/hall/p1", START, Work.REPLACED, "Bilal", failure_mode="bearing")
    room.casefile.commit(Advance(1, conditions=told, work=(done,)))
    drawn = room.get(path)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert 'class="came"' in drawn.text and "1 life<" in drawn.text


def test_the_form_of_work_asks_whether_it_was_planned_or_the_machine_had_failed() -> None:
    sheet = Room().has(case()).opens("/alerts/c1")
    asked = {
        one["name"]: one["value"] for one in sheet.of("input") if one.get("type") == "checkbox"
    }
    assert asked == {"routine": "true", "failed": "true"}
    assert "As planned, nothing had failed" in sheet.text
