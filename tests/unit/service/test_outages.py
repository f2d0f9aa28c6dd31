from __future__ import annotations

from core.alert import AlertState, Change
from core.clock import HOUR, MINUTE, SECOND
from core.journal import Link, LinkChanged, RejectionsSeen, Tick
from core.plant import SERVICE_ASSET, Severity
from core.rejection import Reason
from service.finding import Finding
from service.outages import Outages
from tests.bench import Bench
from tests.plants import plant

P1 = "site/hall/p1"


def ticks(outages: Outages, start: int, count: int, tick: Tick) -> list[Finding]:
    return [
        finding for k in range(count) for finding in outages.tick(start + k * 10 * SECOND, tick)[1]
    ]


def test_the_time_between_two_ticks_is_at_most_three_intervals_and_never_negative() -> None:
    outages = Outages(plant())
    spans = [outages.tick(at * SECOND, Tick(True))[0] for at in (100, 110, 1000, 500, 510)]
    assert spans == [0, 10 * SECOND, 30 * SECOND, 0, 10 * SECOND]


def test_a_link_that_is_down_for_more_than_a_minute_is_a_case_until_it_is_back() -> None:
    outages = Outages(plant())
    outages.changed(0, LinkChanged(Link.DISCONNECTED, "keep alive timed out"))
    assert ticks(outages, 0, 7, Tick(False)) == []
    (begun,) = ticks(outages, 70 * SECOND, 3, Tick(False))
    assert (begun.asset, begun.group, begun.on) == (SERVICE_ASSET, "link", True)
    assert "keep alive timed out" in begun.summary
    (ended,) = ticks(outages, 100 * SECOND, 3, Tick(True))
    assert (ended.group, ended.rule, ended.on) == ("link", begun.rule, False)


def test_a_short_interruption_is_no_case() -> None:
    outages = Outages(plant())
    for k in range(10):
        assert ticks(outages, k * 100 * SECOND, 5, Tick(False)) == []
        assert ticks(outages, (k * 100 + 50) * SECOND, 5, Tick(True)) == []


def test_a_lost_session_is_told_and_returns_by_itself() -> None:
    outages = Outages(plant())
    (begun,) = outages.changed(0, LinkChanged(Link.SESSION_LOST, "after a restart"))
    assert (begun.asset, begun.group, begun.rule) == (SERVICE_ASSET, "session", "session lost")
    assert "after a restart" in begun.summary
    findings = ticks(outages, 0, 100, Tick(True))
    assert [(found.rule, found.on) for found in findings] == [("session lost", False)]
    assert findings[0].at == 10 * MINUTE


def test_each_loss_of_a_session_is_told_in_the_case_of_the_first() -> None:
    bench = Bench(plant(1)).ticks(3)
    for loss in ("first", "second", "third"):
        bench.link(Link.SESSION_LOST, loss).ticks(12)
    bench.link(Link.TAKEN_OVER, "by a twin").link(Link.TAKEN_OVER, "and again")
    words = [(step.change, step.why.split(": ")[-1]) for step, _ in bench.steps("session")]
    assert words == [
        (Change.OPENED, "first"),
        (Change.CAME_BACK, "second"),
        (Change.CAME_BACK, "third"),
        (Change.RULE_ADDED, "by a twin"),
    ]
    assert len({alert.id for _, alert in bench.steps("session")}) == 1
    assert len(bench.casefile.pending("mqtt", 100)) == 4, "a twin that fights on is told once"


def test_a_loss_after_an_acknowledged_one_wants_to_be_acknowledged_too() -> None:
    bench = Bench(plant(1)).link(Link.SESSION_LOST).ticks(1)
    bench.asks("acknowledge", bench.case("session").id).link(Link.SESSION_LOST).ticks(1)
    case = bench.case("session")
    assert (case.state, case.acknowledged_by) == (AlertState.UNACKNOWLEDGED, "")
    bench.ticks(70)
    assert bench.case("session").state is AlertState.RETURNED


def test_a_takeover_is_named() -> None:
    (begun,) = Outages(plant()).changed(0, LinkChanged(Link.TAKEN_OVER))
    assert "client id" in begun.summary


def test_connecting_is_no_trouble() -> None:
    assert Outages(plant()).changed(0, LinkChanged(Link.CONNECTED)) == []


