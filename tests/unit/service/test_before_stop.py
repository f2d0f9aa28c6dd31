from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from core.clock import HOUR, Instant, from_datetime
from core.life import CannotSay, LifeEstimate, Record, Remaining
from core.plant import Plant
from core.stop import Stop
from service import api_forms
from service.before_stop import before_stop
from service.page_words import life_left
from service.words import life_sentence
from tests.plants import plant

P1 = "site/hall/p1"
STOP = Stop("weekly cleaning", datetime(2026, 12, 3, 6), "Asia/Karachi")
BEGINS = from_datetime(datetime.fromisoformat("2026-12-03T01:00:00+00:00"))


def with_stop(*stops: Stop) -> Plant:
    known = plant()
    sites = {name: replace(site, stops=stops) for name, site in known.sites.items()}
    return replace(known, sites=sites)


def life(hours_before: float, left: Remaining | CannotSay) -> LifeEstimate:
    at: Instant = BEGINS - round(hours_before * HOUR)
    return LifeEstimate(P1, at, "wear", 0.4, left, "drift to 8 mm/s")


LEFT = Remaining(24.0, 72.0, 140.0)


@pytest.mark.parametrize(("hours", "chance"), [(24.0, 0.05), (72.0, 0.5), (140.0, 0.95)])
def test_the_chance_is_read_from_the_distribution_of_the_life(hours: float, chance: float) -> None:
    found = before_stop(life(hours, LEFT), with_stop(STOP))
    assert found is not None
    assert found.chance == pytest.approx(chance, abs=0.01)
    assert found.at == BEGINS


def test_it_is_said_with_the_day_and_the_name_of_the_stop() -> None:
    said = life_sentence(life(72.0, LEFT), with_stop(STOP))
    words = (
        "Fails before the stop on Thursday (weekly cleaning, 2026-12-03 06:00 PKT): 50 % (1–64)."
    )
    assert words in said
    assert said.endswith("Rests on: drift to 8 mm/s")


@pytest.mark.parametrize(("hours", "said"), [(0.01, "under 1 %"), (2000.0, "over 99 %")])
def test_what_is_hardly_known_is_not_said_finely(hours: float, said: str) -> None:
    found = before_stop(life(hours, LEFT), with_stop(STOP))
    assert found is not None
    assert found.percent == said
    assert found.words in {"under 1 % (0–1)", "over 99 % (99–100)"}


@pytest.mark.parametrize(
    ("estimate", "stops"),
    [
        (life(72.0, LEFT), ()),
        (life(-1.0, LEFT), (STOP,)),
        (life(72.0, CannotSay("learning", "too early")), (STOP,)),
    ],
)
def test_without_a_stop_or_a_life_nothing_is_said(
    estimate: LifeEstimate, stops: tuple[Stop, ...]
) -> None:
    assert before_stop(estimate, with_stop(*stops)) is None
    assert "Fails before" not in life_sentence(estimate, with_stop(*stops))


def test_the_list_of_machines_and_the_api_say_it_too() -> None:
    known = with_stop(STOP)
    line = life_left(life(72.0, LEFT), known.class_of(P1), known)
    assert line == "About 72 hours (24 hours to 6 days); fails before Thursday's stop: 50 % (1–64)"
    told = api_forms.life(life(72.0, LEFT), known)
    assert told is not None
    assert told["before_stop"]["name"] == "weekly cleaning"
    assert told["before_stop"]["at"] == "2026-12-03T01:00:00Z"
    assert told["before_stop"]["chance"] == pytest.approx(0.5, abs=0.01)
    assert told["before_stop"]["chance_p05"] == pytest.approx(0.01, abs=0.01)
    assert told["before_stop"]["chance_p95"] == pytest.approx(0.63, abs=0.01)


def test_lives_that_ended_sooner_than_was_said_raise_what_may_be() -> None:
    estimate = life(24.0, LEFT)
    alone = before_stop(estimate, with_stop(STOP))
    taught = replace(estimate, record=Record(10, 4.0, (4.0,) * 4 + (6.0,) * 5))
    found = before_stop(taught, with_stop(STOP))
    assert alone is not None and found is not None
    assert found.chance == alone.chance
    assert found.high > 2 * alone.high
