"""What the feed told of the service's own troubles, held against what really was.

A trouble that lasts must be told once at its start and once at its end; one that is over at once
may be passed over, but never told twice, and nothing may be told that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.alert import AlertQuery, AlertState, Change, Transition
from core.clock import SECOND
from core.plant import SERVICE_ASSET
from storage.casefile_sqlite import SqliteCaseFile

Span: TypeAlias = tuple[float, float]
"""From when to when, in seconds since 1970; without an end up to infinity."""

_BEGINS = frozenset({Change.OPENED, Change.CAME_BACK})
_ENDS = frozenset({Change.RETURNED, Change.ENDED})
_BEFORE = 1.0
_FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class State:
    """One kind of trouble: the group of its cases, and from how many seconds on it must be told.

    It may be told up to `grace` seconds after its end, where it could not be said before.
    """

    name: str
    group: str
    must: float
    grace: float = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often a state was and was told: `real` that had to be told, of these `once`.

    `begun` and `ended` count all that was told, `baseless` those without any cause.
    """

    state: State
    real: int
    once: int
    begun: int
    ended: int
    baseless: int


def told(data: Path) -> dict[str, list[Span]]:
    """Read from the cases when each trouble of the service was told to begin and to end."""
    cases = SqliteCaseFile(data / "cases.db")
    try:
        query = AlertQuery(states=frozenset(AlertState), limit=100_000)
        found: dict[str, list[Span]] = {}
        for alert in cases.alerts(query).alerts:
            if alert.asset == SERVICE_ASSET:
                found.setdefault(alert.group, []).extend(spans(cases.transitions(alert.id)))
    finally:
        cases.close()
    return {group: sorted(each) for group, each in found.items()}


def spans(steps: Sequence[Transition]) -> list[Span]:
    """Pair the steps of a case that tell a beginning with those that tell an end."""
    found: list[Span] = []
    for step in steps:
        at = step.at / SECOND
        if step.change in _BEGINS:
            found.append((at, _FOR_EVER))
        elif step.change in _ENDS and found and found[-1][1] == _FOR_EVER:
            found[-1] = (found[-1][0], at)
    return found


def judge(state: State, real: Sequence[Span], seen: Sequence[Span]) -> Verdict:
    """Hold what was told against what was."""
    long = [span for span in real if span[1] - span[0] > state.must]
    once = sum(
        sum(begun <= end and ended >= begin + state.must for begun, ended in seen) == 1
        for begin, end in long
    )
    baseless = sum(
        not any(begin - _BEFORE <= begun <= end + state.grace for begin, end in real)
        for begun, _ in seen
    )
    ends = sum(ended < _FOR_EVER for _, ended in seen)
    return Verdict(state, len(long), once, len(seen), ends, baseless)