def test_a_standing_note_is_a_case_while_it_is_reported() -> None:
    outages = Outages(plant())
    full = Tick(True, notes=(("journal 80 %", "The journal is full in 3 hours."),))
    (begun,) = ticks(outages, 0, 3, full)
    assert (begun.group, begun.title) == ("note:journal 80 %", "Journal 80 %")
    assert begun.summary == "The journal is full in 3 hours."
    assert outages.standing() == {(SERVICE_ASSET, "note:journal 80 %", "journal 80 %")}
    (ended,) = ticks(outages, MINUTE, 1, Tick(True))
    assert not ended.on


def test_many_messages_refused_for_their_time_are_a_case_about_the_clock() -> None:
    outages = Outages(plant())
    assert outages.refused(0, [RejectionsSeen(P1, Reason.TOO_EARLY, 9)]) == []
    (begun,) = outages.refused(1, [RejectionsSeen(P1, Reason.BAD_TIME, 1)])
    assert (begun.asset, begun.group, begun.rule) == (P1, "data", "clock")
    assert begun.title == "The clock of Pump 1 cannot be trusted"
    assert outages.refused(2, [RejectionsSeen(P1, Reason.TOO_EARLY, 9)]) == []
    (ended,) = ticks(outages, 0, 400, Tick(True))
    assert (ended.at, ended.on) == (HOUR, False)


def test_a_few_refusals_an_hour_are_no_case() -> None:
    outages = Outages(plant())
    for hour in range(50):
        assert outages.refused(hour * HOUR, [RejectionsSeen(P1, Reason.OUT_OF_RANGE, 19)]) == []


def test_sustained_refusals_name_their_reason() -> None:
    outages = Outages(plant())
    (begun,) = outages.refused(0, [RejectionsSeen(P1, Reason.UNKNOWN_CHANNEL, 20)])
    assert begun.title == "Messages of Pump 1 are refused"
    assert "20 messages within an hour were refused: unknown channel." in begun.summary


def test_messages_of_unknown_origin_are_told_mildly() -> None:
    seen = RejectionsSeen("plant/x/y", Reason.UNKNOWN_ASSET, 30)
    (begun,) = Outages(plant()).refused(0, [seen])
    assert (begun.asset, begun.severity) == (SERVICE_ASSET, Severity.INFO)
    assert "plant/x/y" in begun.summary


def test_outages_go_on_where_they_were_saved() -> None:
    first, second = Outages(plant()), Outages(plant())
    first.changed(0, LinkChanged(Link.SESSION_LOST))
    first.refused(0, [RejectionsSeen(P1, Reason.TOO_OLD, 7)])
    ticks(first, 0, 8, Tick(False, notes=(("disk full", "x"),)))
    second.restore(first.save())
    assert second.save() == first.save()
    assert second.standing() == first.standing()
    later = 80 * SECOND
    assert ticks(second, later, 90, Tick(True)) == ticks(first, later, 90, Tick(True))


def test_the_words_of_a_standing_note_stay_current_and_tell_nobody() -> None:
    bench = Bench(plant(1))
    bench.ticks(1, notes=(("history unavailable", "5 readings wait"),))
    bench.ticks(3, notes=(("history unavailable", "9 readings wait"),))
    case = bench.case("note:history unavailable")
    assert (case.title, case.summary) == ("History unavailable", "9 readings wait")
    assert (case.version, bench.changes("note:history unavailable")) == (1, [Change.OPENED])
    assert len(bench.casefile.pending("mqtt", 100)) == 1
    bench.restart().ticks(1, notes=(("history unavailable", "catching up"),))
    assert bench.case("note:history unavailable").summary == "Catching up"
    bench.ticks(3)
    (_, (ended, case)) = bench.steps("note:history unavailable")
    assert (ended.change, ended.why) == (Change.RETURNED, "everything that waited is stored")
    assert case.summary == "Catching up"


def test_what_ingest_said_stands_while_serve_ticks_in_its_place() -> None:
    silent = Tick(False, "serve", notes=(("ingest silent", "x"),))
    away = Tick(True, notes=(("history unavailable", "y"),))
    outages = Outages(plant())
    begun = ticks(outages, 0, 2, away)
    begun += ticks(outages, 20 * SECOND, 20, silent)
    assert [(found.rule, found.on) for found in begun] == [
        ("history unavailable", True),
        ("ingest silent", True),
    ]
    back = ticks(outages, 220 * SECOND, 2, away)
    assert [(found.rule, found.on) for found in back] == [("ingest silent", False)]
    (over,) = ticks(outages, 240 * SECOND, 2, Tick(True))
    assert (over.rule, over.on) == ("history unavailable", False)
