from __future__ import annotations

from core.alert import Alert, Change, Notice
from core.journal import Command
from core.plant import Severity
from core.work import Work, WorkEvent
from models.repair_verdict import Repair, RepairVerdict
from service.alertbook import AlertBook, Move
from service.finding import Finding, RepairJudged
from service.holding import Holding

RULES = {"r": Severity.WARNING, "t": Severity.CRITICAL}


class Desk:
    """A book and what is told of it."""

    def __init__(self) -> None:
        self.book = AlertBook()
        self.holding = Holding(("mqtt", "mail"))
        self.alerts: dict[str, Alert] = {}

    def take(self, move: Move) -> list[Notice]:
        self.book = move.book
        self.alerts |= {alert.id: alert for alert, _ in move.steps}
        return self.holding.pass_on(move.steps)

    def find(self, at: int, rule: str = "r", *, on: bool = True, behind: bool) -> list[Notice]:
        return self.take(
            self.book.find(
                Finding("a", "machine", rule, on, at, RULES[rule], "t", catching_up=behind)
            )
        )

    def acknowledge(self) -> list[Notice]:
        (case,) = self.book.cases.values()
        return self.take(self.book.obey(Command("c", "acknowledge", case.id, "Ayesha"), 99))

    def judge(self, at: int, *, behind: bool) -> list[Notice]:
        (case,) = self.alerts.values()
        said = RepairVerdict(Repair.PARTLY, 0.8, 0.4, 0.5, 0.9)
        repair = RepairJudged("a", "wear", 5, at, said, 12, catching_up=behind)
        return self.take(self.book.judge([case], repair, "restored"))

    def caught_up(self, asset: str = "a") -> list[Notice]:
        self.book, steps, notices = self.holding.release(asset, self.book, self.alerts.get)
        self.alerts |= {alert.id: alert for alert, _ in steps}
        return notices


def test_each_notifier_is_told_once_of_each_transition() -> None:
    notices = Desk().find(1, behind=False)
    (case_id,) = {notice.alert.id for notice in notices}
    assert [(n.notifier, n.dedup_key) for n in notices] == [
        ("mqtt", f"mqtt:{case_id}:1"),
        ("mail", f"mail:{case_id}:1"),
    ]


def test_a_case_of_a_backlog_goes_out_in_its_newest_form_once_caught_up() -> None:
    desk = Desk()
    assert desk.find(1, behind=True) == []
    assert desk.find(2, "t", behind=True) == []
    assert desk.caught_up("b") == []
    first, _ = desk.caught_up()
    assert (first.transition.version, first.alert.severity) == (2, Severity.CRITICAL)
    assert not first.alert.held
    assert not desk.book.cases[first.alert.id].held
    assert desk.caught_up() == []


def test_a_person_who_acts_on_a_held_case_does_not_break_the_hold() -> None:
    desk = Desk()
    desk.find(1, behind=True)
    assert desk.acknowledge() == []
    assert desk.caught_up()[0].alert.acknowledged_by == "Ayesha"


def test_a_case_that_ended_while_held_is_never_told() -> None:
    desk = Desk()
    desk.find(1, behind=True)
    desk.acknowledge()
    assert desk.find(2, on=False, behind=True) == []
    assert desk.book.cases == {}
    assert desk.caught_up() == []


def test_a_case_that_was_told_before_is_told_to_have_ended() -> None:
    desk = Desk()
    desk.find(1, behind=False)
    desk.acknowledge()
    assert desk.find(2, on=False, behind=True) == []
    notice, _ = desk.caught_up()
    assert not notice.alert.state.is_open
    assert desk.holding.told == set()


def test_what_work_came_to_is_held_while_catching_up_and_told_of_the_case_that_has_ended() -> None:
    desk = Desk()
    desk.find(1, behind=False)
    assert desk.take(desk.book.record(WorkEvent("a", 5, Work.REPAIRED, "Bilal")))
    assert desk.judge(9, behind=True) == []
    told = desk.caught_up()
    assert [notice.transition.change for notice in told] == [Change.REPAIR_JUDGED] * 2
    assert all(not notice.alert.held and notice.transition.catching_up for notice in told)
    assert not any(case.held for case in desk.alerts.values())
    assert desk.judge(12, behind=False)


def test_what_work_came_to_is_not_told_of_a_case_that_nobody_was_told_of() -> None:
    desk = Desk()
    desk.find(1, behind=True)
    assert desk.take(desk.book.record(WorkEvent("a", 5, Work.REPAIRED, "Bilal"))) == []
    assert desk.judge(9, behind=True) == []
    assert desk.caught_up() == []
