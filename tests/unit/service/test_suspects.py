"""A channel that is missing never counts as a healthy one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from core.alert import AlertState, Change
from core.clock import MINUTE, SECOND, Span
from core.plant import Mode, NamedDetector, RuleSpec
from core.readings import Quality, Reading
from models.detector import Round, Scored
from models.limits import Limit, LimitsSettings
from models.mewma import MewmaSettings
from service.rules import RuleLatch
from tests.bench import P1, Bench
from tests.plants import plant, pump_class

NAN = float("nan")
TWO = LimitsSettings(
    channels={
        "vibration": Limit(warning=4.0, alarm=8.0),
        "temperature": Limit(warning=85.0, alarm=95.0),
    }
)
Values = Mapping[str, float | None]


def bench(**changes: object) -> Bench:
    given: dict[str, object] = {
        "detectors": (NamedDetector("zones", TWO),),
        "rules": (RuleSpec("high", "zones"),),
    }
    return Bench(plant(1, pump_class(**{**given, **changes})))


def run(
    given: Bench, count: int, values: Callable[[], Values] = dict, step: Span = MINUTE
) -> Bench:
    for _ in range(count):
        given.passes(step - given.plant.tick_every).ticks(1).says(**values())  # type: ignore[arg-type]
    return given


def shaking(given: Bench, level: float = 9.0) -> Callable[[], Values]:
    return lambda: {"vibration": level + float(given._random.normal(0, 0.1))}


def acknowledged(given: Bench) -> Bench:
    return given.asks("acknowledge", given.case().id)


def test_a_value_per_message_alarms_as_one_message_for_all() -> None:
    given = bench(rules=(RuleSpec("high", "zones", on_delay=15 * MINUTE),))
    for k in range(60):
        given.passes(MINUTE)
        given.block(Reading(P1, given.now, {"speed": 1500.0 + k % 7}))
        given.block(Reading(P1, given.now + SECOND, {"vibration": 9.0 + k % 5 / 10}))
        given.block(Reading(P1, given.now + 2 * SECOND, {"temperature": 50.0 + k % 5 / 10}))
    assert given.changes() == [Change.OPENED]
    assert given.case().summary.startswith("Vibration velocity is 9"), "though it was not in that"


def test_a_spike_of_a_sensor_that_then_calls_itself_bad_is_no_lasting_alarm() -> None:
    given = run(bench(rules=(RuleSpec("high", "zones", on_delay=5 * MINUTE),)), 20)
    run(given, 1, lambda: {"vibration": 9.0})
    for _ in range(10):
        given.passes(MINUTE).marks(P1, {"vibration": Quality.BAD}, vibration=9.0)
    assert given.changes() == []


def test_a_case_stays_while_the_channel_that_raised_it_is_missing() -> None:
    given = bench()
    acknowledged(run(run(given, 100), 5, shaking(given)))
    run(given, 120, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED, Change.ACKNOWLEDGED]
    assert given.case("sensor:vibration").rules == ("silent",)
    run(given, 5)
    assert given.changes() == [Change.OPENED, Change.ACKNOWLEDGED, Change.RETURNED]
    assert given.case().state is AlertState.NORMAL


def test_a_case_stays_while_the_channel_that_raised_it_is_marked_as_bad() -> None:
    given = bench()
    run(run(given, 20), 5, shaking(given))
    for _ in range(120):
        given.passes(MINUTE).marks(P1, {"vibration": Quality.BAD})
    assert given.changes() == [Change.OPENED]
    assert len(given.scoring._casework.fleets["pump"].rules.on(0)) == 1


def test_a_learned_pattern_stays_broken_when_the_cable_of_its_sensor_breaks() -> None:
    pattern = RuleSpec("pattern", "pattern", on_delay=10 * MINUTE, off_delay=20 * MINUTE)
    given = bench(detectors=(NamedDetector("pattern", MewmaSettings()),), rules=(pattern,))
    run(given, 500, step=5 * MINUTE)
    acknowledged(run(given, 60, shaking(given, 6.0), 5 * MINUTE))
    run(given, 60, lambda: {"vibration": None}, 5 * MINUTE)
    assert given.changes() == [Change.OPENED, Change.ACKNOWLEDGED]
    fleet = given.scoring._casework.fleets["pump"]
    assert fleet.rules.locked(np.array([0]))[0], "nothing is learned meanwhile"
    run(given, 60, step=5 * MINUTE)
    assert given.changes()[-1] is Change.RETURNED


def test_a_channel_whose_last_word_was_healthy_holds_no_case_open() -> None:
    given = bench(rules=(RuleSpec("high", "zones", off_delay=30 * MINUTE),))
    run(run(given, 20), 5, shaking(given))
    run(given, 10)
    assert given.changes() == [Change.OPENED]
    run(given, 115, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED, Change.RETURNED]


def test_a_channel_whose_last_word_was_an_alarm_holds_its_case_open() -> None:
    given = bench(rules=(RuleSpec("high", "zones", off_delay=30 * MINUTE),))
    run(run(given, 20), 5, shaking(given))
    run(given, 300, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED]
    run(given, 40)
    assert given.changes() == [Change.OPENED, Change.RETURNED]


def test_the_blame_moves_on_once_the_first_channel_is_back() -> None:
    given = bench()
    run(run(given, 20), 5, shaking(given))
    run(given, 5, lambda: {**shaking(given)(), "temperature": 91.0 + given._random.normal(0, 0.1)})
    run(given, 5, lambda: {"temperature": 91.0 + given._random.normal(0, 0.1)})
    run(given, 60, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED, Change.RETURNED], "the temperature was back"
    again = bench()
    run(run(again, 20), 5, shaking(again))
    run(again, 5, lambda: {"temperature": 91.0 + again._random.normal(0, 0.1)})
    run(again, 60, lambda: {"temperature": None})
    assert again.changes() == [Change.OPENED], "the vibration was back, the temperature is not"


def test_a_machine_that_stops_is_treated_as_before() -> None:
    limits = LimitsSettings(
        channels={
            "vibration": Limit(warning=4.0),
            "temperature": Limit(warning=85.0, only_running=False),
        }
    )
    given = bench(detectors=(NamedDetector("zones", limits),))
    run(run(given, 20), 5, shaking(given))
    run(given, 1, lambda: {"speed": 0.0, "vibration": None})
    assert given.changes() == [Change.OPENED, Change.RETURNED]


def test_a_restart_remembers_who_was_blamed() -> None:
    given = bench()
    run(run(given, 20), 5, shaking(given)).scored()
    run(given.restart(), 30, lambda: {"vibration": None}).scored()
    run(given.restart(), 30, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED]


def test_after_a_change_of_channels_the_next_most_blamed_one_is_remembered() -> None:
    given = bench()
    run(run(given, 20), 5, shaking(given)).scored()
    base = given.plant.classes["pump"]
    wider = replace(base, channels=(*base.channels[:2], base.channels[1].__class__("flow"),
                                    base.channels[2]))  # fmt: skip
    run(given.restart(plant(1, wider)), 5, shaking(given))
    run(given, 60, lambda: {"vibration": None})
    assert given.changes() == [Change.OPENED]


def scored(low: list[float], high: list[float], blame: list[float]) -> dict[str, Scored]:
    one = np.ones((1, 1))
    return {"d": Scored(one[0], *(np.array([part]) for part in (blame, low, high)))}


@pytest.mark.parametrize(
    ("mode", "blind"), [(Mode.RUNNING, True), (Mode.UNKNOWN, True), (Mode.OFF, False),
                        (Mode.STARTING, False), (Mode.IDLE, False)]
)  # fmt: skip
def test_a_rule_is_blind_where_its_suspect_is_not_judged_though_the_machine_may_run(
    mode: Mode, blind: bool
) -> None:
    latch = RuleLatch([RuleSpec("r", "d")], ["d"], 1)
    passed = np.array([0])

    def led(score: float, seen: dict[str, Scored]) -> list[tuple[int, int, bool]]:
        rows = Round(
            np.array([0]), np.array([0]), np.array([[9.0, 1.0]]), np.array([mode], np.int8)
        )
        found = latch.follow(rows, passed, np.array([[score]]), seen)
        latch.keep(found)
        return found.fired

    assert led(1.0, scored([NAN, NAN], [4.0, 4.0], [1.0, 0.0])) == [(0, 0, True)]
    hidden = scored([NAN, NAN], [NAN, 4.0], [0.0, 1.0])
    assert led(0.0, hidden) == ([] if blind else [(0, 0, False)])
