"""What an operator reads of a case's kind and causes, and of a machine's drill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from core.alert import Alert, AlertQuery, AlertState
from core.casefile import Advance
from core.clock import DAY, HOUR, system_clock
from core.drilled import Drilled, Trial
from core.work import Work, WorkEvent
from tests.e2e.conftest import PHONE, Desktop, go
from tests.e2e.stand import CALM, WEARING, Stand, wait

pytestmark = pytest.mark.browser
Picture = Callable[[Page, str], None]
PUMP = f"karachi/cooling/{WEARING}"


def case_of(stand: Stand, name: str) -> Alert:
    alerts = stand.casefile.alerts(AlertQuery(limit=100)).alerts
    return next(one for one in alerts if one.asset.endswith(name) and one.group == "machine")


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def is_drawn(page: Page) -> None:
    drawn = "document.querySelector('#plot img').naturalWidth > 0"
    wait(lambda: bool(page.evaluate(drawn)), "the plot", 40)


def drilled() -> Drilled:
    now = system_clock()
    tried = [("step", 2, 3 * HOUR), ("step", 8, HOUR), ("drift", 8, None), ("unrest", 8, DAY)]
    trials = tuple(
        Trial(PUMP, channel, fault, size, 0.12 * size, after, channel == "flow")
        for channel in ("flow", "vibration", "bearing_temp")
        for fault, size, after in tried
    )
    return Drilled(PUMP, now - 2 * DAY, now - 32 * DAY, now - 2 * DAY, trials)


def test_a_case_says_in_which_way_and_what_it_may_be(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    case = case_of(stand, WEARING)
    page = desktop.tab(stand, f"/alerts/{case.id}")
    expect(page.locator("dl.facts")).to_contain_text("A drift")
    causes = page.locator("#causes")
    expect(causes.locator("li").first).to_contain_text("Bearing wear")
    expect(causes).to_contain_text("fits well")
    row = page.locator("table.evidence tbody tr").filter(has_text="vibration velocity")
    expect(row).to_contain_text("drifting up")
    expect(row).to_contain_text("usual then:")
    assert sideways(page) == 0
    is_drawn(page)
    picture(page, "explained_wide")
    told = page.evaluate(f"fetch('/api/v1/alerts/{case.id}').then(r => r.json())")
    assert told["explanation"]["kind"] == "drift"
    assert told["explanation"]["failure_modes"][0]["name"] == "bearing_wear"


def test_a_case_names_the_past_case_that_it_is_like_and_what_was_found(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    case = case_of(stand, WEARING)
    began = case.opened_at - 60 * DAY
    other = f"karachi/cooling/{CALM}"
    past = replace(case, id="past", asset=other, state=AlertState.NORMAL, opened_at=began)
    past = replace(past, changed_at=began + DAY, ended_at=began + DAY)
    found = WorkEvent(other, began + DAY, Work.REPLACED, "Bilal", failure_mode="bearing_wear")
    stand.stop()
    stand.open()
    position = stand.casefile.load().position + 1
    stand.casefile.commit(Advance(position, alerts=(past,), work=(replace(found, id="w"),)))
    stand.start()
    page = desktop.tab(stand, f"/alerts/{case.id}")
    likes = page.locator("#causes .likes")
    expect(likes).to_contain_text("Cooling water pump 4")
    expect(likes).to_contain_text("replaced, bearing wear found")
    is_drawn(page)
    picture(page, "likes_wide")
    likes.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ibration")
    assert page.url.endswith("/alerts/past")
    is_drawn(page)


def test_the_page_of_a_machine_shows_what_would_be_caught(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    page = desktop.tab(stand, f"/machine?asset=karachi%2Fcooling%2F{CALM}")
    expect(page.locator("#drill")).to_contain_text("Not drilled yet.")
    expect(page.locator("#drill code")).to_contain_text(f"millwright drill karachi/cooling/{CALM}")
    is_drawn(page)
    stand.drills.keep(drilled())
    go(page, stand, f"/machine?asset=karachi%2Fcooling%2F{WEARING}")
    row = page.locator("table.drill tbody tr").filter(has_text="flow")
    expect(row).to_contain_text("from 0.24 m3/h")
    expect(row).to_contain_text("missed")
    is_drawn(page)
    picture(page, "drill_wide")


def test_on_a_phone_drill_causes_and_ledger_fit_without_scrolling_sideways(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    stand.drills.keep(drilled())
    case = case_of(stand, WEARING)
    page = desktop.tab(stand, "/past", viewport=PHONE)
    for name, path in (
        ("causes", f"/alerts/{case.id}"),
        ("drill", f"/machine?asset=karachi%2Fcooling%2F{WEARING}"),
        ("ledger", "/messages"),
    ):
        go(page, stand, path)
        assert sideways(page) == 0, path
        inner = "[...document.querySelectorAll('main *')].filter(e => getComputedStyle(e)"
        inner += ".overflowX === 'auto' && e.scrollWidth > e.clientWidth + 1).length"
        assert page.evaluate(inner) == 0, path
        if name != "ledger":
            is_drawn(page)
        picture(page, f"{name}_phone")
