from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import ChannelEvidence, Evidence, FailureMatch
from core.clock import DAY, HOUR, SECOND
from core.deviation import Kind
from service.explanation import (
    course,
    course_sentence,
    fit_words,
    match_sentence,
    together,
    trouble,
)
from service.words import describe, summary
from tests.plants import plant
from tests.unit.service.test_words import case

AT = 1_700_000_000 * SECOND
HOT = ChannelEvidence(
    "temperature", "bearing temperature", "°C", 71.0, 50.0, 60.0, 0.7, Kind.DRIFT, 1, AT - 6 * DAY
)
EVIDENCE = Evidence(AT, "pattern", 1.4, (HOT,), kind=Kind.DRIFT)


@pytest.mark.parametrize(
    ("kind", "way", "since", "said"),
    [
        (Kind.DRIFT, 1, AT - 6 * DAY, "has been drifting up for about 6 days"),
        (Kind.DRIFT, -1, None, "has been drifting down"),
        (Kind.STEP, -1, AT - 3 * HOUR, "stepped down about 3 hours before"),
        (Kind.STEP, 1, AT, "stepped up"),
        (Kind.STUCK, 0, AT - 3 * HOUR, "has stood at the same value for about 3 hours"),
        (Kind.OSCILLATION, 0, None, "swings up and down"),
        (Kind.NOISE, 0, None, "scatters more than usual"),
        (Kind.SPIKE, 0, AT, "had a spike"),
    ],
)
def test_how_a_channel_came_there_is_said(
    kind: Kind, way: int, since: int | None, said: str
) -> None:
    channel = replace(HOT, kind=kind, direction=way, since=since)
    assert course_sentence(channel, EVIDENCE) == f"Bearing temperature {said}."


def test_a_course_without_a_name_is_not_named() -> None:
    assert course_sentence(replace(HOT, kind=""), EVIDENCE) == ""
    assert course(replace(HOT, kind="", direction=0)) == ""
    assert course(replace(HOT, kind="", direction=-1)) == "lower"
    assert trouble("") == ""


def test_a_kind_that_only_a_newer_release_knows_is_passed_over() -> None:
    assert trouble("wobble") == ""
    assert course_sentence(replace(HOT, kind="wobble"), EVIDENCE) == ""


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(kind: Kind) -> None:
    assert trouble(kind)
    assert course(replace(HOT, kind=kind))


def test_channels_that_no_longer_move_together_are_named() -> None:
    flow = replace(HOT, channel="flow", label="flow", kind="")
    both = replace(EVIDENCE, channels=(replace(HOT, kind=""), flow), kind=Kind.CORRELATION)
    said = "Bearing temperature and flow no longer move together as they did."
    assert together(both) == said
    assert said in summary(both)


@pytest.mark.parametrize(
    ("fit", "said"), [(0.7, "fits well"), (0.69, "fits partly"), (0.39, "hardly fits")]
)
def test_how_well_a_failure_mode_fits_is_said_in_words(fit: float, said: str) -> None:
    assert fit_words(fit) == said


def test_what_a_failure_mode_would_show_and_does_not_is_said() -> None:
    match = FailureMatch("wear", "Bearing wear", 0.61, ("vibration",), ("flow", "heat"))
    assert match_sentence(match) == "Bearing wear fits partly (61 %); flow and heat do not."
    assert match_sentence(replace(match, missing=())) == "Bearing wear fits partly (61 %)."


def test_a_case_says_its_kind_and_causes_or_that_none_known_fits() -> None:
    match = FailureMatch("wear", "Bearing wear", 0.9)
    said = describe(case(evidence=replace(EVIDENCE, matches=(match,))), plant())
    assert said.kind == "A drift: the level moves slowly, one way"
    assert said.failure_modes == ("Bearing wear fits well (90 %).",)
    assert describe(case(evidence=EVIDENCE), plant()).failure_modes == (
        "None of the known failure modes fits.",
    )
    assert describe(case(group="data", evidence=EVIDENCE), plant()).failure_modes == ()


def test_the_summary_says_the_course_of_the_most_blamed_channel() -> None:
    assert summary(EVIDENCE) == (
        "Bearing temperature is 71 °C, expected 50 to 60 °C. "
        "Bearing temperature has been drifting up for about 6 days."
    )


def test_the_kind_of_a_sensors_case_is_what_its_rule_found() -> None:
    stuck = case(group="sensor:temperature", rules=("stuck",), evidence=Evidence(AT, "", None))
    assert describe(stuck, plant()).kind == trouble(Kind.STUCK)
    assert describe(replace(stuck, rules=("silent",)), plant()).kind == ""
