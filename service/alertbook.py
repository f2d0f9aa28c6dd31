"""The alert book: a pure state machine that folds findings, commands and work into cases.

A book never changes: each event gives a `Move` with the next book and what changed on the way.
The states are those of ISA-18.2. A case ends when its condition has returned and a person has
acknowledged it, in either order, or by recorded work; nothing else ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from core.alert import Alert, AlertState, Change, Evidence, Transition
from core.casefile import Outcome
from core.clock import Instant
from core.journal import Command
from core.work import Work, WorkEvent
from models.repair_verdict import RepairVerdict
from service.finding import REPAIR, Finding, RepairJudged, mended_by_work

MILLWRIGHT = "millwright"
"""Who acts where no person does."""

Key = tuple[str, str]
Step = tuple[Alert, Transition | None]

_UNACKNOWLEDGED = AlertState.UNACKNOWLEDGED
_ACKNOWLEDGED = AlertState.ACKNOWLEDGED
_RETURNED = AlertState.RETURNED
_NORMAL = AlertState.NORMAL


@dataclass(frozen=True, slots=True)
class Move:
    """What an event did: the next book, each changed case with its transition, and an answer.

    A case without a transition changed in a detail that nobody needs to be told.
    """

    book: AlertBook
    steps: tuple[Step, ...] = ()
    outcome: Outcome | None = None


def case_id(asset: str, group: str, opened_at: Instant, before: str = "") -> str:
    """Name a case by what it is about and when it began, the same in every replay.

    `before` is the id of the case of the same trouble that ended last; it matters only where two
    would begin at the same moment.
    """
    name = f"{asset}\n{group}\n{opened_at}"
    found = blake2b(name.encode(), digest_size=8).hexdigest()
    if found != before:
        return found
    return blake2b(f"{name}\n{before}".encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class AlertBook:
    """All open cases by id, and for each trouble the id of its last case."""

    cases: Mapping[str, Alert] = field(default_factory=lambda: MappingProxyType({}))
    last: Mapping[Key, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, alerts: Iterable[Alert], last: Mapping[Key, str] | None = None) -> AlertBook:
        """Open a book with the cases that stood open before."""
        cases = {alert.id: alert for alert in alerts if alert.state.is_open}
        ids = {(alert.asset, alert.group): alert.id for alert in cases.values()}
        return cls(cases, {**(last or {}), **ids})

    def case(self, asset: str, group: str) -> Alert | None:
        """Find the open case of one trouble."""
        return self.cases.get(self.last.get((asset, group), ""))

    def find(self, finding: Finding) -> Move:
        """Fold in a finding."""
        case = self.case(finding.asset, finding.group)
        if finding.renewed:
            return self._reworded(case, finding)
        if finding.on:
            return self._opened(finding) if case is None else self._risen(case, finding)
        if case is None or finding.rule not in case.active:
            return Move(self)
        return self._fallen(case, finding)

    def obey(self, command: Command, at: Instant) -> Move:
        """Do what a person asked, or refuse with the reason."""
        case = self.cases.get(command.alert)
        refusal = _refusal(command, case, ended=command.alert in self.last.values())
        if case is None or refusal:
            return Move(self, outcome=Outcome(command.id, False, refusal, command.alert))
        why = command.note or f"{command.verb} by {command.by}"
        changes, change, words = _answer(command, case)
        move = self._moved(case, at, change, by=command.by, why=why, **changes)
        return replace(move, outcome=Outcome(command.id, True, words, case.id))

    def record(self, work: WorkEvent) -> Move:
        """Note work on an asset's open cases; repair and replacement end those it can mend."""
        book, steps = self, list[Step]()
        for case in sorted(self.cases.values(), key=lambda alert: alert.id):
            if case.asset == work.asset and mended_by_work(case.group) and _meant(case, work):
                state, why = _after_work(case, work)
                by = work.by if state is not _UNACKNOWLEDGED else ""
                move = book._moved(
                    case,
                    work.at,
                    Change.WORK_RECORDED,
                    by=work.by,
                    why=why,
                    state=state,
                    acknowledged_by=case.acknowledged_by or by,
                )
                book = move.book
                steps.extend(move.steps)
        return Move(book, tuple(steps))

    def judge(self, last: Iterable[Alert | None], repair: RepairJudged, why: str) -> Move:
        """Say with cases that work has ended, each the last of its trouble, what that came to.

        That it cannot be said is no news to send anybody.
        """
        told = isinstance(repair.said, RepairVerdict)
        steps = list[Step]()
        for case in last if told else ():
            if case is not None and not case.state.is_open and case.ended_at == repair.work_at:
                late = repair.catching_up
                alert = replace(case, version=case.version + 1, changed_at=repair.at, held=late)
                step = _transition(case.state, alert, Change.REPAIR_JUDGED, MILLWRIGHT, why)
                steps.append((alert, replace(step, catching_up=late)))
        return Move(self, tuple(steps))

    def _opened(self, finding: Finding) -> Move:
        key = (finding.asset, finding.group)
        alert = Alert(
            id=case_id(*key, finding.at, self.last.get(key, "")),
            asset=finding.asset,
            group=finding.group,
            severity=finding.severity,
            state=_UNACKNOWLEDGED,
            title=finding.title,
            summary=finding.summary,
            opened_at=finding.at,
            changed_at=finding.at,
            rules=(finding.rule,),
            active=(finding.rule,),
            evidence=finding.evidence or Evidence(finding.at, finding.rule, None),
            held=finding.catching_up,
        )
        step = _transition(None, alert, Change.OPENED, MILLWRIGHT, finding.why or finding.title)
        book = AlertBook({**self.cases, alert.id: alert}, {**self.last, key: alert.id})
        return Move(book, ((alert, replace(step, catching_up=finding.catching_up)),))

    def _risen(self, case: Alert, finding: Finding) -> Move:
        raised = finding.severity.rank > case.severity.rank
        news: dict[str, Any] = {
            "active": _with(case.active, finding.rule),
            "rules": _with(case.rules, finding.rule),
        }
        # What happens again has come back, though it was still counted as there.
        came_back = not case.state.is_active or (finding.passing and finding.rule in case.active)
        # Rules that come on with one reading are one event, told by the gravest of them.
        together = finding.at == case.changed_at and not (raised or came_back)
        if together or not (raised or came_back or finding.rule not in case.rules):
            changed = replace(case, **news)
            return Move(self) if changed == case else self._touched(changed)
        news["evidence"] = _joined(case.evidence, finding.evidence)
        if raised or came_back:
            news |= {"state": _UNACKNOWLEDGED, "acknowledged_by": "", "returned_at": None}
        if raised or finding.severity is case.severity:
            news |= {"title": finding.title, "summary": finding.summary}
        if raised:
            news["severity"] = finding.severity
        change = Change.RULE_ADDED
        if came_back:
            change = Change.CAME_BACK
        elif raised:
            change = Change.SEVERITY_RAISED
        return self._by_finding(case, finding, change, news)

    def _reworded(self, case: Alert | None, finding: Finding) -> Move:
        """Keep the words of a standing case as they are now; that is nothing to tell anybody."""
        if case is None or finding.rule not in case.active:
            return Move(self)
        return self._touched(replace(case, summary=finding.summary))

    def _fallen(self, case: Alert, finding: Finding) -> Move:
        active = tuple(rule for rule in case.active if rule != finding.rule)
        if active:
            return self._touched(replace(case, active=active))
        state = _NORMAL if case.state is _ACKNOWLEDGED else _RETURNED
        news = {"active": (), "state": state, "returned_at": finding.at}
        return self._by_finding(case, finding, Change.RETURNED, news)

    def _by_finding(
        self, case: Alert, finding: Finding, change: Change, news: dict[str, Any]
    ) -> Move:
        if news.get("evidence") is None:
            news.pop("evidence", None)
        why = finding.why or (finding.title if finding.on else "the condition has returned")
        if finding.catching_up:
            news["held"] = True
        return self._moved(
            case,
            finding.at,
            change,
            by=MILLWRIGHT,
            why=why,
            catching_up=finding.catching_up,
            **news,
        )

    def _moved(
        self,
        case: Alert,
        at: Instant,
        change: Change,
        *,
        by: str,
        why: str,
        catching_up: bool = False,
        **news: Any,
    ) -> Move:
        alert = replace(case, version=case.version + 1, changed_at=at, **news)
        if alert.state is _NORMAL:
            alert = replace(alert, ended_at=at, returned_at=alert.returned_at or at, active=())
        step = replace(_transition(case.state, alert, change, by, why), catching_up=catching_up)
        return Move(self._kept(alert), ((alert, step),))

    def _touched(self, alert: Alert) -> Move:
        return Move(self._kept(alert), ((alert, None),))

    def release(self, case: Alert) -> Move:
        """Mark a case as no longer held."""
        return self._touched(replace(case, held=False))

    def _kept(self, alert: Alert) -> AlertBook:
        cases = {**self.cases, alert.id: alert}
        if not alert.state.is_open:
            del cases[alert.id]
        return AlertBook(cases, self.last)


