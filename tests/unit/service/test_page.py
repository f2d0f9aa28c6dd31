from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.alert import AlertQuery, AlertState, ChannelEvidence, Evidence, FailureMatch
from core.casefile import Advance, Status
from core.clock import DAY, HOUR, MINUTE, SECOND
from core.plant import SERVICE_ASSET, Asset, Plant, Severity, Site
from service.page import MOST_CASES, MOST_MACHINES
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.pages import HOSTILE, Elements, Room, case
from tests.plants import plant, pump_class
from tests.story import START, Story


@pytest.fixture
def room() -> Iterator[Room]:
    yield Room()


def test_the_page_of_an_untroubled_plant_says_so_in_words(room: Room) -> None:
    judged = Status("site/hall/p1", START, START, "running", True, "", 0.3, None)
    others = [
        Status(f"site/hall/p{n}", START, START, "off", False, "off", None, None) for n in (2, 3)
    ]
    page = room.has(statuses=(judged, *others)).opens("/")
    assert "No open cases." in page.text
    assert "Nothing that is watched is outside" in page.text


def test_where_machines_cannot_be_judged_no_cases_is_not_said_without_it(room: Room) -> None:
    assert "But no machine can be judged" in room.opens("/").text
    judged = Status("site/hall/p1", START, START, "running", True, "", 0.3, None)
    page = room.has(statuses=(judged,)).opens("/")
    assert "But 2 of 3 machines cannot be judged" in page.text


def test_a_machine_shows_how_many_of_its_values_are_not_good(room: Room) -> None:
    counts = {"scored": 9, "bad quality": 3}
    one = Status("site/hall/p1", START, START, "running", True, "", 0.3, None, counts=counts)
    assert "Values marked by the device: 3 bad" in room.has(statuses=(one,)).opens("/").text


def test_the_data_of_a_quiet_machine_is_not_old_while_it_holds(room: Room) -> None:
    one = Status("site/hall/p1", START - DAY, START - DAY, "running", True, "", 0.3, None)
    assert "old" in room.has(statuses=(one,)).opens("/").text.split()
    assert "old" not in room.has(statuses=(replace(one, quiet=True),)).opens("/").text.split()


def test_an_empty_plant_is_said_to_be_empty() -> None:
    room = Room(Plant({}, {}, {}))
    assert "No machine is configured yet." in room.opens("/").text
    assert "No machine is configured yet." in room.opens("/assets").text


def test_an_open_case_says_what_where_since_when_and_what_to_do(room: Room) -> None:
    page = room.has(case()).opens("/")
    for words in (
        "Vibration above its line",
        "Pump 1",
        "site · hall",
        "Vibration velocity is 5.6 mm/s",
        "2023-11-15 00:13 PKT",
        "3 h ago",
        "Cannot say: no remaining-life model",
        "Look at the bearing.",
        "and 1 more",
        "Warning",
        "Not acknowledged",
    ):
        assert words in page.text


def test_what_nobody_took_on_comes_first_and_the_most_urgent_of_it_before(room: Room) -> None:
    room.has(
        case(1, state=AlertState.ACKNOWLEDGED, severity=Severity.CRITICAL, group="a"),
        case(2, severity=Severity.INFO, group="b"),
        case(3, severity=Severity.CRITICAL, group="c", opened_at=START - 2 * HOUR),
        case(4, severity=Severity.CRITICAL, group="d", opened_at=START - HOUR),
        case(5, severity=Severity.CRITICAL, group="e", state=AlertState.RETURNED, opened_at=START),
        case(6, state=AlertState.NORMAL, group="f"),
    )
    shown = [one["id"] for one in room.opens("/").of("article")]
    assert shown == ["case-c4", "case-c3", "case-c5", "case-c2", "case-c1"]


def test_a_machine_in_trouble_comes_before_a_sensor_in_trouble(room: Room) -> None:
    room.has(case(1), case(2, group="sensor:vibration", opened_at=START))
    assert [one["id"] for one in room.opens("/").of("article")] == ["case-c1", "case-c2"]


def test_a_flood_is_cut_and_said_to_be(room: Room) -> None:
    room.has(*(case(n, group=f"g{n}") for n in range(MOST_CASES + 7)))
    page = room.opens("/")
    assert len(page.of("article")) == MOST_CASES
    assert "7 more open cases are not shown" in page.text


