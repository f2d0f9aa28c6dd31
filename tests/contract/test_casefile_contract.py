"""What every file of cases does, whatever it is kept in."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.alert import (
    Alert,
    AlertQuery,
    AlertState,
    Change,
    ChannelEvidence,
    Evidence,
    Notice,
    Transition,
)
from core.casefile import Advance, CaseFile, Condition, Outcome, Status
from core.errors import Refused
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import SERVICE_ASSET, Severity
from core.work import Work, WorkEvent
from storage.casefile_memory import MemoryCaseFile
from storage.casefile_sqlite import SqliteCaseFile

LIFE = LifeEstimate("s/a/p1", 5, "bearing", 0.4, Remaining(1.0, 20.5, math.inf), "threshold 7")
WHOLE = Remaining(1.0, 20.5, 80.0, 25.0, (0.5, 1.0, 3.0, 9.0, 20.5, 40.0, 60.0, 80.0, 95.0))
CANNOT = CannotSay("two failures", "cannot say: two failures seen")
HUGE = base64.urlsafe_b64encode(b'[0,0,99999999999999999999999,"a"]').decode().rstrip("=")
LISTED = frozenset(AlertState)


@pytest.fixture(params=["sqlite", "memory"])
def cases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CaseFile]:
    file: CaseFile
    file = SqliteCaseFile(tmp_path / "c.db") if request.param == "sqlite" else MemoryCaseFile()
    yield file
    file.close()


def an_alert(name: str = "a1", **changes: Any) -> Alert:
    channels = (ChannelEvidence("v", "vibration", "mm/s", 7.1, None, 4.5, 1.0),)
    evidence = Evidence(5, "zones", 1.4, channels, "running", "high", ("bearing",), ("look",), LIFE)
    alert = Alert(
        id=name,
        asset="s/a/p1",
        group="machine",
        severity=Severity.WARNING,
        state=AlertState.UNACKNOWLEDGED,
        title="vibration high",
        summary="it shakes",
        opened_at=10,
        changed_at=10,
        rules=("high",),
        active=("high",),
        evidence=evidence,
    )
    return replace(alert, **changes)


def a_step(alert: Alert, change: Change = Change.OPENED, **changes: Any) -> Transition:
    step = Transition(
        alert.id,
        alert.version,
        alert.changed_at,
        change,
        None,
        alert.state,
        "millwright",
        "it rose",
        alert.severity,
    )
    return replace(step, **changes)


def a_notice(alert: Alert, step: Transition, notifier: str = "mqtt") -> Notice:
    return Notice(notifier, f"{notifier}:{alert.id}:{step.version}", alert, step)


def ids(cases: CaseFile, **query: Any) -> list[str]:
    return [alert.id for alert in cases.alerts(AlertQuery(**query)).alerts]


def test_an_empty_file_says_so(cases: CaseFile) -> None:
    saved = cases.load()
    assert (saved.position, saved.alerts, saved.checkpoint) == (0, (), {})
    assert cases.alerts(AlertQuery()).alerts == ()
    assert cases.alert("a1") is None
    assert cases.last_event() == 0
    assert cases.events(0) == ()
    assert cases.outcome("c1") is None
    assert cases.work() == ()
    assert cases.statuses() == ()
    assert cases.pending("mqtt") == ()
    assert cases.conditions("s/a/p1", ("health",), 0, 9).values.shape == (0, 1)


LIVES = [None, CANNOT, LIFE, replace(LIFE, remaining=CANNOT), replace(LIFE, remaining=WHOLE)]


@pytest.mark.parametrize("life", LIVES)
def test_a_case_comes_back_just_as_it_was(cases: CaseFile, life: Any) -> None:
    alert = an_alert()
    alert = replace(alert, evidence=replace(alert.evidence, life=life), returned_at=12, held=True)
    cases.commit(Advance(1, alerts=(alert,)))
    assert cases.alert("a1") == alert
    assert cases.load().alerts == (alert,)


def test_the_newest_form_of_a_case_replaces_the_one_before(cases: CaseFile) -> None:
    cases.commit(Advance(1, alerts=(an_alert(),)))
    newer = an_alert(state=AlertState.NORMAL, version=2, ended_at=20)
    cases.commit(Advance(2, alerts=(newer,)))
    assert cases.alert("a1") == newer
    saved = cases.load()
    assert (saved.position, saved.alerts) == (2, ())


def test_cases_are_listed_open_then_severe_then_new(cases: CaseFile) -> None:
    closed = AlertState.NORMAL
    cases.commit(
        Advance(
            1,
            alerts=(
                an_alert("old warning", opened_at=1),
                an_alert("new warning", opened_at=2),
                an_alert("closed critical", state=closed, severity=Severity.CRITICAL, opened_at=9),
                an_alert("critical", severity=Severity.CRITICAL, opened_at=1),
                an_alert("info", severity=Severity.INFO, opened_at=9),
                an_alert("b twin", opened_at=1, state=AlertState.RETURNED),
            ),
        )
    )
    order = ["critical", "new warning", "b twin", "old warning", "info", "closed critical"]
    assert ids(cases) == order
    assert ids(cases, states=LISTED) == order


def test_cases_are_found_by_what_they_are_about(cases: CaseFile) -> None:
    cases.commit(
        Advance(
            1,
            alerts=(
                an_alert("a1"),
                an_alert("a2", asset="north/a/p1", group="data"),
                an_alert("a3", severity=Severity.CRITICAL, state=AlertState.ACKNOWLEDGED),
                an_alert("a4", asset=SERVICE_ASSET, group="link"),
            ),
        )
    )
    assert ids(cases, asset="s/a/p1") == ["a3", "a1"]
    assert ids(cases, site="north") == ["a2"]
    assert ids(cases, site=SERVICE_ASSET) == []
    assert ids(cases, group="link") == ["a4"]
    assert ids(cases, severity=Severity.CRITICAL) == ["a3"]
    assert ids(cases, states=frozenset({AlertState.ACKNOWLEDGED})) == ["a3"]
    assert ids(cases, site="s", states=frozenset({AlertState.NORMAL})) == []


def test_pages_join_without_gap_or_double_while_cases_come_in(cases: CaseFile) -> None:
    cases.commit(Advance(1, alerts=tuple(an_alert(f"a{n:02}", opened_at=n) for n in range(20))))
    seen: list[str] = []
    page = cases.alerts(AlertQuery(limit=6))
    position = 1
    while True:
        seen += [alert.id for alert in page.alerts]
        if page.cursor is None:
            break
        position += 1
        cases.commit(Advance(position, alerts=(an_alert(f"new{position}", opened_at=100),)))
        page = cases.alerts(AlertQuery(limit=6, cursor=page.cursor))
    assert seen == [f"a{n:02}" for n in reversed(range(20))]


def test_the_last_page_has_no_cursor(cases: CaseFile) -> None:
    cases.commit(Advance(1, alerts=tuple(an_alert(f"a{n}") for n in range(4))))
    assert cases.alerts(AlertQuery(limit=4)).cursor is None
    assert cases.alerts(AlertQuery(limit=3)).cursor is not None
    assert len(cases.alerts(AlertQuery(limit=0)).alerts) == 1


@pytest.mark.parametrize("cursor", ["", "no", "ünï", "AAAA", "WzEsMl0", HUGE, "x" * 5000])
def test_a_cursor_that_is_none_of_ours_is_refused(cases: CaseFile, cursor: str) -> None:
    with pytest.raises(Refused, match="unknown cursor"):
        cases.alerts(AlertQuery(cursor=cursor))


def test_transitions_get_ids_without_gaps_in_order_of_commit(cases: CaseFile) -> None:
    one, two = an_alert("a1"), an_alert("a2")
    raised = replace(one, version=2, severity=Severity.CRITICAL)
    cases.commit(Advance(1, alerts=(one, two), transitions=(a_step(one), a_step(two))))
    cases.commit(
        Advance(2, alerts=(raised,), transitions=(a_step(raised, Change.SEVERITY_RAISED),))
    )
    assert cases.last_event() == 3
    assert cases.events(0) == (
        (a_step(one, id=1), raised),
        (a_step(two, id=2), two),
        (a_step(raised, Change.SEVERITY_RAISED, id=3), raised),
    )
    assert [step.id for step, _ in cases.events(1, limit=1)] == [2]
    assert [step.id for step in cases.transitions("a1")] == [1, 3]
    assert cases.transitions("a1")[0] == a_step(one, id=1)


def test_the_same_advance_again_doubles_nothing(cases: CaseFile) -> None:
    alert = an_alert()
    step = a_step(alert)
    advance = Advance(
        3,
        alerts=(alert,),
        transitions=(step,),
        notices=(a_notice(alert, step),),
        outcomes=(Outcome("c1", True, "done"),),
        work=(WorkEvent("s/a/p1", 1, Work.INSPECTED, "me"),),
        conditions=(Condition("s/a/p1", 1, "health", 0.5),),
        checkpoint={"a": b"1"},
    )
    cases.commit(advance)
    cases.commit(advance)
    assert cases.last_event() == 1
    assert len(cases.pending("mqtt")) == len(cases.work()) == 1
    assert cases.load().position == 3


def test_the_first_advance_may_stand_at_zero(cases: CaseFile) -> None:
    alert = an_alert()
    cases.commit(Advance(0, alerts=(alert,), transitions=(a_step(alert),)))
    assert cases.last_event() == 1
    cases.commit(Advance(0, alerts=(alert,), transitions=(a_step(alert),)))
    assert cases.last_event() == 1


def test_an_advance_from_before_the_stored_position_is_refused(cases: CaseFile) -> None:
    cases.commit(Advance(5, checkpoint={"a": b"new"}))
    with pytest.raises(Refused, match="cannot go back to 4"):
        cases.commit(Advance(4, checkpoint={"a": b"old"}))
    saved = cases.load()
    assert (saved.position, saved.checkpoint) == (5, {"a": b"new"})


def test_statuses_may_follow_at_the_same_position(cases: CaseFile) -> None:
    status = Status("s/a/p1", 5, 6, "running", True, "", 0.7, 0.9, LIFE, {"late": 2})
    unknown = Status("s/a/p0", None, None, "unknown", False, "no data", None, None)
    cases.commit(Advance(5))
    cases.commit(Advance(5, statuses=(status, unknown)))
    assert cases.statuses() == (unknown, status)
    cannot = replace(status, life=replace(LIFE, remaining=CANNOT))
    cases.commit(Advance(6, statuses=(cannot,)))
    assert cases.statuses() == (unknown, cannot)


def test_each_part_of_the_checkpoint_keeps_its_last_state(cases: CaseFile) -> None:
    cases.commit(Advance(1, checkpoint={"a": b"1", "b": b"\0\xff"}))
    cases.commit(Advance(2, checkpoint={"a": b"2"}))
    assert cases.load().checkpoint == {"a": b"2", "b": b"\0\xff"}
    cases.commit(Advance(3, checkpoint={"a": b"", "never": b""}))
    assert cases.load().checkpoint == {"b": b"\0\xff"}


def test_outcomes_are_found_by_their_command(cases: CaseFile) -> None:
    refused = Outcome("c2", False, "still active", "a1")
    cases.commit(Advance(1, outcomes=(Outcome("c1", True, "done"), refused)))
    assert cases.outcome("c2") == refused


def test_work_is_listed_newest_first_and_once_per_id(cases: CaseFile) -> None:
    def work(at: int, key: str = "", asset: str = "s/a/p1") -> WorkEvent:
        return WorkEvent(asset, at, Work.REPAIRED, "me", "note", "bearing", True, key)

    cases.commit(Advance(1, work=(work(5, "w1"), work(9), work(9, asset="s/a/p2"), work(1))))
    cases.commit(Advance(2, work=(work(5, "w1"), work(7, "w2"), work(7, "w2"))))
    assert [event.at for event in cases.work()] == [9, 9, 7, 5, 1]
    assert cases.work()[0].asset == "s/a/p2"
    assert [event.at for event in cases.work("s/a/p1", limit=2)] == [9, 7]
    assert cases.work("s/a/p1")[1] == work(7, "w2")


def test_thinned_scores_are_read_as_columns(cases: CaseFile) -> None:
    def condition(at: int, value: float, name: str = "health") -> Condition:
        return Condition("s/a/p1", at, name, value)

    cases.commit(
        Advance(
            1,
            conditions=(
                condition(3, 0.3),
                condition(1, 0.9),
                condition(1, 7.0, "score:zones"),
                Condition("s/a/p2", 1, "health", 0.1),
            ),
        )
    )
    cases.commit(Advance(2, conditions=(condition(3, 0.2), condition(9, math.nan))))
    found = cases.conditions("s/a/p1", ("score:zones", "health", "never"), 1, 4)
    assert found.channels == ("score:zones", "health", "never")
    assert found.at.tolist() == [1, 3]
    expected = np.array([[7.0, 0.9, np.nan], [np.nan, 0.2, np.nan]])
    assert np.array_equal(found.values, expected, equal_nan=True)
    assert cases.conditions("s/a/p1", ("health",), 1, 3).at.tolist() == [1]


def test_thinned_scores_beyond_marks_come_oldest_first_of_each_kind(cases: CaseFile) -> None:
    def condition(asset: str, at: int, name: str = "health") -> Condition:
        return Condition(asset, at, name, at / 10)

    assert cases.conditions_beyond({}, 10) == ()
    first = (condition("p1", 3), condition("p1", 1), condition("p1", -2), condition("p2", 2))
    scores = (condition("p1", 4, "score:zones"),)
    cases.commit(Advance(1, conditions=(*first, *scores)))
    found = [(one.asset, one.name, one.at) for one in cases.conditions_beyond({}, 10)]
    of_p1 = [("p1", "health", -2), ("p1", "health", 1), ("p1", "health", 3)]
    assert found == [*of_p1, ("p1", "score:zones", 4), ("p2", "health", 2)]
    marks = {"p1": {"health": 1, "score:zones": 4}, "p3": {"health": 9}}
    found = [(one.asset, one.name, one.at) for one in cases.conditions_beyond(marks, 10)]
    assert found == [("p1", "health", 3), ("p2", "health", 2)]
    assert [one.at for one in cases.conditions_beyond(marks, 1)] == [3]
    assert cases.conditions_beyond(marks, 1)[0].value == 0.3


def test_notices_wait_oldest_first_until_they_are_sent(cases: CaseFile) -> None:
    one, two = an_alert("a1"), an_alert("a2")
    steps = (a_step(one), a_step(two))
    notices = (a_notice(one, steps[0]), a_notice(two, steps[1]), a_notice(one, steps[0], "mail"))
    cases.commit(Advance(1, alerts=(one, two), transitions=steps, notices=notices))
    first, second = cases.pending("mqtt")
    assert first == replace(notices[0], id=first.id, transition=replace(steps[0], id=1))
    assert (second.alert, second.transition.id) == (two, 2)
    assert cases.pending("mqtt", limit=1) == (first,)
    cases.sent([first.id])
    cases.sent([])
    assert cases.pending("mqtt") == (second,)
    assert len(cases.pending("mail")) == 1


def test_a_notice_with_a_known_key_is_not_sent_again(cases: CaseFile) -> None:
    alert = an_alert()
    notice = a_notice(alert, a_step(alert))
    cases.commit(Advance(1, alerts=(alert,), transitions=(a_step(alert),), notices=(notice,)))
    cases.sent([cases.pending("mqtt")[0].id])
    cases.commit(Advance(2, notices=(notice, a_notice(alert, a_step(alert, version=2)))))
    assert [waiting.transition.version for waiting in cases.pending("mqtt")] == [2]


def test_a_notice_released_later_names_its_transition(cases: CaseFile) -> None:
    alert = an_alert(held=True)
    cases.commit(Advance(1, alerts=(alert,), transitions=(a_step(alert, catching_up=True),)))
    other = an_alert("a2")
    cases.commit(Advance(2, alerts=(other,), transitions=(a_step(other),)))
    released = replace(alert, held=False)
    cases.commit(Advance(3, alerts=(released,), notices=(a_notice(released, a_step(alert)),)))
    assert cases.pending("mqtt")[0].transition.id == 1
