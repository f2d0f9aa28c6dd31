"""What the page and the API say of machines that are judged elsewhere, and of a site's cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Evidence
from core.casefile import Status
from core.clock import MINUTE
from core.plant import Place, Plant
from service import api_forms
from tests.forwarding import centre_plant
from tests.pages import Room, case
from tests.plants import plant
from tests.story import START

P1 = "site/hall/p1"


def stands(**changes: object) -> Status:
    known = Status(P1, START - MINUTE, START - MINUTE, "running", True, "", 0.4, 0.9)
    return replace(known, **changes)  # type: ignore[arg-type]


def site_plant() -> Plant:
    """A site whose first pump is judged at the centre."""
    given = plant(2)
    first = replace(given.assets[P1], judged_at=Place.CENTRE)
    return replace(given, assets={**given.assets, P1: first})


def line(room: Room) -> str:
    text = " ".join(room.opens("/assets").text.split())
    return text[text.index("Pump 1") : text.index("Pump 2")]


@pytest.mark.parametrize("statuses", [(), (stands(),)])
def test_at_a_site_what_the_centre_judges_is_said_so(statuses: tuple[Status, ...]) -> None:
    room = Room(site_plant()).has(statuses=statuses)
    said = line(room)
    assert "Judged at the centre" in said and "not followed here" in said
    assert "no data" not in said and "Cannot" not in said
    overview = " ".join(room.opens("/").text.split())
    assert "1 of 2 machines cannot be judged" in overview  # pump 2, which has said nothing


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (stands(), "At its site: judged"),
        (stands(judged=False, why="learning, 40 %"), "At its site: cannot judge: learning, 40 %"),
        (None, "Judged at its site, which has not told yet"),
    ],
)
def test_at_the_centre_a_machine_stands_as_its_site_says(status: Status | None, words: str) -> None:
    room = Room(centre_plant("site/hall/p2")).has(statuses=() if status is None else (status,))
    said = line(room)
    assert words in said and "no data yet" not in said
    if status is not None:
        assert "90 %" in said


def test_a_sites_case_names_its_site_on_every_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, ours = case(1, origin="lahore"), case(2, asset="site/hall/p2")
    room = Room(centre_plant("site/hall/p2")).has(theirs, ours, statuses=(stands(),))
    overview = room.opens("/").text
    assert overview.count("Case of site lahore") == 1
    page = room.opens("/alerts/c1")
    assert "site lahore. What you do here is sent there" in " ".join(page.text.split())
    assert not any(form.get("id") == "work-form" for form in page.of("form"))
    own = room.opens("/alerts/c2")
    assert any(form.get("id") == "work-form" for form in own.of("form"))
    assert "sent there" not in own.text
    assert "At its site: judged" in line(room)  # also beside its case


def test_a_case_about_the_service_at_a_site_says_where() -> None:
    theirs = case(1, asset="millwright@lahore", group="note:centre", origin="lahore")
    room = Room(centre_plant()).has(theirs)
    assert "Millwright at lahore" in room.opens("/").text
    assert "About this service" in room.opens("/alerts/c1").text


def test_the_api_names_the_site_of_a_case_and_who_judges_an_asset() -> None:
    centre, at_site = centre_plant(), site_plant()
    assert api_forms.short(case(1, origin="lahore"), centre)["origin"] == "lahore"
    assert api_forms.short(case(1), centre)["origin"] == ""
    silent = api_forms.asset(P1, None, centre, START)
    assert (silent["judged_at"], silent["why"]) == ("site", "judged at its site")
    known = api_forms.asset(P1, stands(), centre, START)
    assert known["judged"] is True and known["health"] == 0.9
    away = api_forms.asset(P1, stands(), at_site, START)
    assert (away["judged"], away["why"]) == (False, "judged at the centre")
    own = api_forms.asset("site/hall/p2", None, at_site, START)
    assert (own["judged_at"], own["why"]) == ("site", "no data yet")


@pytest.mark.parametrize("group", ["note:centre", "site:lahore"])
def test_a_case_about_the_link_says_that_machines_are_judged_meanwhile(group: str) -> None:
    about = case(1, asset="millwright", group=group, evidence=Evidence(START, "", None))
    room = Room(centre_plant()).has(about)
    text = " ".join(room.opens("/alerts/c1").text.split())
    assert "Machines are judged at their site meanwhile" in text
    assert "Check the link between site and centre" in text