def test_a_case_about_data_is_told_apart_from_one_about_a_machine(room: Room) -> None:
    room.has(
        case(
            1,
            group="data",
            title="Pump 1: cannot judge, no data",
            evidence=Evidence(START, "", None),
        ),
        case(2, group="link", asset=SERVICE_ASSET, title="The broker is gone"),
        case(3, group="sensor:vibration"),
    )
    page = room.opens("/")
    for words in ("Cannot judge</span>", "About this service", "Sensor not believable"):
        assert words in room.client.get("/").text
    kinds = {one["id"]: (one["class"] or "").split()[-1] for one in page.of("article")}
    assert kinds == {"case-c1": "data", "case-c2": "service", "case-c3": "sensor"}
    sheet = room.opens("/alerts/c1")
    assert "so there are no measurements to show" in sheet.text
    assert "work-form" not in [form.get("id") for form in sheet.of("form")]


def test_a_case_shows_measured_against_expected_with_units(room: Room) -> None:
    page = room.has(case()).opens("/alerts/c1")
    for words in ("5.6 mm/s", "at most 4 mm/s", "90 %", "Quite sure", "Misalignment", "running"):
        assert words in page.text
    assert [image["src"] for image in page.of("img")] == [
        "/api/v1/alerts/c1/plot.svg?width=660&version=1"
    ]


def test_a_case_tells_its_history_who_when_and_why() -> None:
    given = plant()
    journal, casefile = MemoryJournal(), MemoryCaseFile()
    story = Story(given, journal)
    story.ticks(1).says(vibration=5.0).ticks(1)
    scoring = Scoring(given, journal, casefile)
    while scoring.step():
        pass
    (alert,) = casefile.alerts(AlertQuery()).alerts
    story.asks("acknowledge", alert.id)
    scoring.step()
    room = Room(given)
    room.casefile.commit(
        Advance(
            1,
            alerts=(casefile.alert(alert.id) or alert,),
            transitions=casefile.transitions(alert.id),
        )
    )
    text = " ".join(room.opens(f"/alerts/{alert.id}").text.split())
    assert "Acknowledged by Ayesha" in text
    assert "Case opened by millwright" in text
    assert text.index("Acknowledged by Ayesha") < text.index("Case opened")


def test_only_what_can_be_done_is_offered(room: Room) -> None:
    room.has(
        case(1),
        case(2, group="b", state=AlertState.ACKNOWLEDGED, acknowledged_by="Ayesha"),
        case(3, group="c", state=AlertState.RETURNED, returned_at=START - MINUTE),
        case(4, group="d", state=AlertState.NORMAL, ended_at=START),
    )
    sent = {
        number: [form.get("data-send") for form in room.opens(f"/alerts/c{number}").of("form")]
        for number in (1, 2, 3, 4)
    }
    work = "/api/v1/work"
    assert sent[1] == ["/api/v1/alerts/c1/acknowledge", work]
    assert sent[2] == [work]
    assert sent[3] == ["/api/v1/alerts/c3/end", work]
    assert sent[4] == [work]


def test_the_failure_modes_of_the_class_can_be_chosen(room: Room) -> None:
    options = [one["value"] for one in room.has(case()).opens("/alerts/c1").of("option")]
    assert options == ["", "bearing"]


def test_a_case_that_is_not_there_is_said_to_be_missing(room: Room) -> None:
    reply = room.client.get("/alerts/none")
    assert reply.status_code == 404
    assert "There is no case none." in reply.text


def test_ended_cases_are_found_among_the_past_ones_page_by_page(room: Room) -> None:
    ended = {"state": AlertState.NORMAL, "ended_at": START - MINUTE}
    room.has(*(case(n, group=f"g{n}", **ended) for n in range(60)))
    first = room.opens("/past")
    assert len(first.of("article")) == 50
    onward = next(a["href"] for a in first.of("a") if (a["href"] or "").startswith("/past?cursor="))
    second = room.opens(str(onward))
    assert len(second.of("article")) == 10
    both = {one["id"] for one in [*first.of("article"), *second.of("article")]}
    assert len(both) == 60
    assert "Back to the first" in second.text


def test_past_cases_of_one_machine_can_be_asked_for(room: Room) -> None:
    ended = {"state": AlertState.NORMAL, "ended_at": START - MINUTE}
    room.has(case(1, **ended), case(2, asset="site/hall/p2", **ended))
    page = room.opens("/past?asset=site/hall/p2")
    assert [one["id"] for one in page.of("article")] == ["case-c2"]
    assert "Past cases of Pump 2" in page.text
    assert "No past cases." in room.opens("/past?asset=unknown").text