def _with(rules: tuple[str, ...], rule: str) -> tuple[str, ...]:
    return rules if rule in rules else (*rules, rule)


def _transition(
    before: AlertState | None, alert: Alert, change: Change, by: str, why: str
) -> Transition:
    return Transition(
        alert.id,
        alert.version,
        alert.changed_at,
        change,
        before,
        alert.state,
        by,
        why,
        alert.severity,
    )


def _refusal(command: Command, case: Alert | None, *, ended: bool) -> str:
    """Say why a command cannot be done, or nothing."""
    if case is None:
        return "this case has ended" if ended else f"there is no open case {command.alert}"
    return _malformed(command) or _untimely(command, case)


def _malformed(command: Command) -> str:
    if command.verb not in {"acknowledge", "end", "note"}:
        return f"unknown command {command.verb!r}; known: acknowledge, end, note"
    if not command.by:
        return "say who you are: every step of a case is kept with a name"
    return ""


def _untimely(command: Command, case: Alert) -> str:
    if command.version is not None and command.version != case.version:
        return (
            f"the case has changed since you looked (it is at version {case.version}, "
            f"you saw {command.version}); look again"
        )
    if command.verb == "acknowledge" and case.state is _ACKNOWLEDGED:
        return f"already acknowledged by {case.acknowledged_by}"
    if command.verb == "end" and case.state.is_active:
        return (
            "the condition is still there, so the case cannot end; acknowledge it, "
            "or record the work that mended it"
        )
    return ""


