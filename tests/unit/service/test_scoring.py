from __future__ import annotations

import pytest

from core.alert import AlertState, Change
from core.clock import HOUR, MINUTE, SECOND
from core.journal import Draft, Kind, Link
from core.plant import SERVICE_ASSET, NamedDetector, RuleSpec, Severity
from core.readings import Quality, Reading
from core.rejection import Reason
from core.work import Work
from models.mewma import LearnSettings, MewmaSettings
from tests.bench import P1, P2, Bench
from tests.plants import plant, pump_class
from tests.story import Story


@pytest.fixture
def bench() -> Bench:
    return Bench(plant())


def test_a_healthy_plant_raises_nothing(bench: Bench) -> None:
    for _ in range(300):
        bench.passes(10 * SECOND).all_say().ticks(1)
    assert bench.scored().casefile.events(0) == ()
    status = bench.status()
    assert (status.mode, status.judged, status.why) == ("running", True, "")
    assert status.counts == {"scored": 300}
    assert status.at == bench.now - 10 * SECOND


def test_a_reading_over_its_line_opens_an_explained_case(bench: Bench) -> None:
    bench.says(vibration=4.4)
    case = bench.case()
    assert (case.asset, case.state, case.severity) == (P1, AlertState.UNACKNOWLEDGED, "warning")
    assert case.title == "Pump 1: vibration above its line"
    assert case.summary == (
        "Vibration velocity is 4.4 mm/s, expected at most 4 mm/s. This fits bearing wear."
    )
    assert case.evidence.actions == ("Look at the bearing.",)
    assert case.opened_at == bench.now


def test_a_graver_reading_raises_the_same_case(bench: Bench) -> None:
    bench.says(vibration=4.4).passes(SECOND).says(vibration=9)
    assert bench.changes() == [Change.OPENED, Change.SEVERITY_RAISED]
    assert bench.case().severity is Severity.CRITICAL


def test_an_acknowledged_case_ends_when_the_reading_is_back(bench: Bench) -> None:
    case = bench.says(vibration=5).case()
    bench.asks("acknowledge", case.id).passes(MINUTE).says()
    assert bench.changes() == [Change.OPENED, Change.ACKNOWLEDGED, Change.RETURNED]
    assert bench.case().state is AlertState.NORMAL
    assert bench.words("k1").startswith("yes: acknowledged")


def test_a_command_sent_twice_is_done_once(bench: Bench) -> None:
    case = bench.says(vibration=5).case()
    bench.asks("note", case.id, "k").asks("note", case.id, "k").scored()
    bench.restart().asks("note", case.id, "k")
    assert bench.changes() == [Change.OPENED, Change.NOTE]
    assert bench.words("k") == "yes: noted"


def test_a_refused_command_is_answered(bench: Bench) -> None:
    case = bench.says(vibration=5).case()
    bench.asks("end", case.id, "k1").asks("acknowledge", case.id, "k2", version=9)
    assert bench.words("k1").startswith("no: the condition is still there")
    assert bench.words("k2").startswith("no: the case has changed")
    assert bench.changes() == [Change.OPENED]


def test_a_repair_ends_the_case_and_what_persists_opens_a_new_one(bench: Bench) -> None:
    first = bench.says(vibration=5).case()
    bench.passes(MINUTE).mends()
    assert bench.case().state is AlertState.NORMAL
    second = bench.passes(MINUTE).says(vibration=5).case()
    assert second.id != first.id
    assert bench.casefile.work(P1)[0].note == "new bearing"
    assert bench.words("w1") == "yes: recorded"


def test_work_sent_twice_is_recorded_once(bench: Bench) -> None:
    bench.mends().mends().scored().restart().mends().scored()
    assert len(bench.casefile.work(P1)) == 1


def test_work_on_an_unknown_asset_is_refused(bench: Bench) -> None:
    assert bench.mends("site/hall/p9").words("w1") == "no: there is no asset site/hall/p9"
    assert bench.casefile.work() == ()


def test_work_dated_before_a_case_leaves_its_rule_on(bench: Bench) -> None:
    bench.says(vibration=5).passes(HOUR).mends(ago=2 * HOUR)
    assert bench.changes() == [Change.OPENED, Change.WORK_RECORDED]
    bench.says(vibration=2)
    assert bench.case().state is AlertState.RETURNED


def test_a_late_reading_is_counted_and_not_scored(bench: Bench) -> None:
    bench.says().says(at=bench.now - SECOND, vibration=9)
    assert bench.changes() == []
    assert bench.status().counts == {"scored": 1, "late": 1}