def test_a_cursor_that_is_none_of_ours_leads_to_the_first_page(room: Room) -> None:
    reply = room.client.get("/past?cursor=nonsense")
    assert (reply.status_code, reply.headers["location"]) == (303, "/past")


def test_every_machine_tells_the_age_of_its_data_and_what_is_known(room: Room) -> None:
    room.clock.advance(HOUR)
    fresh = Status(
        "site/hall/p1", room.clock() - 20 * SECOND, START, "running", True, "", 0.3, 0.82
    )
    stale = Status("site/hall/p2", START, START, "running", False, "no data", None, None)
    page = room.has(statuses=(fresh, stale)).opens("/assets")
    for words in ("20 s ago", "60 min ago", "none yet", "82 %", "Cannot judge: no data", "Judged"):
        assert words in page.text
    assert [row.get("class") for row in page.of("tr")] == [None, None, "abnormal", "abnormal"]


def test_of_many_machines_the_first_view_lists_those_that_need_a_look() -> None:
    room = Room(plant(MOST_MACHINES + 5))
    healthy = tuple(
        Status(asset, START, START, "running", True, "", 0.1, None) for asset in room.plant.assets
    )
    page = room.has(case(), statuses=healthy).opens("/")
    assert [row["id"] for row in page.of("tr") if "id" in row] == ["machine-site/hall/p1"]
    assert f"Show all {MOST_MACHINES + 5} machines" in page.text
    assert len(room.opens("/assets").of("tr")) == MOST_MACHINES + 6


@pytest.mark.parametrize(
    "path", ["/", "/assets", "/alerts/c1", "/past", "/past?asset=" + "%3Ci%3E"]
)
def test_no_text_of_a_person_ever_becomes_markup(path: str) -> None:
    mean = {"asset": f"s/h/{HOSTILE}", "title": HOSTILE, "summary": HOSTILE}
    asset = Asset("s", "h", HOSTILE, "pump", title=HOSTILE)
    given = Plant(
        {"s": Site("s", "Asia/Karachi", HOSTILE)},
        {asset.id: asset},
        {"pump": pump_class(title=HOSTILE)},
    )
    row = ChannelEvidence("v", HOSTILE, HOSTILE, 1.0, 0.0, 2.0, 1.0)
    evidence = Evidence(START, HOSTILE, 1.2, (row,), HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,))
    room = Room(given).has(
        case(1, evidence=evidence, acknowledged_by=HOSTILE, state=AlertState.ACKNOWLEDGED, **mean),
        case(2, evidence=evidence, group="b", state=AlertState.NORMAL, ended_at=START, **mean),
    )
    page = room.opens(path)
    assert [one for one in page.of("img") if not (one["src"] or "").startswith("/api/v1/")] == []
    assert all(not name.startswith("on") for _, found in page.found for name in found)
    assert all("style" not in found for _, found in page.found)
    assert [one["src"] for one in page.of("script")] == [page.of("script")[0]["src"]]


def test_words_in_other_scripts_carry_their_language_and_direction() -> None:
    asset = Asset("s", "h", "p", "pump", title="پمپ تین")
    given = Plant(
        {"s": Site("s", "Asia/Shanghai", "上海工厂")}, {asset.id: asset}, {"pump": pump_class()}
    )
    found = [one for tag, one in Room(given).opens("/").found if tag == "bdi"]
    assert {"dir": "auto", "lang": "ur"} in found
    assert {"dir": "auto", "lang": "zh"} in found


def test_the_first_view_is_under_100_kb_with_a_dozen_machines_and_ten_cases() -> None:
    room = Room(plant(12))
    statuses = tuple(
        Status(asset, START, START, "running", True, "", 0.1, 0.5) for asset in room.plant.assets
    )
    room.has(*(case(n, group=f"g{n}") for n in range(10)), statuses=statuses)
    page = room.client.get("/")
    assets = [one["href"] for one in Elements(page.text).of("link")]
    assets += [one["src"] for one in Elements(page.text).of("script")]
    size = len(page.content) + sum(len(room.client.get(str(path)).content) for path in assets)
    assert len(assets) == 3
    assert size < 100_000


def test_a_case_of_days_ago_and_a_long_gone_asset_are_still_shown(room: Room) -> None:
    room.has(case(1, asset="site/hall/gone", opened_at=START - 9 * DAY))
    assert "9 days ago" in room.opens("/").text
    assert "site/hall/gone" in room.opens("/alerts/c1").text


