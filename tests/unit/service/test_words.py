from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Alert, AlertState, ChannelEvidence, Evidence
from core.clock import DAY, HOUR, MINUTE, SECOND
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import SERVICE_ASSET, RuleSpec, Severity
from service.finding import NEW_REGIME
from service.lengths import hours, length
from service.words import (
    channel_sentence,
    describe,
    local_time,
    number,
    quantity,
    summary,
    timezone_of,
    title,
)
from tests.plants import plant

AT = 1_700_000_000 * SECOND
VIBRATION = ChannelEvidence("vibration", "vibration velocity", "mm/s", 5.234, None, 4.0, 0.9)


def case(group: str = "machine", **changes: object) -> Alert:
    evidence = Evidence(AT, "zones", 1.31, (VIBRATION,), confidence="high")
    given = {
        "id": "c",
        "asset": "site/hall/p1",
        "group": group,
        "severity": Severity.WARNING,
        "state": AlertState.UNACKNOWLEDGED,
        "title": "Pump 1: vibration high",
        "summary": "Vibration is high.",
        "opened_at": AT,
        "changed_at": AT,
        "rules": ("r",),
        "active": ("r",),
        "evidence": evidence,
    }
    return Alert(**{**given, **changes})  # type: ignore[arg-type]


def with_life(remaining: object) -> Alert:
    life = LifeEstimate("site/hall/p1", AT, "wear", 0.4, remaining, "drift to 8 mm/s")  # type: ignore[arg-type]
    return case(evidence=replace(case().evidence, life=life))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (4.0, "4"),
        (5.234, "5.23"),
        (61.55, "61.5"),
        (1487.4, "1,487"),
        (0.012345, "0.0123"),
        (-3.14159, "-3.14"),
        (100.0, "100"),
        (1e-30, "0"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_keep_the_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_a_quantity_without_unit_has_no_trailing_space() -> None:
    assert (quantity(2.0, ""), quantity(2.0, "bar")) == ("2", "2 bar")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0 seconds"),
        (59 * SECOND, "59 seconds"),
        (MINUTE, "1 minute"),
        (90 * MINUTE, "90 minutes"),
        (3 * HOUR, "3 hours"),
        (36 * HOUR, "36 hours"),
        (6 * DAY, "6 days"),
    ],
)
def test_lengths_of_time_are_said_in_a_fitting_unit(span: int, text: str) -> None:
    assert length(span) == text


def test_hours_are_said_in_a_fitting_unit() -> None:
    assert (hours(0.5), hours(100)) == ("30 minutes", "4 days")
    assert hours(float("inf")) == "41667 days"


def test_times_are_shown_in_the_sites_zone() -> None:
    assert local_time(AT, "Asia/Karachi") == "2023-11-15 03:13 PKT"
    assert local_time(AT, "UTC") == "2023-11-14 22:13 UTC"
    assert local_time(AT, "America/Sao_Paulo") == "2023-11-14 19:13 America/Sao_Paulo"


def test_an_assets_zone_is_its_sites() -> None:
    assert timezone_of("site/hall/p1", plant()) == "Asia/Karachi"
    assert timezone_of("millwright", plant()) == "Asia/Karachi"
    assert timezone_of("millwright", replace(plant(), sites={})) == "UTC"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.0, 4.0, "expected 1 to 4 mm/s"),
        (None, 4.0, "expected at most 4 mm/s"),
        (1.0, None, "expected at least 1 mm/s"),
        (None, None, "with no expectation for it alone"),
    ],
)
def test_a_channel_is_measured_against_what_was_expected(
    low: float | None, high: float | None, said: str
) -> None:
    channel = replace(VIBRATION, low=low, high=high)
    assert channel_sentence(channel) == f"Vibration velocity is 5.23 mm/s, {said}."


def test_a_channel_that_was_not_measured_is_said_to_be_so() -> None:
    assert (
        channel_sentence(replace(VIBRATION, value=None)) == "Vibration velocity was not measured."
    )


def test_a_summary_names_what_it_points_to() -> None:
    evidence = replace(case().evidence, candidates=("Bearing wear", "Misalignment", "Third"))
    assert summary(evidence).endswith("This fits bearing wear or misalignment.")


def test_a_case_is_described_in_sentences() -> None:
    said = describe(case(), plant())
    assert said.title == "Pump 1: vibration high"
    assert said.what == "Vibration is high."
    assert said.since == "2023-11-15 03:13 PKT"
    assert said.channels == (
        "Vibration velocity is 5.23 mm/s, expected at most 4 mm/s (90 % of the blame).",
    )
    assert said.certainty == "Quite sure: the score is 1.31, where 1 is the alarm line."
    assert said.wait.startswith("Cannot say:")
    assert said.actions == ("Inspect the machine, and record what was found.",)


def test_the_time_that_is_left_is_said_with_its_range_and_basis() -> None:
    said = describe(with_life(Remaining(48.0, 120.0, 240.0)), plant()).wait
    assert said == (
        "About 5 days are left; 9 in 10 chance of between 48 hours and 10 days. "
        "Rests on: drift to 8 mm/s"
    )


