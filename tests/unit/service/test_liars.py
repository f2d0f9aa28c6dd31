"""Sensor or machine: each trouble is one case, about the one that it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core.alert import AlertState, Change
from core.clock import DAY, HOUR, MINUTE
from core.plant import Channel, FailureMode, NamedDetector, Role, RuleSpec, Severity
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from tests.bench import P1, Bench
from tests.plants import plant, pump_class

TAUGHT = 300
Values = Mapping[str, float]
Grows = Callable[[int], Values]


def bench(*more: RuleSpec) -> Bench:
    """A pump of which a lone rise of vibration is the machine's, and one of pressure is not."""
    lines = LimitsSettings(channels={"pressure": Limit(warning=14.0, alarm=30.0)})
    return Bench(
        plant(
            1,
            pump_class(
                channels=(
                    Channel("speed", "1/min", role=Role.OPERATING),
                    Channel("vibration", "mm/s", title="vibration velocity"),
                    Channel("temperature", "°C", title="bearing temperature"),
                    Channel("pressure", "bar"),
                ),
                detectors=(
                    NamedDetector("zones", lines),
                    NamedDetector(
                        "usual", MewmaSettings(learn=LearnSettings(rows=TAUGHT, span=30 * DAY))
                    ),
                ),
                rules=(
                    RuleSpec("dangerous", "zones", Severity.CRITICAL, at_score=2.0),
                    RuleSpec("unusual", "usual", on_delay=30 * MINUTE, off_delay=2 * HOUR),
                    *more,
                ),
                failure_modes=(
                    FailureMode("wear", "Wear", ("vibration",)),
                    FailureMode("leak", "Leak", ("temperature", "pressure")),
                ),
                false_alerts=1.0,
                silent_after=HOUR,
                stuck_after=6 * HOUR,
            ),
        )
    )


def says(given: Bench, count: int, more: Grows = lambda _: {}) -> Bench:
    for k in range(count):
        given.passes(10 * MINUTE)
        values = {
            "vibration": 2 + given._random.normal(0, 0.1),
            "temperature": 50 + given._random.normal(0, 0.5),
            "pressure": 10 + given._random.normal(0, 0.1),
        }
        for name, value in more(k).items():
            values[name] += value
        given.says(**values)
    return given


def taught(*more: RuleSpec) -> Bench:
    return says(bench(*more), TAUGHT + 100)


def one(name: str, rate: float) -> Grows:
    return lambda k: {name: rate * k}


def test_a_channel_that_drifts_alone_is_one_case_and_its_sensors() -> None:
    given = says(taught(), 250, one("pressure", 0.008))
    assert given.changes() == []
    assert given.changes("sensor:pressure") == [Change.OPENED, Change.RULE_ADDED]
    case = given.case("sensor:pressure")
    assert case.rules == ("unusual", "drift")
    assert "no other reading has gone with it" in case.summary
    assert case.evidence.actions[0].startswith("Compare the reading with one by hand")
    assert (case.evidence.detector, case.evidence.score is None) == ("usual", False)
    (shown,) = case.evidence.channels
    assert shown.low is not None
    assert shown.high is not None
    assert 9 < shown.low < shown.high < 11, "by the load and its own past"
    assert shown.share == 1.0


def test_a_sensor_that_stands_still_is_shown_beside_where_it_is_expected() -> None:
    given = taught()
    given._random = np.random.default_rng(1)
    still = {"pressure": 11.5}
    for _ in range(60):
        given.passes(10 * MINUTE)
        noise = given._random.normal(0, 1, 2)
        given.says(vibration=2 + 0.1 * noise[0], temperature=50 + 0.5 * noise[1], **still)
    (shown,) = given.case("sensor:pressure").evidence.channels
    assert (shown.value, shown.outside) == (11.5, True)
    assert shown.low is not None
    assert shown.low > 9


def test_a_machine_whose_sensor_lies_is_judged_by_the_rest_and_less_surely() -> None:
    given = says(taught(), 250, one("pressure", 0.008))
    says(given, 100, lambda k: {"pressure": 4.0, "vibration": 0.02 * k})
    case = given.case()
    assert case.evidence.channels[0].channel == "vibration"
    assert "Judged without pressure, whose sensor is not believed, so less sure." in case.summary
    assert case.evidence.confidence != "high"