def test_a_machine_with_a_case_is_not_said_twice_to_be_judged(room: Room) -> None:
    judged = Status("site/hall/p1", START, START, "running", True, "", 1.3, None)
    learning = Status("site/hall/p2", START, START, "running", True, "learning 40 %", 1.3, None)
    room.has(case(1), case(2, asset="site/hall/p2"), statuses=(judged, learning))
    text = room.opens("/assets").text
    assert "Judged\n" not in text
    assert "Judged, learning 40 %" in text


def contrast(one: str, other: str) -> float:
    """Measure the contrast of two colours as WCAG does."""

    def light(colour: str) -> float:
        full = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
        parts = [int(full[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(room: Room, scheme: int) -> None:
    css = room.client.get("/static/page.css").text
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block))
    pairs = [
        (text, ground) for text in ("ink", "soft", "link", "bad") for ground in ("ground", "sheet")
    ]
    pairs += [(f"on-{name}", name) for name in ("critical", "warning", "info", "blind")]
    pairs += [("button-ink", "button"), ("bar-ink", "bar"), ("ink", "field")]
    assert [pair for pair in pairs if contrast(colour[pair[0]], colour[pair[1]]) < 4.5] == []


def test_the_script_never_makes_markup_of_text(room: Room) -> None:
    script = room.client.get("/static/page.js").text
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script) == []
    )


def test_a_machine_has_a_page_with_its_course_over_spans_to_choose(room: Room) -> None:
    page = room.opens("/machine?asset=site%2Fhall%2Fp1&span=30d")
    assert "What it measured within 30 days" in page.text
    assert "Shown: hourly mean, lowest and highest." in page.text
    (image,) = page.of("img")
    assert str(image["src"]).startswith("/api/v1/history/plot.svg?asset=site%2Fhall%2Fp1&span=30d")
    spans = [one for one in page.of("a") if "&span=" in str(one["href"]) and "api" not in str(one)]
    assert [str(one["href"])[-3:].lstrip("=") for one in spans] == ["1d", "7d", "30d", "1y"]
    assert [one["href"] for one in spans if one.get("aria-current")] == [spans[2]["href"]]


def test_a_machine_that_is_not_there_is_said_not_to_be(room: Room) -> None:
    stranger = room.client.get("/machine?asset=site/hall/p77")
    assert (stranger.status_code, "There is no machine site/hall/p77" in stranger.text) == (
        404,
        True,
    )
    assert "no span 5y" in room.client.get("/machine?asset=site/hall/p1&span=5y").text


def test_machines_in_a_list_lead_to_their_pages(room: Room) -> None:
    links = [str(one["href"]) for one in room.opens("/assets").of("a")]
    assert "/machine?asset=site%2Fhall%2Fp1" in links


def test_a_case_says_its_kind_what_it_may_be_and_which_past_case_it_is_like(room: Room) -> None:
    channel = ChannelEvidence(
        "vibration", "vibration", "mm/s", 5.6, 1.0, 4.0, 0.9, "drift", 1, START - 3 * DAY
    )
    matches = (
        FailureMatch("bearing_wear", "Bearing wear", 0.92, ("vibration", "heat"), ()),
        FailureMatch("misalignment", "Misalignment", 0.31, ("vibration",), ("motor current",)),
    )
    evidence = replace(case().evidence, channels=(channel,), kind="drift", matches=matches)
    before = {"opened_at": START - 30 * DAY, "state": AlertState.NORMAL, "ended_at": START - DAY}
    was = case(2, evidence=evidence, asset="site/hall/p2", **before)
    page = room.has(case(evidence=evidence), was).opens("/alerts/c1")
    for words in (
        "A drift: the level moves slowly, one way",
        "drifting up",
        "since 2023-11-12",
        "fits well",
        "92 %",
        "Seen: vibration and heat.",
        "hardly fits",
        "Not seen as it would be: motor current.",
        "Cases like this one",
        "ended without work recorded",
    ):
        assert words in page.text, words
    assert "/alerts/c2" in [link["href"] for link in page.of("a")]


def test_where_no_known_failure_mode_fits_the_page_says_so(room: Room) -> None:
    evidence = replace(case().evidence, candidates=())
    assert (
        "None of the known failure modes fits."
        in room.has(case(evidence=evidence)).opens("/alerts/c1").text
    )
