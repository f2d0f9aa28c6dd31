"""The alert book under any order of events: what must hold whatever happens."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.alert import Alert, AlertState, Change, Transition
from core.journal import Command
from core.plant import Severity
from core.work import Work, WorkEvent
from service.alertbook import AlertBook, Move
from service.finding import Finding, mended_by_work

ASSETS = ("a", "b")
GROUPS = ("machine", "sensor:x", "data")
RULES = {"r": Severity.WARNING, "s": Severity.WARNING, "t": Severity.CRITICAL}
Event = Finding | Command | WorkEvent


def fold(book: AlertBook, event: Event, at: int) -> Move:
    if isinstance(event, Finding):
        return book.find(event)
    if isinstance(event, WorkEvent):
        return book.record(event)
    return book.obey(event, at)


class BookMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = AlertBook()
        self.now = 0
        self.events: list[tuple[Event, int]] = []
        self.history: dict[str, list[Transition]] = {}
        self.alerts: dict[str, Alert] = {}
        self.on: set[tuple[str, str, str]] = set()

    def happens(self, event: Event) -> Move:
        before = self.book
        move = fold(self.book, event, self.now)
        self.events.append((event, self.now))
        for alert, step in move.steps:
            if step is not None:
                self.check(before, alert, step, event)
                self.history.setdefault(alert.id, []).append(step)
            else:
                assert alert.version == self.alerts[alert.id].version
            self.alerts[alert.id] = alert
        self.book = move.book
        return move

    def check(self, before: AlertBook, alert: Alert, step: Transition, event: Event) -> None:
        past = self.history.get(alert.id, [])
        assert step.before == (past[-1].after if past else None)
        assert step.version == len(past) + 1 == alert.version
        assert step.after is alert.state
        assert step.by
        assert step.why
        if step.after is AlertState.NORMAL and not isinstance(event, WorkEvent):
            left = set(before.cases[alert.id].active)
            if isinstance(event, Finding):
                left -= {event.rule}
            assert not left, "a case ended while its condition was there"
            assert alert.acknowledged_by

    @rule(
        asset=st.sampled_from(ASSETS),
        group=st.sampled_from(GROUPS),
        name=st.sampled_from(sorted(RULES)),
        on=st.booleans(),
        behind=st.booleans(),
    )
    def finding(self, asset: str, group: str, name: str, on: bool, behind: bool) -> None:
        self.now += 1
        key = (asset, group, name)
        self.on = self.on | {key} if on else self.on - {key}
        title = "t" if on else ""
        self.happens(
            Finding(asset, group, name, on, self.now, RULES[name], title, catching_up=behind)
        )

    @precondition(lambda self: self.alerts)
    @rule(data=st.data(), verb=st.sampled_from(["acknowledge", "end", "note"]), stale=st.booleans())
    def command(self, data: st.DataObject, verb: str, stale: bool) -> None:
        alert = self.alerts[data.draw(st.sampled_from(sorted(self.alerts)))]
        version = alert.version - 1 if stale else alert.version
        asked = Command(f"c{len(self.events)}", verb, alert.id, "Ayesha", version=version)
        move = self.happens(asked)
        assert move.outcome is not None
        assert move.outcome.accepted == bool(move.steps)
        if stale or not alert.state.is_open:
            assert not move.outcome.accepted
        if verb == "end" and alert.state.is_active:
            assert not move.outcome.accepted

    @rule(asset=st.sampled_from(ASSETS), work=st.sampled_from(Work), ago=st.integers(0, 3))
    def work(self, asset: str, work: Work, ago: int) -> None:
        move = self.happens(WorkEvent(asset, self.now - ago, work, "Bilal"))
        for alert, step in move.steps:
            assert mended_by_work(alert.group)
            assert step is not None
            assert step.change is Change.WORK_RECORDED
            if not alert.state.is_open:
                self.on = {key for key in self.on if key[:2] != (asset, alert.group)}

    @invariant()
    def one_open_case_for_one_trouble(self) -> None:
        keys = [(case.asset, case.group) for case in self.book.cases.values()]
        assert len(keys) == len(set(keys))
        assert all(case.state.is_open for case in self.book.cases.values())

    @invariant()
    def a_condition_that_is_there_stands_in_the_book(self) -> None:
        active = {
            (case.asset, case.group, name)
            for case in self.book.cases.values()
            for name in case.active
        }
        assert active == self.on
        for case in self.book.cases.values():
            assert bool(case.active) == case.state.is_active

    @invariant()
    def the_newest_form_of_every_open_case_was_given_out(self) -> None:
        for case in self.book.cases.values():
            assert self.alerts[case.id] == case

    def teardown(self) -> None:
        book = AlertBook()
        for event, at in self.events:
            book = fold(book, event, at).book
        assert book == self.book
        reopened = AlertBook.of(self.book.cases.values(), self.book.last)
        assert reopened == self.book


BookMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
test_the_alert_book_keeps_its_promises = BookMachine.TestCase