def test_a_rise_that_only_the_sign_of_wear_shows_is_the_machines_and_says_so() -> None:
    given = says(taught(), 100, one("vibration", 0.01))
    assert given.changes() == [Change.OPENED]
    assert "No other reading shows it yet: check that sensor as well." in given.case().summary


def test_what_moves_two_channels_is_the_machines() -> None:
    given = says(taught(), 100, lambda k: {"pressure": -0.01 * k, "temperature": 0.05 * k})
    assert given.changes() == [Change.OPENED]
    assert "sensor" not in given.case().summary


def test_a_sensors_case_becomes_the_machines_once_others_depart_too() -> None:
    given = says(taught(), 55, one("pressure", 0.008))
    assert given.changes("sensor:pressure") == [Change.OPENED]
    says(given, 30, lambda k: {"pressure": 0.7, "temperature": 3.0})
    assert given.changes() == [Change.OPENED]
    handed = given.steps("sensor:pressure")[-1][0]
    assert handed.change is Change.RETURNED
    assert "it is the machine, which has a case of its own" in handed.why


def test_a_machines_case_that_turns_out_to_be_a_sensor_is_handed_over_in_words() -> None:
    given = says(taught(), 40, lambda k: {"pressure": 0.02 * k, "temperature": 1.0})
    assert given.changes() == [Change.OPENED], "both were off at first"
    says(given, 200, lambda k: {"pressure": 0.8 + 0.02 * k})
    handed = given.steps()[-1][0]
    assert handed.change is Change.RETURNED
    assert handed.why == "it was the sensor, which has a case of its own"
    assert given.case("sensor:pressure").state.is_active


def test_a_given_line_at_which_to_stop_is_told_whoever_is_believed() -> None:
    given = says(taught(), 250, one("pressure", 0.008))
    says(given, 3, lambda _: {"pressure": 25.0})
    assert given.case().rules == ("dangerous",)


def test_a_given_line_of_a_warning_is_told_too_where_its_sensor_has_only_drifted() -> None:
    given = says(taught(RuleSpec("high", "zones")), 250, one("pressure", 0.008))
    says(given, 3, lambda _: {"pressure": 5.0})
    assert given.case().rules == ("high",)
    assert "Pressure: its sensor is doubted" in given.case().summary
    assert "Judged without" not in given.case().summary


def slowly_leaking(given: Bench) -> Bench:
    """Let pressure go first and far, and temperature follow days later, slowly and not far."""
    return says(
        given, 900, lambda k: {"pressure": 0.008 * k, "temperature": 0.003 * max(0, k - 200)}
    )


def test_a_machine_that_was_taken_for_a_sensor_gets_its_case_back_for_good() -> None:
    given = slowly_leaking(taught())
    sensors = [step for step, _ in given.steps("sensor:pressure")]
    assert [step.change for step in sensors][-1] is Change.RETURNED
    assert "it is the machine" in sensors[-1].why
    assert given.changes() == [Change.OPENED], "one case that stands"
    assert given.case().state.is_active


def test_a_sensor_that_drifts_far_and_long_stays_a_sensor() -> None:
    given = says(taught(), 500, one("pressure", 0.008))
    assert given.changes() == []
    assert given.changes("sensor:pressure") == [Change.OPENED, Change.RULE_ADDED]


def test_a_new_sensor_ends_its_case_and_is_believed() -> None:
    given = says(taught(), 250, one("pressure", 0.008))
    given.mends(P1)
    assert given.case("sensor:pressure").state is AlertState.NORMAL
    says(given, 50)
    assert len(given.changes("sensor:pressure")) == 3


def test_a_restart_in_the_midst_of_it_changes_nothing() -> None:
    def story(restarts: tuple[int, ...] = ()) -> list[tuple[str, str]]:
        given, drift = bench(), one("pressure", 0.02)
        for k in range(TAUGHT + 350):
            says(given, 1, lambda _, k=k: drift(max(0, k - TAUGHT - 100)))  # type: ignore[misc]
            if k in restarts:
                given.scored().restart()
        events = given.scored().casefile.events(0)
        return [(alert.group, step.change) for step, alert in events]

    undisturbed = story()
    assert story((TAUGHT // 2,)) == undisturbed
    assert story((TAUGHT + 150, TAUGHT + 250)) == undisturbed