def test_a_duplicate_is_counted_and_not_scored_again(bench: Bench) -> None:
    bench.says().says(vibration=9)
    assert bench.changes() == []
    assert bench.status().counts == {"scored": 1, "duplicate": 1}


def test_channels_of_one_moment_may_come_one_by_one(bench: Bench) -> None:
    at = bench.now
    bench.block(Reading(P1, at, {"speed": 1500.0}), channels=("speed",))
    bench.block(Reading(P1, at, {"vibration": 5.0}), channels=("vibration",))
    assert bench.changes() == [Change.OPENED]


def test_columns_in_another_order_are_understood(bench: Bench) -> None:
    names = ("vibration", "mystery", "speed")
    values = {"speed": 1500.0, "vibration": 5.0, "mystery": 1.0}
    bench.block(Reading(P1, bench.now, values), channels=names)
    assert bench.changes() == [Change.OPENED]
    assert bench.status().counts == {"scored": 1, "unknown channel": 1}


def test_a_value_that_its_source_calls_bad_is_not_scored(bench: Bench) -> None:
    bench.marks(P1, {"vibration": Quality.BAD}, vibration=9)
    assert bench.changes() == []
    assert bench.status().counts["bad quality"] == 1
    bench.passes(SECOND).marks(P1, {"vibration": Quality.UNCERTAIN}, vibration=9)
    assert bench.changes() == [Change.OPENED]


def test_a_sensor_that_its_device_calls_bad_has_a_case_in_words(bench: Bench) -> None:
    bench.says(vibration=2.0)
    for _ in range(20):
        bench.passes(MINUTE).marks(P1, {"vibration": Quality.BAD}, vibration=7)
    case = bench.case("sensor:vibration")
    assert (case.rules, case.state) == (("bad",), AlertState.UNACKNOWLEDGED)
    assert case.title == "Pump 1: sensor not believable, vibration velocity is bad"
    assert case.summary == (
        "Vibration velocity is bad, as the device itself says; its last good value was 2 mm/s. "
        "The machine is judged without it."
    )
    assert bench.restart().passes(MINUTE).says().changes("sensor:vibration") == [
        Change.OPENED,
        Change.RETURNED,
    ]
    assert bench.status().counts == {"scored": 22, "bad quality": 20}


def test_a_sensor_that_was_never_good_says_so(bench: Bench) -> None:
    for _ in range(20):
        bench.passes(MINUTE).marks(P1, {"temperature": Quality.BAD})
    assert "it has had no good value yet" in bench.case("sensor:temperature").summary


def test_a_channel_that_is_called_bad_in_a_message_of_its_own_is_counted_once() -> None:
    bench = Bench(plant(1))
    for _ in range(20):
        bench.passes(MINUTE).block(Reading(P1, bench.now, {"speed": 1500.0}))
        for _ in range(2):
            bench.block(Reading(P1, bench.now, {"vibration": 9.0}, {"vibration": Quality.BAD}))
    assert bench.changes("sensor:vibration") == [Change.OPENED]
    assert bench.status().counts == {"scored": 40, "duplicate": 20, "bad quality": 40}


def test_an_uncertain_value_is_scored_and_not_learned() -> None:
    learned = NamedDetector("pattern", MewmaSettings(learn=LearnSettings(rows=40, min_rows=40)))
    good, doubtful = (Bench(plant(1, pump_class(detectors=(learned,), rules=()))) for _ in range(2))
    for _ in range(40):
        good.passes(MINUTE).says()
        doubtful.passes(MINUTE).marks(P1, {"temperature": Quality.UNCERTAIN})
    assert (good.passes(MINUTE).says().status().judged, good.status().why) == (True, "")
    assert doubtful.status().why == "learning 0 %"
    assert doubtful.status().counts == {"scored": 40, "uncertain quality": 40}


def test_rules_that_come_on_with_one_reading_are_one_event(bench: Bench) -> None:
    bench.says(vibration=9)
    assert bench.changes() == [Change.OPENED]
    case = bench.case()
    assert case.severity is Severity.CRITICAL
    assert set(case.rules) == set(case.active) == {"vibration high", "vibration very high"}
    bench.passes(SECOND).says(vibration=2)
    assert bench.changes() == [Change.OPENED, Change.RETURNED]


def test_a_retained_message_says_nothing_about_now(bench: Bench) -> None:
    bench.block(bench.row(P1, vibration=9), retained=True).scored()
    assert bench.changes() == []
    assert bench.status().counts == {"retained": 1}
    assert not bench.status().judged


