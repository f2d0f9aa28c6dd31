"""Machines that say only what changes: what they said holds, and quiet is no trouble."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.alert import AlertState, Change
from core.clock import MINUTE, SECOND
from core.journal import Link
from core.plant import NamedDetector, RuleSpec, Severity
from core.readings import Quality, Reading
from core.work import Work
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from tests.bench import P1, P2, Bench
from tests.quiet import NAMES, healthy, pumps, say


@pytest.fixture
def bench() -> Bench:
    return Bench(pumps(*NAMES)).ticks(4).device(True, P1, P2)


def scored_row(bench: Bench) -> np.ndarray:
    """What holds of the first pump at the last tick."""
    held = bench.scored().scoring._casework.fleets["pump"].held
    return np.where(held._live[0], held._value[0], np.nan)


def test_a_value_said_once_comes_on_after_its_delay_though_nothing_more_is_said(
    bench: Bench,
) -> None:
    healthy(bench, vibration=5.0).ticks(59)
    assert bench.changes() == []
    began = bench.now - 590 * SECOND
    case = bench.ticks(1).case()
    assert case.opened_at == began + 10 * MINUTE
    assert case.summary.startswith("Vibration velocity is 5 mm/s, expected at most 4 mm/s")
    bench.ticks(200)
    assert bench.changes() == [Change.OPENED], "it is told once"
    say(bench, vibration=2.0).ticks(61)
    assert bench.changes() == [Change.OPENED, Change.RETURNED]


def test_quiet_is_never_silence_while_the_device_is_there(bench: Bench) -> None:
    healthy(bench).ticks(3000)
    assert bench.scored().casefile.events(0) == ()


def test_where_nothing_is_known_of_the_device_silence_comes_when_nothing_holds() -> None:
    bench = Bench(pumps(*NAMES)).ticks(4)
    healthy(bench).ticks(355)
    assert bench.changes("data") == []
    bench.ticks(10)
    assert [alert.asset for _, alert in bench.steps("data")] == [P2, P1]


def test_a_machine_with_a_periodic_channel_is_missed_as_ever() -> None:
    bench = Bench(pumps("temperature")).ticks(1).device(True, P1, P2)
    healthy(bench).ticks(91)
    assert {alert.asset for _, alert in bench.steps("data")} == {P1, P2}


def test_a_quiet_machine_is_judged_and_its_data_is_not_called_old(bench: Bench) -> None:
    status = healthy(bench).ticks(100).status()
    assert (status.judged, status.quiet, status.why) == (True, True, "")


def test_what_was_said_holds_for_exactly_as_long_as_it_may(bench: Bench) -> None:
    healthy(bench)
    bench.passes(30 * MINUTE).device(True, P1)
    say(bench, speed=1501.0)
    bench.passes(30 * MINUTE)
    said = say(bench, vibration=2.5).scored()
    assert scored_row(said).tolist() == [1501.0, 2.5, 50.0], "an hour is within the hour"
    bench.passes(SECOND)
    assert np.isnan(scored_row(say(bench, vibration=2.6))).tolist() == [False, False, True]


def test_values_that_hold_no_longer_cannot_be_judged(bench: Bench) -> None:
    healthy(bench, vibration=5.0).ticks(363)
    status = bench.status()
    assert (status.judged, status.why, status.quiet) == (
        False,
        "nothing that it said still holds",
        False,
    )
    assert bench.case().state is AlertState.UNACKNOWLEDGED, "an old value ends no case"
    status = healthy(bench).status()
    assert (status.judged, status.quiet) == (True, True)


def test_a_limit_is_not_judged_by_what_holds_no_longer() -> None:
    bench = Bench(pumps(*NAMES, max_age=5 * MINUTE)).ticks(4).device(True, P1, P2)
    healthy(bench, vibration=5.0)
    for _ in range(40):
        bench.ticks(1)
        say(bench, temperature=50.0)
    assert bench.changes() == [], "it was seen above its line for five minutes, not for ten"


def test_a_device_that_goes_takes_all_that_it_said_with_it(bench: Bench) -> None:
    healthy(bench, vibration=5.0).ticks(6).device(False, P1, P2).ticks(120)
    assert bench.changes() == [], "no delay runs on"
    assert bench.status().why == "device offline"
    bench.device(True, P1, P2)
    assert bench.status().why == "nothing that it said still holds"
    say(bench, temperature=51.0)
    assert np.isnan(scored_row(bench)).tolist() == [True, True, False]
    healthy(bench, vibration=5.0).ticks(61)
    assert bench.changes() == [Change.OPENED]


def test_a_birth_whose_values_come_before_it_holds_them(bench: Bench) -> None:
    healthy(bench).ticks(1).device(False, P1, P2).ticks(30)
    healthy(bench, vibration=5.0).device(True, P1, P2)
    assert bench.ticks(61).changes() == [Change.OPENED]


def test_births_say_which_channels_are_sent_on_change() -> None:
    bench = Bench(pumps()).ticks(4).device(True, P1, on_change=NAMES)
    healthy(bench, vibration=5.0).ticks(60)
    assert bench.changes() == [Change.OPENED]
    bench.scored().restart().ticks(200)
    assert {alert.asset for _, alert in bench.steps("data")} == {P2}, "P1 may be quiet"


def test_a_birth_ends_the_silence_of_a_machine_that_says_only_what_changes() -> None:
    bench = Bench(pumps()).ticks(100).device(True, P1, on_change=NAMES)
    last, alert = bench.steps("data")[-1]
    assert (alert.asset, last.change) == (P1, Change.RETURNED)
    assert last.why == "its device is there, and sends only what changes"


def test_no_delay_runs_while_our_own_link_is_down_nor_before_what_was_kept_has_come(
    bench: Bench,
) -> None:
    healthy(bench, vibration=5.0).ticks(6).ticks(200, connected=False).ticks(2)
    bench.block(Reading(P1, bench.now - 20 * MINUTE, {"vibration": 2.0})).ticks(100)
    assert bench.changes() == []


def test_one_value_of_each_message_completes_the_row() -> None:
    both = LimitsSettings(
        channels={"vibration": Limit(warning=4.0), "temperature": Limit(warning=85.0)}
    )
    given = pumps(*NAMES, detectors=(NamedDetector("zones", both),), rules=(
        RuleSpec("high", "zones", Severity.WARNING, off_delay=MINUTE),
    ))  # fmt: skip
    bench = Bench(given).ticks(4).device(True, P1, P2)
    healthy(bench, vibration=5.0)
    for _ in range(100):
        say(bench.ticks(2), temperature=51.0)
    assert bench.changes() == [Change.OPENED], "the vibration is still what it was"


def test_the_mode_holds_with_the_value_that_tells_it(bench: Bench) -> None:
    healthy(bench)
    for _ in range(100):
        say(bench.ticks(2), temperature=51.0)
    assert bench.status().mode == "running"
    assert say(bench, speed=0.0).ticks(30).status().mode == "off"


def test_a_machine_that_came_up_is_judged_once_it_has_started() -> None:
    given = pumps(*NAMES)
    pump = given.classes["pump"]
    given.classes["pump"] = replace(pump, modes=replace(pump.modes, starting_for=5 * MINUTE))
    bench = Bench(given).ticks(4).device(True, P1, P2)
    say(bench, speed=0.0, vibration=5.0)
    say(bench.ticks(60), speed=1500.0).ticks(30)
    assert bench.status().mode == "running"
    assert bench.ticks(59).changes() == []
    assert bench.ticks(2).changes() == [Change.OPENED]


def test_no_quiet_channel_is_stuck_or_missing(bench: Bench) -> None:
    rng = np.random.default_rng(1)
    for k in range(600):
        values = {"vibration": 2 + rng.normal(0, 0.1)}
        if k < 100:
            values["temperature"] = 50 + rng.normal(0, 0.1)
        elif k % 7 == 0:
            values["temperature"] = 50.0
        say(bench.passes(2 * MINUTE), speed=1500.0, **values)
    groups = {alert.group for _, alert in bench.scored().casefile.events(0)}
    assert groups == set()


def test_a_change_is_held_against_the_time_since_the_last_one() -> None:
    given = pumps(*NAMES)
    pump = given.classes["pump"]
    given.classes["pump"] = replace(
        pump, channels=(*pump.channels[:2], replace(pump.channels[2], max_rate=0.1))
    )
    bench = Bench(given).ticks(4)
    healthy(bench)
    for _ in range(30):
        say(bench.passes(10 * SECOND), vibration=2.0)
    assert scored_row(say(bench.passes(SECOND), temperature=75.0))[2] == 75.0
    assert np.isnan(scored_row(say(bench.passes(SECOND), temperature=99.0))[2])


@pytest.mark.parametrize("again", [{"vibration": 9.0}, {}])
def test_what_is_called_bad_ends_what_held(bench: Bench, again: dict[str, float]) -> None:
    healthy(bench, vibration=5.0).ticks(6)
    bench.block(Reading(P1, bench.now, again, {"vibration": Quality.BAD})).ticks(120)
    assert np.isnan(scored_row(bench)[1])
    assert bench.changes() == []


def test_what_is_called_bad_once_is_a_case_though_nothing_more_is_said(bench: Bench) -> None:
    healthy(bench)
    bench.block(Reading(P1, bench.now + SECOND, {}, {"temperature": Quality.BAD})).ticks(89)
    assert bench.changes("sensor:temperature") == []
    bench.scored().restart().ticks(3)
    assert bench.case("sensor:temperature").rules == ("bad",)
    say(bench, vibration=2.1).ticks(100)
    assert bench.changes("sensor:temperature") == [Change.OPENED]
    say(bench, temperature=50.0)
    assert bench.changes("sensor:temperature") == [Change.OPENED, Change.RETURNED]


def test_what_is_bad_while_the_machine_stands_counts_from_when_it_runs(bench: Bench) -> None:
    healthy(bench, speed=0.0)
    bench.block(Reading(P1, bench.now + SECOND, {}, {"temperature": Quality.BAD})).ticks(200)
    say(bench, speed=1500.0).ticks(85)
    assert bench.changes("sensor:temperature") == []
    assert bench.ticks(10).changes("sensor:temperature") == [Change.OPENED]


def test_a_device_that_is_gone_explains_its_bad_values(bench: Bench) -> None:
    healthy(bench)
    bench.block(Reading(P1, bench.now + SECOND, {}, {"temperature": Quality.BAD})).ticks(10)
    bench.device(False, P1, P2).ticks(200).device(True, P1, P2).ticks(200)
    assert bench.changes("sensor:temperature") == []


def test_after_our_link_was_gone_nobody_is_sure_that_a_quiet_device_is_there(
    bench: Bench,
) -> None:
    healthy(bench).ticks(400).link(Link.DISCONNECTED).ticks(9, connected=False)
    bench.link(Link.CONNECTED).ticks(355)
    assert bench.changes("data") == []
    bench.scored().restart().ticks(10)
    assert {alert.asset for _, alert in bench.steps("data")} == {P1, P2}
    say(bench, vibration=2.0).device(True, P1, P2).ticks(500)
    assert bench.changes("data") == [Change.OPENED] * 2 + [Change.RETURNED] * 2


def test_a_device_that_speaks_after_our_link_was_gone_may_be_quiet_again(bench: Bench) -> None:
    healthy(bench).link(Link.CONNECTED).ticks(5)
    say(bench, vibration=2.1).device(True, P2, device="other").ticks(800)
    assert bench.changes("data") == []


def learner(**learn: int) -> Bench:
    settings = MewmaSettings(learn=LearnSettings(**{"rows": 40, "min_rows": 40, **learn}))
    detectors = (NamedDetector("pattern", settings),)
    given = pumps(*NAMES, detectors=detectors, rules=(RuleSpec("odd", "pattern"),))
    return Bench(given).ticks(4).device(True, P1, P2)


def test_nothing_is_learned_twice_from_what_is_held() -> None:
    bench = learner()
    healthy(bench).ticks(300)
    assert bench.status().why == "learning 2 %"
    for _ in range(50):
        say(bench.ticks(1), speed=1501.0)
    assert bench.status().why == "learning 2 %", "the speed says nothing of its condition"


def test_an_uncertain_value_is_not_learned_as_long_as_it_holds() -> None:
    bench = learner()
    healthy(bench)
    bench.passes(SECOND).block(
        Reading(P1, bench.now, {"temperature": 50.0}, {"temperature": Quality.UNCERTAIN})
    )
    for _ in range(30):
        say(bench.ticks(1), vibration=2.0)
    assert bench.status().why == "learning 2 %"
    say(bench.ticks(1), temperature=50.0)
    assert bench.status().why == "learning 5 %"


def test_a_quiet_machine_has_the_score_of_what_it_last_said() -> None:
    bench = learner()
    for _ in range(60):
        bench.ticks(6).says()
    before = bench.status().score
    fleet = bench.scoring._casework.fleets["pump"]
    fleet.held.recheck(0)
    bench.scored().ticks(30)
    assert before is not None
    assert bench.status().score == pytest.approx(before)


def test_work_has_what_holds_found_anew(bench: Bench) -> None:
    healthy(bench, vibration=5.0).ticks(70)
    bench.mends(P1, Work.REPAIRED).ticks(62)
    assert bench.changes() == [Change.OPENED, Change.WORK_RECORDED, Change.OPENED]


def test_a_restart_changes_nothing_of_what_holds(bench: Bench) -> None:
    healthy(bench, vibration=5.0)
    for _ in range(6):
        bench.ticks(10).scored().restart()
    assert bench.changes() == [Change.OPENED]
    for _ in range(31):
        bench.ticks(10).scored().restart()
    assert bench.status().why == "nothing that it said still holds"


def test_a_clock_that_differs_moves_neither_delays_nor_ages(bench: Bench) -> None:
    behind = 4 * MINUTE
    values = {"speed": 1500.0, "vibration": 5.0, "temperature": 50.0}
    bench.block(Reading(P1, bench.now - behind, values)).ticks(59)
    assert bench.changes() == []
    assert bench.ticks(1).changes() == [Change.OPENED]
    assert bench.ticks(299).status().judged
    assert not bench.ticks(2).status().judged
