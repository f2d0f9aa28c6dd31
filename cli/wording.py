"""How cases and their steps read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.alert import Alert, Transition
from core.clock import Instant, iso
from core.plant import Plant

if TYPE_CHECKING:
    from service.repair_record import Entry


def words_of(alert: Alert, plant: Plant) -> list[str]:
    """Say a case in plain words, one line each."""
    from service.words import describe

    said = describe(alert, plant)
    return [
        f"{said.title}  [{alert.severity}, {alert.state}]  id {alert.id}",
        f"  since: {said.since}",
        *(f"  {line}" for line in said.channels),
        f"  how sure: {said.certainty}",
        f"  how long it can wait: {said.wait}",
        *([f"  wait or act: {said.advice}"] if said.advice else []),
        *(f"  do: {action}" for action in said.actions),
    ]


def history_lines(transitions: Iterable[Transition]) -> list[str]:
    """Write the steps of a case, oldest first."""
    return [
        f"{iso(step.at)}  {step.change}  {step.before or 'new'} -> {step.after}  "
        f"by {step.by}: {step.why}"
        for step in transitions
    ]


def alert_row(alert: Alert) -> dict[str, Any]:
    """Put one case into a row."""
    return {
        "id": alert.id,
        "severity": str(alert.severity),
        "state": str(alert.state),
        "asset": alert.asset,
        "group": alert.group,
        "since": iso(alert.opened_at),
        "title": alert.title,
        "summary": alert.summary,
        "version": alert.version,
    }


def rank_row(alert: Alert, plant: Plant, now: Instant) -> dict[str, Any]:
    """Put one case into a row of the ranking by cost, with the words of its advice."""
    from service.advice import advised, in_words
    from service.advice_body import advice

    words = in_words(advised(alert, plant, now))
    return alert_row(alert) | {"words": words, "advice": advice(alert, plant, now)}


def work_row(entry: Entry) -> dict[str, Any]:
    """Put one work into a row, with what it came to in words and in numbers."""
    row = asdict(entry.work) | {"at": iso(entry.work.at), "work": str(entry.work.work)}
    said = " ".join(f"{one.words.rstrip('.')}." for one in entry.verdicts)
    verdicts = [one.body() for one in entry.verdicts]
    came_to = said or ("not judged yet" if entry.waits else "")
    return row | {"came_to": came_to, "verdicts": verdicts}


def event_row(step: Transition, alert: Alert) -> dict[str, Any]:
    """Put one event into a row; `line` is its readable form."""
    row = {
        "id": step.id,
        "at": iso(step.at),
        "change": str(step.change),
        "alert": alert.id,
        "asset": alert.asset,
        "group": alert.group,
        "severity": str(step.severity),
        "state": str(step.after),
        "by": step.by,
        "why": step.why,
        "title": alert.title,
        "summary": alert.summary,
        "catching_up": step.catching_up,
    }
    line = f"{row['at']}  {row['severity']:<8}  {row['change']:<12}  {alert.asset}: {alert.summary}"
    return row | {"line": line}
