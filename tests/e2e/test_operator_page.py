from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from core.alert import Alert, AlertQuery
from core.clock import system_clock
from core.journal import Command, draft
from service.scoring import Scoring
from tests.e2e.conftest import PHONE, Desktop, go
from tests.e2e.stand import CALM, SILENT, WEARING, Stand, plant, wait

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"alert('out')\"><b>'Pump'</b> &amp; \u202ecba\u202c"
TOKEN = "a-token-that-is-long-enough"
TARGETS = "a, button, summary, input:not([type=radio]), select, label.choice"
Picture = Callable[[Page, str], None]


def case_of(stand: Stand, name: str, group: str = "machine") -> Alert:
    found = [
        alert
        for alert in stand.casefile.alerts(AlertQuery(limit=100)).alerts
        if alert.asset.endswith(f"/{name}") and alert.group == group
    ]
    assert len(found) == 1
    return found[0]


def written(path: Path) -> str:
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return f"file:{path}"


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def plot_is_drawn(page: Page) -> None:
    drawn = "document.querySelector('#plot img').naturalWidth > 0"
    wait(lambda: bool(page.evaluate(drawn)), "the plot", 15)


def test_an_open_case_is_shown_with_its_evidence_plot(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    page = desktop.tab(stand)
    expect(page.locator("article").first).to_contain_text("Vibration above the trip line")
    expect(page.locator("article").first).to_contain_text("PKT")
    silent = page.locator(f"#case-{case_of(stand, SILENT, 'data').id}")
    expect(silent).to_contain_text("Cannot judge")
    picture(page, "cases_wide")
    page.get_by_role("link", name="Vibration above the trip line").first.click()
    page.wait_for_selector("#link.live")
    plot_is_drawn(page)
    expect(page.locator("table.evidence")).to_contain_text("mm/s")
    expect(page.locator("#history")).to_contain_text("Case opened")
    picture(page, "case_wide")


def test_in_the_dark_and_on_a_phone_nothing_scrolls_sideways_and_targets_are_large(
    stand: Stand, desktop: Desktop, picture: Picture
) -> None:
    person = desktop.person(stand, viewport=PHONE, color_scheme="dark", has_touch=True)
    page = person.new_page()
    case = case_of(stand, WEARING)
    for path in ("/", "/assets", "/past", f"/alerts/{case.id}"):
        go(page, stand, path)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert sideways(page) == 0
        boxes = [(one.inner_text(), one.bounding_box()) for one in page.locator(TARGETS).all()]
        low = [text for text, box in boxes if box and box["height"] < 43.5 and "ski" not in text]
        assert low == [], path
    plot_is_drawn(page)
    go(page, stand, f"/alerts/{case.id}")
    plot_is_drawn(page)
    picture(page, "case_phone_dark")
    light = desktop.tab(stand, viewport=PHONE)
    picture(light, "cases_phone")
    go(light, stand, f"/alerts/{case.id}")
    plot_is_drawn(light)
    picture(light, "case_phone")


def test_an_acknowledgement_by_keyboard_is_seen_in_a_second_tab_within_two_seconds(
    stand: Stand, desktop: Desktop
) -> None:
    person = desktop.person(stand)
    mine, other = (go(person.new_page(), stand) for _ in range(2))
    case = f"#case-{case_of(stand, WEARING).id}"
    expect(other.locator(f"{case} .tag.unacknowledged")).to_be_visible()
    mine.locator(f"{case} summary").focus()
    mine.keyboard.press("Enter")
    mine.keyboard.press("Tab")
    mine.keyboard.type("عائشہ")
    mine.keyboard.press("Tab")
    mine.keyboard.type("Bearing is noisy")
    mine.keyboard.press("Tab")
    mine.keyboard.press("Enter")
    expect(other.locator(f"{case} .tag.acknowledged")).to_contain_text("عائشہ", timeout=2000)
    expect(mine.locator(f"{case} .tag.acknowledged")).to_contain_text("عائشہ", timeout=2000)
    assert mine.evaluate(f"document.activeElement === document.querySelector('{case}')")
    expect(other.locator("#news")).to_contain_text("Acknowledged: Cooling water pump 3")
    go(mine, stand, f"/alerts/{case_of(stand, WEARING).id}")
    expect(mine.locator("#history")).to_contain_text("Bearing is noisy")
    expect(mine.locator("#history bdi[lang=ur]")).to_have_text("عائشہ")
    mine.locator("#work summary").click()
    expect(mine.locator("#work").get_by_label("Your name")).to_have_value("عائشہ")


def test_over_a_restart_the_page_says_that_it_is_cut_off_and_misses_and_doubles_nothing(
    stand: Stand, desktop: Desktop
) -> None:
    page = desktop.tab(stand)
    before = stand.casefile.last_event()
    stand.live(CALM, vibration=6.0)
    expect(page.locator("#cases")).to_contain_text("Vibration above the alert line", timeout=2000)
    banner = page.get_by_role("alert")
    expect(banner).to_be_hidden()
    stand.stop()
    expect(banner).to_contain_text("Connection lost", timeout=5000)
    stand.open()
    case = case_of(stand, WEARING)
    stand.journal.append(
        [draft(system_clock(), Command("while-down", "acknowledge", case.id, "Bilal"))]
    )
    Scoring(stand.plant, stand.journal, stand.casefile).step()
    stand.start()
    expect(banner).to_be_hidden(timeout=10_000)
    expect(page.locator(f"#case-{case.id}")).to_contain_text("Acknowledged by Bilal")
    stand.live(CALM, vibration=9.5)
    expect(page.locator("#cases")).to_contain_text("Cooling water pump 4")
    wait(lambda: stand.casefile.last_event() >= before + 3, "the third event")
    last = stand.casefile.last_event()
    wait(lambda: page.evaluate("Number(document.body.dataset.last)") == last, "the last event")
    assert page.evaluate("window.ids") == list(range(before + 1, last + 1))
    assert page.evaluate("Number(document.body.dataset.events)") == last - before


def test_names_that_mean_harm_are_text_and_nothing_else(
    make_stand: Callable[..., Stand], desktop: Desktop
) -> None:
    stand = make_stand(title=HOSTILE)
    page = desktop.tab(stand)
    case = case_of(stand, WEARING)
    expect(page.locator(f"#case-{case.id} .where bdi").first).to_have_text(HOSTILE)
    page.locator(f"#case-{case.id} summary").click()
    page.locator(f"#case-{case.id}").get_by_label("Your name").fill("<b>Bilal</b>")
    page.locator(f"#case-{case.id}").get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#news")).to_contain_text("<img src=x")
    for path in ("/", "/assets", f"/alerts/{case.id}"):
        go(page, stand, path)
        # its evidence and the fan of its life, and no picture of anybody else's
        assert page.locator("img").count() == (2 if path.startswith("/alerts") else 0)
        assert page.locator("main b", has_text="'Pump'").count() == 0
        expect(page.locator("main")).to_contain_text("<img src=x onerror=")
    plot_is_drawn(page)
    page.goto(f"{stand.url}/api/v1/alerts/{case.id}/plot.svg")
    assert page.locator("img, script, b").count() == 0


def test_a_new_case_appears_by_itself_is_announced_and_counted(
    stand: Stand, desktop: Desktop
) -> None:
    page = desktop.tab(stand)
    page.evaluate("window.same = true")
    count = int(re.findall(r"\((\d+)\)", page.title())[0])
    stand.live(CALM, vibration=6.0)
    expect(page.locator("#news")).to_contain_text("New case: Cooling water pump 4", timeout=2000)
    expect(page.locator(f"#case-{case_of(stand, CALM).id}")).to_be_visible()
    expect(page).to_have_title(re.compile(rf"\({count + 1}\)"))
    assert page.evaluate("window.same")


def test_what_was_typed_is_kept_and_a_case_that_changed_meanwhile_is_said_to_have(
    stand: Stand, desktop: Desktop
) -> None:
    stand.live(CALM, vibration=6.0)
    wait(
        lambda: stand.casefile.alerts(AlertQuery(asset=f"karachi/cooling/{CALM}")).alerts != (),
        "it",
    )
    case = case_of(stand, CALM)
    page = desktop.tab(stand)
    card = page.locator(f"#case-{case.id}")
    card.locator("summary").click()
    card.get_by_label("Your name").fill("Bilal")
    card.get_by_label("Note").type("I look")
    stand.live(CALM, vibration=9.5)
    expect(card.locator(".tags")).to_contain_text("Critical")
    expect(card.get_by_label("Note")).to_be_focused()
    expect(card.get_by_label("Note")).to_have_value("I look")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card.locator("output")).to_contain_text("The case has changed since you looked")
    expect(card.locator(".tag.unacknowledged")).to_be_visible()
    desktop.wrong = [said for said in desktop.wrong if "409" not in said]
    card.get_by_role("button", name="Acknowledge").click()
    expect(card.locator(".tag.acknowledged")).to_contain_text("Bilal")