def test_where_nothing_can_be_said_of_the_time_left_the_reason_is() -> None:
    said = describe(with_life(CannotSay("learning", "two failures seen.")), plant()).wait
    assert said == "Cannot say: two failures seen."
    alert = case(evidence=replace(case().evidence, life=CannotSay("none", "no trend.")))
    assert describe(alert, plant()).wait == "Cannot say: no trend."


def test_several_rules_make_it_surer() -> None:
    said = describe(case(rules=("a", "b")), plant())
    assert "2 rules agree" in said.certainty
    evidence = replace(case().evidence, confidence="low")
    assert describe(case(evidence=evidence), plant()).certainty.startswith("Not sure")


def test_a_returned_case_says_since_when() -> None:
    alert = case(state=AlertState.RETURNED, returned_at=AT + HOUR)
    assert describe(alert, plant()).since.endswith("back to normal since 2023-11-15 04:13 PKT")
    alert = case(state=AlertState.NORMAL, ended_at=AT + HOUR)
    assert describe(alert, plant()).since.endswith("ended 2023-11-15 04:13 PKT")


@pytest.mark.parametrize(
    ("group", "action"),
    [
        ("data", "gateway"),
        ("link", "broker"),
        ("sensor:flow", "sensor, its cable"),
        ("note:disk", "no machine needs"),
        ("note:history unavailable", "telemetry store back"),
    ],
)
def test_every_kind_of_case_says_what_to_do(group: str, action: str) -> None:
    evidence = Evidence(AT, "", None)
    said = describe(case(group, evidence=evidence), plant())
    assert action in said.actions[0]
    assert said.certainty
    assert said.wait


def test_a_case_of_a_new_regime_sends_nobody_to_the_gateway() -> None:
    alert = replace(case("data", evidence=Evidence(AT, "", None)), active=(NEW_REGIME,))
    said = describe(replace(alert, severity=Severity.INFO), plant())
    assert "inspect the machine" in said.actions[0]
    assert "fixed limits" in said.wait
    assert "this is learned" in said.wait
    assert "not whether that is a fault" in said.certainty


def test_a_new_regime_that_lasts_asks_for_work_to_be_recorded() -> None:
    alert = replace(case("data", evidence=Evidence(AT, "", None)), active=(NEW_REGIME,))
    said = describe(alert, plant())
    assert "record work" in said.actions[0]
    assert "work on it is recorded" in said.wait


def test_a_number_gets_as_many_digits_as_tell_it_from_its_neighbours() -> None:
    assert number(2388.02, 2388.19) == "2,388"
    assert number(2388.19, 2388.02) == "2,388.2"
    assert number(1.6001, 1.6004, None) == "1.6001"
    assert number(5.0, 5.0) == "5"


def test_a_channel_is_told_from_a_narrow_band() -> None:
    narrow = ChannelEvidence("speed", "speed", "rpm", 2388.31, 2388.02, 2388.19, 0.9)
    assert channel_sentence(narrow) == "Speed is 2,388.3 rpm, expected 2,388 to 2,388.2 rpm."


def test_a_channel_inside_of_its_band_says_that_its_course_is_unusual() -> None:
    inside = ChannelEvidence("flow", "flow", "m³/h", 5.0, 4.0, 6.0, 0.9)
    assert (
        channel_sentence(inside) == "Flow is 5 m³/h, expected 4 to 6 m³/h; its course is unusual."
    )


def test_only_a_second_channel_outside_of_its_band_is_named() -> None:
    inside = ChannelEvidence("flow", "flow", "m³/h", 5.0, 4.0, 6.0, 0.3)
    outside = replace(inside, value=7.0)
    alone, both = (
        summary(Evidence(AT, "pattern", 1.2, (VIBRATION, second))) for second in (inside, outside)
    )
    assert "Flow" not in alone
    assert "Flow is 7 m³/h" in both


def test_life_that_may_be_over_says_now() -> None:
    assert "between now and" in describe(with_life(Remaining(0.0, 24.0, 90.0)), plant()).wait


def test_a_title_names_the_most_blamed_channel_where_asked() -> None:
    asset = plant().assets["site/hall/p1"]
    rule = RuleSpec("high", "zones", title="{channel} is beyond its line")
    assert title(asset, rule, case().evidence) == "Pump 1: vibration velocity is beyond its line"
    nameless = replace(case().evidence, channels=())
    assert title(asset, rule, nameless) == "Pump 1: a reading is beyond its line"


def test_a_store_that_is_away_keeps_no_machine_from_being_judged() -> None:
    said = describe(case("note:history unavailable", evidence=Evidence(AT, "", None)), plant())
    assert said.wait == "As long as the journal has room. Machines are judged meanwhile."


def test_messages_of_nobody_are_looked_for_among_the_proposed_and_hinder_no_machine() -> None:
    refused = case("data", asset=SERVICE_ASSET, rules=("refused: unknown asset",))
    said = describe(refused, plant())
    assert "accepts it into the plant" in said.actions[0]
    assert "judged meanwhile" in said.wait
    assert "gateway" in describe(case("data", rules=("refused: malformed",)), plant()).actions[0]


def test_an_end_that_is_due_is_not_said_in_seconds() -> None:
    said = describe(with_life(Remaining(0.0, 0.0, 8.0)), plant()).wait
    assert said.startswith("Its end is due now; 19 in 20 within 8 hours.")