def test_an_asset_or_class_that_is_not_in_the_plant_is_left_out(bench: Bench) -> None:
    other = plant(5)
    elsewhere = Story(other, bench.journal)
    elsewhere.says("site/hall/p5", vibration=9)
    wrong = plant(1, pump_class(name="fan"))
    Story(wrong, bench.journal).says(vibration=9)
    assert bench.scored().casefile.events(0) == ()


def test_many_readings_of_one_asset_in_a_batch_are_scored_in_order(bench: Bench) -> None:
    rows = [bench.row(P1, bench.now + k * SECOND, vibration=v) for k, v in enumerate([2, 5, 2, 5])]
    bench.block(*rows)
    assert bench.changes() == [Change.OPENED, Change.RETURNED, Change.CAME_BACK]


def test_a_machine_that_stands_is_not_judged(bench: Bench) -> None:
    bench.says(speed=0, vibration=9)
    assert bench.changes() == []
    status = bench.status()
    assert (status.mode, status.judged, status.why) == ("off", False, "off")


def test_an_asset_that_falls_silent_cannot_be_judged(bench: Bench) -> None:
    bench.all_say().ticks(50)
    for _ in range(60):
        bench.ticks(1).says(P1)
    bench.ticks(1)
    cases = [alert for _, alert in bench.steps("data")]
    assert [case.asset for case in cases] == [P2, "site/hall/p3"]
    assert cases[0].title == "Pump 2: cannot judge, no data since 2023-11-15 03:13 PKT"
    assert (bench.status(P2).judged, bench.status(P2).why) == (False, "no data")
    bench.says(P2)
    assert bench.changes("data")[-1] is Change.RETURNED
    assert bench.status(P2).judged


def test_an_asset_that_was_never_heard_cannot_be_judged_either(bench: Bench) -> None:
    bench.ticks(91)
    assert len(bench.steps("data")) == 3
    assert "never been heard" in bench.case("data").title


def test_silence_is_not_held_against_assets_while_the_link_is_down(bench: Bench) -> None:
    bench.all_say().link(Link.DISCONNECTED, "refused").ticks(200, connected=False)
    assert bench.steps("data") == []
    assert bench.case("link").asset == SERVICE_ASSET
    bench.ticks(1)
    assert bench.case("link").state is AlertState.RETURNED


def test_a_pause_of_the_service_is_not_silence(bench: Bench) -> None:
    bench.all_say().ticks(1).passes(20 * HOUR).ticks(10)
    assert bench.steps("data") == []


def test_a_clock_that_steps_breaks_nothing(bench: Bench) -> None:
    bench.all_say().ticks(3).passes(-5 * HOUR).ticks(3).all_say().passes(9 * HOUR).ticks(3)
    ((_, case),) = bench.all_say().scored().casefile.events(0)
    assert case.title == "The clock of this box stepped back"
    assert bench.status().counts == {"scored": 3}


def test_an_asset_whose_clock_came_back_from_the_future_is_judged_again(bench: Bench) -> None:
    future = bench.now + 100 * HOUR
    bench.says(at=future).passes(MINUTE).says(vibration=5)
    assert bench.changes() == [Change.OPENED]
    assert bench.case("data").title == "The clock of Pump 1 jumped"


def test_refused_messages_are_a_case(bench: Bench) -> None:
    bench.refuses(P1, Reason.TOO_EARLY, 30)
    assert bench.case("data").title == "The clock of Pump 1 cannot be trusted"


def test_a_lost_session_and_a_standing_note_are_told(bench: Bench) -> None:
    bench.link(Link.SESSION_LOST).ticks(1, notes=(("disk full", "No room."),))
    assert bench.case("session").asset == SERVICE_ASSET
    assert bench.case("note:disk full").summary == "No room."


def test_an_entry_that_cannot_be_read_is_told_and_passed_over(bench: Bench) -> None:
    bench.journal.append([Draft(bench.now, Kind.TICK, b"\xff"), Draft(0, Kind.READINGS, b"\x90")])
    bench.says(vibration=5)
    assert bench.changes() == [Change.OPENED]
    assert bench.changes("note:journal") == [Change.OPENED]


def test_a_backlog_is_scored_at_its_time_and_told_when_it_is_caught_up(bench: Bench) -> None:
    old = bench.now - HOUR
    bench.says(at=old, vibration=5)
    (step, case), *_ = bench.steps()
    assert step.catching_up
    assert case.held
    assert case.opened_at == old
    assert bench.casefile.pending("mqtt") == ()
    bench.says(at=old + MINUTE, vibration=9).says(vibration=9).scored()
    (notice,) = bench.casefile.pending("mqtt")
    assert notice.alert.severity is Severity.CRITICAL
    assert not bench.case().held