def test_recorded_work_ends_the_case_and_stands_among_the_past_ones(
    stand: Stand, desktop: Desktop
) -> None:
    case = case_of(stand, WEARING)
    page = desktop.tab(stand, f"/alerts/{case.id}")
    page.locator("#work summary").click()
    work = page.locator("#work")
    work.get_by_label("Replaced").check()
    work.get_by_label("Fault found").select_option("Bearing wear")
    work.get_by_label("As planned, nothing had failed").check()
    work.get_by_label("Your name").fill("Bilal")
    work.get_by_label("What you found").fill("Outer race was pitted")
    work.get_by_role("button", name="Record").click()
    expect(page.locator(".sheet .tag.normal")).to_contain_text("Ended")
    expect(page.locator("#history")).to_contain_text("Replaced by Bilal: Outer race was pitted")
    (done,) = stand.casefile.work()
    assert (done.failure_mode, done.by) == ("bearing_wear", "Bilal")
    assert (done.routine, done.failed) == (True, False)
    go(page, stand, "/past")
    expect(page.locator(f"#case-{case.id}")).to_be_visible()


def test_where_a_token_is_asked_for_the_page_lets_in_who_has_it(
    make_stand: Callable[..., Stand], desktop: Desktop, tmp_path: Path
) -> None:
    stand = make_stand(token=written(tmp_path / "token"))
    page = desktop.person(stand).new_page()
    page.goto(f"{stand.url}/assets")
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    desktop.wrong = [said for said in desktop.wrong if "401" not in said]
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#link.live")
    assert page.url == f"{stand.url}/assets"
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_where_a_session_is_over_the_page_leads_to_the_login(
    make_stand: Callable[..., Stand], desktop: Desktop, tmp_path: Path
) -> None:
    stand = make_stand(token=written(tmp_path / "token"))
    person = desktop.person(stand)
    page = person.new_page()
    page.goto(f"{stand.url}/login?next=/past")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#link.live")
    person.clear_cookies()
    stand.stop()
    stand.open()
    stand.start()
    expect(page.get_by_label("Token")).to_be_visible(timeout=10_000)
    assert page.url == f"{stand.url}/login?next=/past"
    desktop.wrong = [said for said in desktop.wrong if "401" not in said]


