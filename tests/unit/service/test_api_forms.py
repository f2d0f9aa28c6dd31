from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from core.alert import ChannelEvidence, Evidence
from core.casefile import Status
from core.clock import MINUTE
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import SERVICE_ASSET
from service import api_forms
from tests.feeds import P1, Room
from tests.plants import plant
from tests.story import START

LIFE = LifeEstimate(P1, START, "bearing", 0.4, Remaining(10.0, 50.0, 900.0), "vibration")


@pytest.fixture(scope="module")
def room() -> Room:
    room = Room()
    room.trouble()
    return room


def test_a_case_of_the_service_itself_is_labelled_by_its_id(room: Room) -> None:
    alert = replace(room.cases()[0], asset=SERVICE_ASSET)
    assert api_forms.short(alert, room.plant)["label"] == SERVICE_ASSET


def test_a_case_that_is_over_tells_when(room: Room) -> None:
    alert = replace(room.cases()[0], returned_at=START, ended_at=START + 1_500_000_000)
    told = api_forms.short(alert, room.plant)
    assert told["returned_at"] == "2023-11-14T22:13:20Z"
    assert told["ended_at"] == "2023-11-14T22:13:21.500Z"


def test_an_event_tells_the_step_and_the_case_as_it_stands(room: Room) -> None:
    ((step, alert),) = room.casefile.events(0)
    told = api_forms.event(step, alert, room.plant)
    assert (told["id"], told["change"], told["before"], told["after"]) == (
        1,
        "opened",
        None,
        "unacknowledged",
    )
    assert told["case"] == told["alert"]["id"] == alert.id


def test_what_is_not_a_number_is_written_as_null() -> None:
    channel = ChannelEvidence("x", "x", "", math.nan, -math.inf, math.inf, 0.5)
    told = api_forms.evidence(Evidence(START, "d", math.nan, (channel,)))
    assert told["score"] is None
    assert told["channels"][0]["low"] is told["channels"][0]["value"] is None
    json.dumps(told, allow_nan=False)


def test_remaining_life_is_told_as_a_distribution() -> None:
    told = api_forms.life(LIFE)
    assert told is not None
    assert told["hours"] == {"p05": 10.0, "p50": 50.0, "p95": 900.0}
    assert (told["failure_mode"], told["health"]) == ("bearing", 0.4)


def test_where_none_can_be_given_the_reason_is_told() -> None:
    why = CannotSay("learning", "still learning")
    assert api_forms.life(why) == {"cannot_say": "still learning", "reason": "learning"}
    told = api_forms.life(replace(LIFE, remaining=why))
    assert told is not None
    assert (told["cannot_say"], told["basis"]) == ("still learning", "vibration")
    assert api_forms.life(None) is None


def test_an_asset_tells_the_age_of_its_data() -> None:
    status = Status(P1, START, START, "running", True, "", 0.5, 0.9, LIFE, {"late": 2})
    told = api_forms.asset(P1, status, plant(), START + MINUTE)
    assert (told["age_seconds"], told["counts"], told["class"]) == (60.0, {"late": 2}, "pump")
    json.dumps(told, allow_nan=False)


def test_an_asset_that_said_nothing_has_no_age() -> None:
    status = Status(P1, None, None, "unknown", False, "no data", None, None)
    assert api_forms.asset(P1, status, plant(), START)["age_seconds"] is None
    assert api_forms.asset(P1, None, plant(), START)["why"] == "no data yet"
