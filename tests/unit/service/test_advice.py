"""Open cases are weighed by what is configured, ranked, and say what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from core.alert import Alert, AlertState
from core.clock import DAY, HOUR, to_datetime
from core.cost import CostClass
from core.life import CannotSay, LifeEstimate, Record, Remaining
from core.plant import Plant
from core.stop import Stop
from service import advice as one
from service.advice import Advised, advised, in_words, ranking
from service.advice_body import advice
from service.before_stop import before_stop
from service.finding import SENSOR
from service.words import describe
from tests.feeds import Room as Feed
from tests.pages import Room as Page
from tests.pages import case
from tests.plants import plant, pump_class
from tests.story import START

COSTS = CostClass(planned=1000, failure=8500, per_day=3000, stand_now=0.5, stand_failure=0)
LONG, SHORT = Remaining(400, 900, 2000), Remaining(4, 20, 90)


def mill(**costs: CostClass) -> Plant:
    """Three pumps that stand each week, the next time in three days and some hours."""
    known = plant()
    start = to_datetime(START + 3 * DAY).replace(hour=6, minute=0, second=0, tzinfo=None)
    weekly = Stop("weekly cleaning", datetime.fromisoformat(start.isoformat()), "UTC", 7 * DAY)
    sites = {name: replace(site, stops=(weekly,)) for name, site in known.sites.items()}
    return replace(known, sites=sites, costs=costs or {"standard": COSTS})


def with_life(number: int, left: Remaining | CannotSay, **changes: object) -> Alert:
    alert = case(number, asset=f"site/hall/p{number}", **changes)
    life = LifeEstimate(alert.asset, START, "bearing", 0.4, left, "vibration to 8 mm/s")
    return replace(alert, evidence=replace(alert.evidence, life=life))


def words(alert: Alert, known: Plant) -> str:
    return in_words(advised(alert, known))


def test_a_case_says_what_acting_now_costs_and_what_waiting_for_the_next_stop() -> None:
    said = words(with_life(1, LONG), mill())
    assert said.startswith("Act now: 2,500. Wait till Friday's stop: 1,0")
    assert "; fails before: " in said
    assert said.endswith("). Best: Friday's stop.")
    assert words(with_life(1, SHORT), mill()).endswith("Best: now.")


def test_the_next_stop_has_the_same_chance_and_bracket_as_where_the_life_is_told() -> None:
    alert = with_life(1, SHORT)
    life = alert.evidence.life
    assert isinstance(life, LifeEstimate)
    taught = replace(life, record=Record(10, 4.0, (4.0,) * 4 + (6.0,) * 5))
    found = advised(replace(alert, evidence=replace(alert.evidence, life=taught)), mill())
    assert isinstance(found, Advised)
    assert found.first.stop == before_stop(taught, mill())
    assert found.first.stop != before_stop(life, mill())


def test_where_use_has_a_worth_a_later_stop_may_be_best_and_is_named_by_its_date() -> None:
    lasts = mill(standard=replace(COSTS, lasts=600.0))
    found = advised(with_life(1, LONG), lasts)
    assert isinstance(found, Advised)
    assert found.best not in found.options[:2]
    assert in_words(found).count("Wait till") == 2
    assert "Best: the stop on 2023-" in in_words(found)


def test_stops_are_weighed_up_to_the_late_end_of_the_life_and_the_next_in_any_case() -> None:
    short = advised(with_life(1, Remaining(1, 2, 3)), mill())
    long = advised(with_life(1, Remaining(100, 300, 500)), mill())
    assert isinstance(short, Advised)
    assert isinstance(long, Advised)
    assert (len(short.options), len(long.options)) == (2, 4)
    assert all(o.stop is None or o.stop.at - START <= 500 * HOUR for o in long.options)


def test_costs_are_those_of_the_machine_else_of_its_class_else_the_standard() -> None:
    known = mill(standard=COSTS, dear=replace(COSTS, planned=5000), cheap=replace(COSTS, planned=1))
    assets = {**known.assets, "site/hall/p2": replace(known.assets["site/hall/p2"], costs="cheap")}
    named = replace(known, assets=assets, classes={"pump": pump_class(costs="dear")})
    assert known.costs_of("site/hall/p1") == known.costs["standard"]
    assert named.costs_of("site/hall/p1") == known.costs["dear"]
    assert named.costs_of("site/hall/p2") == known.costs["cheap"]
    assert named.costs_of("nobody") is None


@pytest.mark.parametrize(
    ("alert", "known", "reason"),
    [
        (with_life(1, LONG), replace(mill(), costs={}), "no_costs"),
        (with_life(1, LONG), replace(plant(), costs={"standard": COSTS}), "no_stop"),
        (with_life(1, CannotSay("learning", "still learning")), mill(), "learning"),
        (case(1), mill(), "no_model"),
        (with_life(1, LONG, state=AlertState.RETURNED), mill(), "returned"),
        (with_life(1, LONG, group=f"{SENSOR}vibration"), mill(), "not_machine"),
    ],
)
def test_what_is_missing_is_said(alert: Alert, known: Plant, reason: str) -> None:
    found = advised(alert, known)
    assert isinstance(found, CannotSay)
    assert found.reason == reason
    assert in_words(found) == f"Cannot say: {found.words}."


def test_cases_are_ranked_by_what_waiting_costs_and_the_others_stand_after() -> None:
    cases = [case(4), with_life(1, LONG), with_life(2, SHORT), with_life(3, Remaining(30, 90, 300))]
    assert [alert.id for alert, _ in ranking(cases, mill())] == ["c2", "c3", "c1", "c4"]


def test_a_message_carries_the_advice_and_what_it_rests_on_while_the_case_is_open() -> None:
    body = advice(with_life(1, LONG), mill())
    assert body is not None
    assert body["act_now"] == 2500
    assert body["waiting"] < 0
    assert body["best"] == body["waits"][0]
    assert body["waits"][0]["name"] == "weekly cleaning"
    assert body["rests_on"].startswith("planned work 1,000, now 2,500, a failure 8,500; use until")
    assert advice(with_life(1, LONG, state=AlertState.NORMAL), mill()) is None
    assert advice(with_life(1, LONG, group=f"{SENSOR}vibration"), mill()) is None
    assert describe(with_life(1, LONG, state=AlertState.NORMAL), mill()).advice == ""


def test_the_api_ranks_open_cases() -> None:
    nothing_known = {"pump": pump_class(failure_modes=())}
    room = Feed(replace(mill(), costs={}, classes=nothing_known))
    room.trouble()
    [told] = room.get("/api/v1/waiting").json()["alerts"]
    assert told["advice"] == {"cannot_say": one.NO_MODEL.words, "reason": "no_model"}


def test_the_page_ranks_cases_by_cost_and_shows_each_option_of_one() -> None:
    room = Page(mill())
    room.has(case(3), with_life(1, LONG), with_life(2, SHORT))
    front = room.opens("/")
    assert "Act now: 2,500. Wait till Friday's stop" in front.text
    assert [row["id"] for row in front.of("article")] == ["case-c2", "case-c1", "case-c3"]
    assert "Not ranked: no remaining-life model is set up for its class" in front.text
    inside = room.opens("/alerts/c1")
    assert "outside of a planned stop" in inside.text
    assert "Rests on: planned work 1,000, now 2,500" in inside.text


def test_the_page_says_once_what_a_ranking_needs() -> None:
    room = Page(replace(mill(), costs={}))
    room.has(with_life(1, LONG), with_life(2, SHORT))
    assert room.opens("/").text.count("no costs of work and failure are set for it") == 1
    assert "no costs of work and failure are set" in room.opens("/alerts/c1").text


def test_a_stop_that_has_passed_is_no_longer_advised_and_the_life_has_aged_since() -> None:
    alert, later = with_life(1, Remaining(100, 300, 500)), START + 8 * DAY
    then, now = advised(alert, mill()), advised(alert, mill(), later)
    assert isinstance(then, Advised)
    assert isinstance(now, Advised)
    assert then.first.stop is not None and now.first.stop is not None
    assert then.first.stop.at < later < now.first.stop.at
    assert now.at == later
    life = alert.evidence.life
    assert isinstance(life, LifeEstimate)
    aged = replace(life, at=later, remaining=Remaining(0, 300 - 8 * 24, 500 - 8 * 24))
    assert now.first.stop == before_stop(aged, mill()) == before_stop(life, mill(), later)
    assert advised(alert, mill(), START - DAY) == then
    assert f"{now.first.stop.words}" in describe(alert, mill(), later).wait


def test_a_case_that_moved_after_its_life_was_told_is_weighed_as_of_then() -> None:
    alert = with_life(1, LONG)
    moved = replace(alert, changed_at=START + 8 * DAY)
    assert advised(moved, mill()) == advised(alert, mill(), START + 8 * DAY)