def test_without_scripts_everything_can_be_read_and_it_is_said_that_acting_needs_them(
    stand: Stand, desktop: Desktop
) -> None:
    page = desktop.person(stand, java_script_enabled=False).new_page()
    path = f"/alerts/{case_of(stand, WEARING).id}"
    page.goto(f"{stand.url}{path}", wait_until="domcontentloaded")  # a plot may take longer
    expect(page.get_by_text("Scripts do not run in this browser")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Vibration above the trip line")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_hidden()


def test_every_machine_of_the_plant_is_on_the_page(stand: Stand, desktop: Desktop) -> None:
    page = desktop.tab(stand, "/assets")
    for asset in plant().assets.values():
        expect(page.locator("table.machines")).to_contain_text(asset.label)
    expect(page.locator("table.machines .bad").first).to_contain_text("old")


def test_what_was_sent_into_a_cut_is_sent_again_and_done_once(
    stand: Stand, desktop: Desktop
) -> None:
    page = desktop.tab(stand, f"/alerts/{case_of(stand, WEARING).id}")
    page.locator("#work summary").click()
    work = page.locator("#work")
    work.get_by_label("Your name").fill("Bilal")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/api/v1/work", lose_the_answer, times=1)
    work.get_by_role("button", name="Record").click()
    expect(work.locator("output")).to_contain_text("The service cannot be reached")
    work.get_by_role("button", name="Record").click()
    expect(work.locator("output")).to_have_text("Recorded")
    assert len(stand.casefile.work()) == 1


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_hidden_tab_lets_go_of_its_stream_looks_from_time_to_time_and_comes_back(
    stand: Stand, desktop: Desktop
) -> None:
    page = desktop.person(stand).new_page()
    page.clock.install()
    go(page, stand)
    hide(page, hidden=True)
    page.clock.fast_forward(61_000)
    before = page.evaluate("window.ids.length")
    stand.live(CALM, vibration=6.0)
    wait(lambda: len(stand.casefile.alerts(AlertQuery()).alerts) == 4, "the case")
    page.clock.fast_forward(16_000)
    expect(page).to_have_title(re.compile(r"\(4\)"))
    assert page.evaluate("window.ids.length") == before
    hide(page, hidden=False)
    wait(lambda: page.evaluate("window.ids.length") == before + 1, "the event")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_stream_that_falls_silent_is_taken_for_lost(stand: Stand, desktop: Desktop) -> None:
    page = desktop.person(stand).new_page()
    page.clock.install()
    go(page, stand)
    page.route("**/api/v1/events*", lambda route: route.abort("connectionrefused"))
    page.clock.fast_forward(16_000)
    page.clock.fast_forward(2_000)
    expect(page.get_by_role("alert")).to_contain_text("Connection lost")
    page.unroute("**/api/v1/events*")
    page.clock.fast_forward(4_000)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#link-words")).to_have_text("Live")
