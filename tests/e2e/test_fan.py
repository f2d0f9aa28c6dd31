from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Desktop, go
from tests.e2e.stand import CALM, WEARING, Stand, wait

pytestmark = pytest.mark.browser
DRAWN = "document.querySelector('.fan img').naturalWidth > 0"


def machine(name: str) -> str:
    return f"/machine?asset=karachi%2Fcooling%2F{name}"


def is_drawn(page: Page) -> None:
    wait(lambda: bool(page.evaluate(DRAWN)), "the fan", 40)


def svg_of(page: Page) -> str:
    return str(page.evaluate("fetch(document.querySelector('.fan img').src).then(r => r.text())"))


def test_a_wearing_machine_shows_how_its_predicted_end_has_moved(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    page = desktop.tab(stand, machine(WEARING))
    expect(page.get_by_role("heading", name="How long it lasts")).to_be_visible()
    expect(page.locator("#life")).to_contain_text("9 in 10 chance of between")
    expect(page.locator("#life")).to_contain_text("Fails before the stop on")
    is_drawn(page)
    svg = svg_of(page)
    assert 'id="band"' in svg and 'id="now"' in svg and "Predicted end" in svg
    assert "Health in %" in svg
    picture(page, "life_wide")
    go(page, stand, "/")
    page.locator(".case h2 a", has_text="").first.click()
    page.wait_for_selector("#life")
    is_drawn(page)
    picture(page, "life_case")


def test_a_case_says_whether_to_wait_or_to_act(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    page = desktop.tab(stand)
    expect(page.locator("#waiting tbody tr").first).to_contain_text("Cooling water pump 3")
    picture(page, "waiting_wide")
    page.locator("#waiting a").first.click()
    expect(page.locator("#waiting tr.best")).to_have_count(1)
    expect(page.locator("#waiting")).to_contain_text("Rests on: planned work 1,000, now 1,750")
    picture(page, "waiting_case")
    phone = desktop.tab(stand, viewport=PHONE)
    expect(phone.locator("#waiting tbody tr").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth - window.innerWidth") == 0
    picture(phone, "waiting_phone")


def test_on_a_phone_the_fan_fits(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    page = desktop.tab(stand, machine(WEARING), viewport=PHONE)
    is_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") == 0
    picture(page, "life_phone")


def test_a_machine_of_which_nothing_can_be_said_says_why(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    page = desktop.tab(stand, machine(CALM))
    expect(page.locator("#life .declined")).to_contain_text("Cannot say")
    expect(page.locator("#life .declined")).to_contain_text("health is not falling")
    assert page.locator(".fan").count() == 0
    picture(page, "life_declined")
