from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Alert, AlertState, Change, ChannelEvidence, Evidence, Transition
from core.casefile import Status
from core.clock import DAY, HOUR, MINUTE, SECOND
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import AssetClass, Severity
from models.threshold import ThresholdSettings
from service.page_view import GAUGE, gauge, rows
from service.page_words import (
    CHANGES,
    SEVERITIES,
    STATES,
    ago,
    blind,
    heading,
    judgement,
    life_left,
    place,
    quality,
    reason,
    tongue,
)
from tests.plants import plant, pump_class
from tests.story import START


def alert(**changes: object) -> Alert:
    given = {
        "id": "c1",
        "asset": "site/hall/p1",
        "group": "machine",
        "severity": Severity.WARNING,
        "state": AlertState.UNACKNOWLEDGED,
        "title": "Pump 1: vibration above its line",
        "summary": "",
        "opened_at": START,
        "changed_at": START,
        "rules": (),
        "active": (),
        "evidence": Evidence(START, "", None),
    }
    return Alert(**{**given, **changes})  # type: ignore[arg-type]


def test_every_severity_state_and_change_has_words() -> None:
    assert set(SEVERITIES) == set(Severity)
    assert set(STATES) == set(AlertState)
    assert set(CHANGES) == set(Change)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (-HOUR, "just now"),
        (4 * SECOND, "just now"),
        (89 * SECOND, "89 s ago"),
        (90 * SECOND, "1 min ago"),
        (89 * MINUTE, "89 min ago"),
        (3 * HOUR, "3 h ago"),
        (49 * HOUR, "2 days ago"),
        (400 * DAY, "400 days ago"),
    ],
)
def test_ages_are_said_in_a_fitting_unit(span: int, words: str) -> None:
    assert ago(span) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pump 3", ""),
        ("پمپ نمبر 3", "ur"),
        ("三号水泵", "zh"),
        ("Pump 水", ""),
        ("123 — !", ""),
        ("Насос", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_told_by_its_letters(text: str, language: str) -> None:
    assert tongue(text) == language


def test_a_heading_leaves_out_the_machine_that_stands_above_it() -> None:
    assert heading(alert(), "Pump 1") == "Vibration above its line"
    assert heading(alert(), "Pump 2") == "Pump 1: vibration above its line"


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("acknowledge by Ayesha", ""),
        ("new bearing ordered", "New bearing ordered"),
        ("Pump 1: vibration above its line", "Vibration above its line"),
        ("", ""),
    ],
)
def test_a_step_says_why_unless_that_only_repeats_who_did_it(why: str, shown: str) -> None:
    state = AlertState.ACKNOWLEDGED
    step = Transition(
        "c1", 2, START, Change.ACKNOWLEDGED, None, state, "Ayesha", why, Severity.INFO
    )
    assert reason(step, "Pump 1") == shown


def test_a_place_is_the_site_and_the_area() -> None:
    assert place("site/hall/p1", plant()) == "site · hall"
    assert place("nowhere", plant()) == ""


def status(why: str, *, judged: bool = False) -> Status:
    return Status("site/hall/p1", START, START, "running", judged, why, None, None)


@pytest.mark.parametrize(
    ("standing", "words", "is_blind"),
    [
        (None, "Cannot judge: no data yet", True),
        (status("no data"), "Cannot judge: no data", True),
        (status(""), "Cannot judge", True),
        (status("off"), "Not judged while off", False),
        (status("learning 40 %"), "Cannot judge: learning 40 %", False),
        (status("learning 40 %", judged=True), "Judged, learning 40 %", False),
        (status("", judged=True), "Judged", False),
    ],
)
def test_a_machine_is_judged_or_said_why_not(
    standing: Status | None, words: str, is_blind: bool
) -> None:
    assert judgement(standing) == words
    assert blind(standing) is is_blind


def test_values_that_are_not_good_by_their_own_word_are_counted() -> None:
    standing = status("", judged=True)
    assert quality(None) == quality(standing) == ""
    both = replace(standing, counts={"scored": 9, "bad quality": 1200, "uncertain quality": 1})
    assert quality(both) == "Values marked by the device: 1,200 bad, 1 uncertain"
    assert quality(replace(standing, counts={"bad quality": 2})).endswith("device: 2 bad")


def life(remaining: Remaining | CannotSay) -> LifeEstimate:
    return LifeEstimate("site/hall/p1", START, "wear", 0.5, remaining, "")


def with_health() -> AssetClass:
    return pump_class(health=ThresholdSettings.model_construct())


def test_remaining_life_is_a_range_or_the_reason_why_there_is_none() -> None:
    pump = with_health()
    assert life_left(life(Remaining(24, 240, 480)), pump) == "About 10 days (24 hours to 20 days)"
    assert life_left(life(Remaining(0, 4, 11)), pump) == "About 4 hours (at most 11 hours)"
    assert life_left(life(CannotSay("flat", "no trend yet")), pump) == "Cannot say: no trend yet"
    assert life_left(CannotSay("flat", "no trend yet"), pump) == "Cannot say: no trend yet"
    assert life_left(None, pump) == "Cannot say yet: nothing measured"
    assert life_left(None, pump_class()) == "Cannot say: no model is set up for this class"


def channel(value: float | None, low: float | None, high: float | None) -> ChannelEvidence:
    return ChannelEvidence("v", "vibration", "mm/s", value, low, high, 0.5)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected", "outside"),
    [
        (5.0, 1.0, 4.0, "1 to 4 mm/s", True),
        (0.5, 1.0, None, "at least 1 mm/s", True),
        (3.0, None, 4.0, "at most 4 mm/s", False),
        (3.0, None, None, "no band of its own", False),
        (None, 1.0, 4.0, "1 to 4 mm/s", False),
    ],
)
def test_a_channel_is_set_against_its_band(
    value: float | None, low: float | None, high: float | None, expected: str, outside: bool
) -> None:
    evidence = Evidence(START, "", 1.0, (channel(value, low, high),))
    (row,) = rows(alert(evidence=evidence), "UTC", evidence.at)
    assert (row.expected, row.outside) == (expected, outside)
    assert row.measured == ("not measured" if value is None else f"{value:g} mm/s")
    assert (row.gauge is None) == (value is None or (low is None and high is None))


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(5.0, 1.0, 4.0), (-3.0, 1.0, 4.0), (4.0, None, 4.0), (0.0, 0.0, 0.0), (9.0, 9.0, None)],
)
def test_a_gauge_holds_value_and_band(value: float, low: float | None, high: float | None) -> None:
    found = gauge(value, low, high)
    assert found is not None
    assert 0 <= found.low <= found.low + found.width <= GAUGE
    assert 0 < found.value < GAUGE
