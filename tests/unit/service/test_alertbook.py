from __future__ import annotations

from core.alert import Alert, AlertState, Change, Transition
from core.journal import Command
from core.plant import Severity
from core.work import Work, WorkEvent
from service.alertbook import AlertBook, Move, case_id
from service.finding import Finding

PUMP = "site/hall/p1"


def found(
    rule: str = "high", at: int = 10, severity: Severity = Severity.WARNING, *, on: bool = True
) -> Finding:
    title = f"{rule} at {at}" if on else ""
    return Finding(PUMP, "machine", rule, on, at, severity, title, title)


def ask(verb: str, case: Alert, by: str = "Ayesha", version: int | None = None) -> Command:
    return Command(f"{verb}-{case.version}", verb, case.id, by, "seen", version)


def after(*findings: Finding, book: AlertBook | None = None) -> tuple[AlertBook, Alert]:
    book = book or AlertBook()
    for finding in findings:
        book = book.find(finding).book
    (case,) = book.cases.values()
    return book, case


def only(move: Move) -> tuple[Alert, Transition]:
    ((alert, step),) = move.steps
    assert step is not None
    return alert, step


def refusal(move: Move) -> str:
    assert move.outcome is not None
    assert not move.outcome.accepted
    assert move.steps == ()
    return move.outcome.words


def test_a_finding_opens_one_case() -> None:
    alert, step = only(AlertBook().find(found()))
    assert alert.state is AlertState.UNACKNOWLEDGED
    assert (step.change, step.before, step.after) == (Change.OPENED, None, alert.state)
    assert (step.by, step.version, alert.version) == ("millwright", 1, 1)
    assert alert.id == case_id(PUMP, "machine", 10)


def test_a_second_rule_of_the_same_trouble_joins_the_case() -> None:
    book, case = after(found())
    alert, step = only(book.find(found("pattern", 20)))
    assert alert.id == case.id
    assert step.change is Change.RULE_ADDED
    assert alert.rules == alert.active == ("high", "pattern")
    assert alert.state is AlertState.UNACKNOWLEDGED


def test_a_rule_that_joins_leaves_an_acknowledgement_standing() -> None:
    book, case = after(found())
    book = book.obey(ask("acknowledge", case), 15).book
    alert, _ = only(book.find(found("pattern", 20)))
    assert alert.state is AlertState.ACKNOWLEDGED


def test_the_same_finding_again_changes_nothing() -> None:
    book, _ = after(found())
    assert book.find(found(at=20)).steps == ()


def test_a_rule_that_flickers_under_another_is_not_told() -> None:
    book, _ = after(found(), found("pattern", 20))
    move = book.find(found("pattern", 30, on=False))
    ((alert, step),) = move.steps
    assert step is None
    assert alert.active == ("high",)
    ((alert, step),) = move.book.find(found("pattern", 40)).steps
    assert step is None
    assert alert.active == ("high", "pattern")


def test_a_raised_severity_needs_a_new_acknowledgement() -> None:
    book, case = after(found())
    book = book.obey(ask("acknowledge", case), 15).book
    alert, step = only(book.find(found("very high", 20, Severity.CRITICAL)))
    assert step.change is Change.SEVERITY_RAISED
    assert (step.before, step.after) == (AlertState.ACKNOWLEDGED, AlertState.UNACKNOWLEDGED)
    assert (alert.severity, alert.acknowledged_by) == (Severity.CRITICAL, "")
    assert alert.title == "very high at 20"


def test_a_milder_rule_keeps_the_title_of_the_graver_one() -> None:
    book, _ = after(found("very high", 10, Severity.CRITICAL))
    alert, step = only(book.find(found("high", 20)))
    assert step.change is Change.RULE_ADDED
    assert alert.title == "very high at 10"
    assert alert.severity is Severity.CRITICAL


def test_a_case_returns_only_when_its_last_rule_has_gone() -> None:
    book, _ = after(found(), found("pattern", 20), found("high", 30, on=False))
    alert, step = only(book.find(found("pattern", 40, on=False)))
    assert step.change is Change.RETURNED
    assert (alert.state, alert.returned_at) == (AlertState.RETURNED, 40)


def test_a_returned_case_ends_when_it_is_acknowledged() -> None:
    book, case = after(found(), found(at=20, on=False))
    move = book.obey(ask("acknowledge", case), 30)
    alert, step = only(move)
    assert (step.change, step.after, step.by) == (
        Change.ACKNOWLEDGED,
        AlertState.NORMAL,
        "Ayesha",
    )
    assert (alert.ended_at, alert.returned_at) == (30, 20)
    assert move.book.cases == {}


def test_an_acknowledged_case_ends_when_its_condition_returns() -> None:
    book, case = after(found())
    book = book.obey(ask("acknowledge", case), 15).book
    alert, step = only(book.find(found(at=20, on=False)))
    assert (step.change, step.after) == (Change.RETURNED, AlertState.NORMAL)
    assert (alert.returned_at, alert.ended_at) == (20, 20)


