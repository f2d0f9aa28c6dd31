from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.clock import DAY, system_clock
from tests.e2e.conftest import PHONE, Desktop, go
from tests.e2e.stand import WEARING, Stand, wait

pytestmark = pytest.mark.browser
PUMP = f"karachi%2Fcooling%2F{WEARING}"
DRAWN = "document.querySelector('#plot img').naturalWidth > 0"


def is_drawn(page: Page) -> None:
    wait(lambda: bool(page.evaluate(DRAWN)), "the plot", 40)


def svg_of(page: Page) -> str:
    """Fetch what the page shows, as the page would."""
    return str(page.evaluate("fetch(document.querySelector('#plot img').src).then(r => r.text())"))


def test_a_month_is_plotted_from_downsampled_history_when_every_reading_is_gone(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    assert stand.history.count() > 1000
    stand.history.trim(system_clock() + DAY)
    assert stand.history.count() == 0
    page = desktop.tab(stand, "/assets")
    page.get_by_role("link", name="Cooling water pump 3").first.click()
    page.wait_for_selector("#link.live")
    expect(page.get_by_role("heading", name="What it measured within 7 days")).to_be_visible()
    page.get_by_role("link", name="30 days").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What it measured within 30 days")).to_be_visible()
    expect(page.locator("#shows")).to_contain_text("Shown: hourly mean, lowest and highest.")
    is_drawn(page)
    svg = svg_of(page)
    assert 'id="band"' in svg and "hourly mean, lowest and highest" in svg
    assert "Vibration velocity in mm/s" in svg
    picture(page, "machine_wide")
    told = page.evaluate(f"fetch('/api/v1/history?asset={PUMP}&span=30d').then(r => r.json())")
    assert told["resolution"] == "hour" and len(told["at"]) > 200


def test_on_a_phone_the_course_of_a_machine_fits_and_its_links_are_large(
    stand: Stand, desktop: Desktop, picture: Callable[[Page, str], None]
) -> None:
    page = desktop.tab(stand, f"/machine?asset={PUMP}&span=7d", viewport=PHONE)
    is_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") == 0
    boxes = [(one.inner_text(), one.bounding_box()) for one in page.locator("main a").all()]
    assert [text for text, box in boxes if box and box["height"] < 43.5] == []
    picture(page, "machine_phone")
    go(page, stand, f"/machine?asset={PUMP}&span=1d")
    is_drawn(page)
    assert "every reading" in svg_of(page)