def _answer(command: Command, case: Alert) -> tuple[dict[str, Any], Change, str]:
    """Tell what a permitted command changes, and the words for the person."""
    if command.verb == "note":
        return {}, Change.NOTE, "noted"
    news: dict[str, Any] = {"acknowledged_by": command.by}
    if command.verb == "end":
        return news | {"state": _NORMAL}, Change.ENDED, "ended"
    if case.state is _RETURNED:
        words = "acknowledged; the condition had returned, so the case has ended"
        return news | {"state": _NORMAL}, Change.ACKNOWLEDGED, words
    words = "acknowledged; the case stays open until the condition has returned"
    return news | {"state": _ACKNOWLEDGED}, Change.ACKNOWLEDGED, words


def _meant(case: Alert, work: WorkEvent) -> bool:
    """Tell whether work bears on a case; one that an earlier repair left names its failure mode."""
    return case.group != REPAIR or not work.failure_mode or work.failure_mode in case.active


def _after_work(case: Alert, work: WorkEvent) -> tuple[AlertState, str]:
    """Tell the state a case is in once work was recorded, and why."""
    said = f"{work.work} by {work.by}" + (f": {work.note}" if work.note else "")
    if work.at < case.opened_at:
        return case.state, f"{said} (dated before this case began, so it stays open)"
    if work.work is not Work.INSPECTED:
        return _NORMAL, f"{said}; the machine's normal behaviour is learned anew"
    if case.state is _RETURNED:
        return _NORMAL, f"{said}; the condition had returned"
    return _ACKNOWLEDGED, said


def _joined(before: Evidence, now: Evidence | None) -> Evidence | None:
    """Keep the score and the advice that a case rests on where what joins it brings none."""
    if now is None or now.score is not None:
        return now
    now = replace(now, actions=now.actions or before.actions)
    if before.score is None:
        return now
    return replace(before, at=now.at, channels=now.channels, mode=now.mode, actions=now.actions)