def test_a_returned_case_comes_back_as_the_same_case() -> None:
    book, case = after(found(), found(at=20, on=False))
    alert, step = only(book.find(found(at=30)))
    assert (alert.id, alert.state) == (case.id, AlertState.UNACKNOWLEDGED)
    assert step.change is Change.CAME_BACK
    assert alert.returned_at is None


def test_a_trouble_that_begins_after_its_case_ended_is_a_new_case() -> None:
    book, case = after(found(), found(at=20, on=False))
    book = book.obey(ask("acknowledge", case), 25).book
    alert, step = only(book.find(found(at=30)))
    assert alert.id != case.id
    assert step.change is Change.OPENED


def test_a_case_that_begins_at_the_moment_of_the_one_before_has_its_own_id() -> None:
    book, case = after(found())
    book = book.record(WorkEvent(PUMP, 10, Work.REPAIRED, "Bilal")).book
    alert, _ = only(book.find(found(at=10)))
    assert alert.id != case.id


def test_ending_an_active_case_is_refused_with_the_reason() -> None:
    book, case = after(found())
    assert "condition is still there" in refusal(book.obey(ask("end", case), 20))
    acknowledged = book.obey(ask("acknowledge", case), 20).book
    assert "condition is still there" in refusal(acknowledged.obey(ask("end", case), 20))


def test_a_returned_case_can_be_ended() -> None:
    book, case = after(found(), found(at=20, on=False))
    _, step = only(book.obey(ask("end", case), 30))
    assert (step.change, step.after) == (Change.ENDED, AlertState.NORMAL)


def test_a_command_about_an_older_version_is_refused() -> None:
    book, case = after(found(), found("pattern", 20))
    assert "look again" in refusal(book.obey(ask("acknowledge", case, version=1), 30))
    assert book.obey(ask("acknowledge", case, version=2), 30).steps


def test_commands_that_make_no_sense_are_refused_in_words() -> None:
    book, case = after(found())
    assert "known: acknowledge, end, note" in refusal(book.obey(ask("shout", case), 20))
    assert "who you are" in refusal(book.obey(ask("acknowledge", case, by=""), 20))
    lost = Command("c", "acknowledge", "nothing", "Ayesha")
    assert refusal(book.obey(lost, 20)) == "there is no open case nothing"
    book = book.obey(ask("acknowledge", case), 20).book
    assert "already acknowledged by Ayesha" in refusal(book.obey(ask("acknowledge", case), 30))
    ended = book.find(found(at=40, on=False)).book
    assert refusal(ended.obey(ask("acknowledge", case), 50)) == "this case has ended"


def test_a_note_is_kept_and_changes_no_state() -> None:
    book, case = after(found())
    alert, step = only(book.obey(ask("note", case), 20))
    assert (step.change, step.before, step.after) == (Change.NOTE, case.state, case.state)
    assert (step.why, alert.version) == ("seen", 2)


def test_a_repair_ends_every_case_that_it_can_mend() -> None:
    book, _ = after(found())
    book = book.find(Finding(PUMP, "sensor:speed", "stuck", True, 20)).book
    book = book.find(Finding(PUMP, "data", "silent", True, 20)).book
    book = book.find(Finding("site/hall/p2", "machine", "high", True, 20)).book
    move = book.record(WorkEvent(PUMP, 30, Work.REPAIRED, "Bilal", "new bearing"))
    assert {alert.group for alert, _ in move.steps} == {"machine", "sensor:speed"}
    assert all(step and step.change is Change.WORK_RECORDED for _, step in move.steps)
    assert all(alert.ended_at == 30 and alert.active == () for alert, _ in move.steps)
    assert {(case.asset, case.group) for case in move.book.cases.values()} == {
        (PUMP, "data"),
        ("site/hall/p2", "machine"),
    }
    assert "new bearing" in only(Move(book, move.steps[:1]))[1].why


def test_an_inspection_acknowledges() -> None:
    book, _ = after(found())
    alert, step = only(book.record(WorkEvent(PUMP, 30, Work.INSPECTED, "Bilal")))
    assert (alert.state, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "Bilal")
    assert step.by == "Bilal"
    returned = book.find(found(at=20, on=False)).book
    alert, _ = only(returned.record(WorkEvent(PUMP, 30, Work.INSPECTED, "Bilal")))
    assert alert.state is AlertState.NORMAL


def test_work_done_before_a_case_began_does_not_end_it() -> None:
    book, case = after(found(at=100))
    alert, step = only(book.record(WorkEvent(PUMP, 50, Work.REPLACED, "Bilal")))
    assert alert.state is case.state
    assert "stays open" in step.why
    assert alert.acknowledged_by == ""


def test_a_finding_while_catching_up_is_flagged_and_held() -> None:
    late = Finding(PUMP, "machine", "high", True, 10, catching_up=True)
    alert, step = only(AlertBook().find(late))
    assert alert.held
    assert step.catching_up


def test_a_condition_that_goes_off_without_a_case_is_nothing() -> None:
    book = AlertBook()
    assert book.find(found(on=False)) == Move(book)


def test_a_book_is_opened_again_with_its_open_cases() -> None:
    _, case = after(found())
    again = AlertBook.of([case], {})
    assert again.case(PUMP, "machine") == case
    assert again.find(found(at=20)).steps == ()
