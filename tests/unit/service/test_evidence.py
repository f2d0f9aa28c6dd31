from __future__ import annotations

import numpy as np

from core.alert import Evidence
from core.life import CannotSay
from core.plant import FailureMode, Mode, RuleSpec
from models.detector import Round, Scored
from models.signature import Seen, matches
from service.evidence import gather
from tests.plants import pump_class

NAN = float("nan")
RULE = RuleSpec("r", "zones", action="Call the foreman.")


def evidence(
    value: float = 1.3, rule: RuleSpec = RULE, blame: tuple[float, ...] = (0, 1, 0)
) -> Evidence:
    rows = Round(
        np.array([0]),
        np.array([7]),
        np.array([[1500.0, 5.2, NAN]]),
        np.array([Mode.RUNNING], np.int8),
    )
    band = np.array([[NAN, -np.inf, 40.0]])
    scored = Scored(np.array([value]), np.array([blame], float), band, np.array([[NAN, 4, 60]]))
    return gather(pump_class(), rule, rows, 0, scored, CannotSay("x", "y"))


def test_evidence_names_the_blamed_channels_with_measured_and_expected() -> None:
    found = evidence(blame=(0.01, 0.6, 0.39))
    assert (found.at, found.mode, found.detector, found.score) == (7, "running", "zones", 1.3)
    vibration, temperature = found.channels
    assert (vibration.channel, vibration.value, vibration.low, vibration.high) == (
        "vibration",
        5.2,
        None,
        4.0,
    )
    assert (vibration.label, vibration.unit, vibration.share) == ("vibration velocity", "mm/s", 0.6)
    assert (temperature.value, temperature.low, temperature.high) == (None, 40.0, 60.0)


def test_the_channel_that_is_blamed_most_is_always_named() -> None:
    assert [c.channel for c in evidence(blame=(0, 0.04, 0)).channels] == ["vibration"]


def test_what_to_do_comes_from_the_rule_and_then_from_the_likely_failure_modes() -> None:
    found = evidence()
    assert found.candidates == ("Bearing wear",)
    assert found.actions == ("Call the foreman.", "Look at the bearing.")
    assert evidence(blame=(0, 0, 1)).actions == ("Call the foreman.",)


def test_confidence_grows_with_the_score_and_with_a_delay() -> None:
    assert evidence(1.6).confidence == "high"
    assert evidence(1.3).confidence == "fair"
    assert evidence(1.01).confidence == "low"
    assert evidence(1.01, RuleSpec("r", "zones", on_delay=5)).confidence == "fair"


def test_of_failure_modes_the_one_that_explains_most_with_least_comes_first() -> None:
    modes = [
        FailureMode("all", "All", ("a", "b", "c")),
        FailureMode("a", "A", ("a",)),
        FailureMode("ab", "A and B", ("a", "b")),
        FailureMode("c", "C", ("c",)),
    ]
    found = matches(modes, {"a": Seen(share=0.6), "b": Seen(share=0.4), "c": Seen()})
    assert [one.mode.name for one in found] == ["ab", "all", "a"]