def test_a_backlog_that_runs_dry_is_caught_up_by_ticks(bench: Bench) -> None:
    bench.says(at=bench.now - HOUR, vibration=5).ticks(1).scored()
    assert bench.casefile.pending("mqtt") == ()
    bench.ticks(1).scored()
    assert len(bench.casefile.pending("mqtt")) == 1


def test_what_was_true_only_in_the_backlog_is_told_as_it_stands(bench: Bench) -> None:
    old = bench.now - HOUR
    bench.says(at=old, vibration=5).says(at=old + MINUTE, vibration=2).says().scored()
    (notice,) = bench.casefile.pending("mqtt")
    assert notice.alert.state is AlertState.RETURNED


def test_a_stuck_sensor_is_a_case_of_its_own(bench: Bench) -> None:
    for _ in range(100):
        bench.passes(5 * MINUTE).says()
    for _ in range(80):
        bench.passes(5 * MINUTE).says(temperature=51.25)
    case = bench.case("sensor:temperature")
    assert case.title == "Pump 1: sensor not believable, bearing temperature stands still"
    assert "51.2 °C" in case.summary
    assert bench.steps() == []
    bench.passes(5 * MINUTE).says()
    assert bench.changes("sensor:temperature") == [Change.OPENED, Change.RETURNED]


def test_a_repair_renews_the_trust_in_a_sensor(bench: Bench) -> None:
    for k in range(200):
        frozen = {"temperature": 51.25} if k >= 100 else {}
        bench.passes(5 * MINUTE).says(**frozen)
    bench.mends(work=Work.REPLACED)
    assert bench.case("sensor:temperature").state is AlertState.NORMAL
    bench.passes(5 * MINUTE).says()
    assert bench.changes("sensor:temperature") == [Change.OPENED, Change.WORK_RECORDED]


def test_a_rule_that_is_taken_away_lets_its_case_return(bench: Bench) -> None:
    bench.says(vibration=9).scored()
    rules = bench.plant.classes["pump"].rules
    smaller = plant(3, pump_class(rules=rules[:1]))
    bench.restart(smaller).revises().scored()
    assert bench.case().active == ("vibration high",)
    bench.restart(plant(3, pump_class(rules=()))).revises()
    assert bench.case().state is AlertState.RETURNED
    assert "no longer watched" in bench.steps()[-1][0].why


def test_a_revision_leaves_what_stands_as_it_is(bench: Bench) -> None:
    bench.says(vibration=9).refuses(P1, Reason.TOO_EARLY, 30).link(Link.TAKEN_OVER)
    bench.ticks(100, connected=False, notes=(("disk full", "x"),)).scored()
    before = len(bench.casefile.events(0))
    bench.restart().revises().scored()
    assert len(bench.casefile.events(0)) == before


def test_an_asset_that_is_new_in_the_plant_is_scored_beside_the_old(bench: Bench) -> None:
    bench.says(vibration=5).scored()
    bench.plant = plant(5)
    bench.restart().revises().says("site/hall/p5", vibration=5).passes(SECOND).says(P1)
    assert bench.changes() == [Change.OPENED, Change.OPENED, Change.RETURNED]


def test_thinned_scores_are_kept(bench: Bench) -> None:
    for vibration in (2.0, 3.0, 1.0):
        bench.passes(MINUTE).says(vibration=vibration)
    columns = bench.scored().casefile.conditions(P1, ["score:zones"], 0, bench.now + 1)
    assert columns.at.tolist() == [bench.now - 2 * MINUTE, bench.now - MINUTE]
    assert columns.values.tolist() == [[0.5], [0.75]]


def test_a_rule_with_delay_speaks_only_after_it() -> None:
    rule = RuleSpec("slow", "zones", on_delay=10 * MINUTE)
    bench = Bench(plant(1, pump_class(rules=(rule,))))
    for _ in range(12):
        bench.passes(MINUTE).says(vibration=5)
    assert bench.case().opened_at == bench.now - MINUTE


@pytest.mark.parametrize("bare", [{"rules": ()}, {"rules": (), "detectors": ()}])
def test_machines_of_a_class_without_rules_are_heard_and_raise_nothing(
    bare: dict[str, tuple[()]],
) -> None:
    bench = Bench(plant(asset_class=pump_class(**bare)))
    for _ in range(3):
        bench.passes(10 * SECOND).all_say().ticks(1)
    assert bench.scored().casefile.events(0) == ()
    assert bench.status().counts == {"scored": 3}
