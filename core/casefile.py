"""The port to what scoring leaves behind: cases, events, notices, checkpoints.

One `commit` holds everything that an advance of scoring changed, together with its journal
position, so that a crash falls between two commits and never inside one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.alert import Alert, AlertPage, AlertQuery, Notice, Transition
from core.clock import Instant
from core.history import Columns
from core.life import LifeEstimate
from core.work import WorkEvent

LIFE = "life:"
"""What the names of kept estimates of remaining life begin with, before their failure mode."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: taken, or refused with the reason."""

    command: str
    accepted: bool
    words: str
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How one asset stands: what the page shows on its line.

    `judged` is false while the asset cannot be judged; `why` then says it. `at` is the event
    time of its last reading, `arrived` when that came in. `counts` are duplicates, late, ….
    `quiet` tells that it sends only what changes, and that what it said still holds. `others` are
    its lives in further failure modes than that of `life`, which ends soonest. `judging` tells that
    its last work is still to be judged.
    """

    asset: str
    at: Instant | None
    arrived: Instant | None
    mode: str
    judged: bool
    why: str
    score: float | None
    health: float | None
    life: LifeEstimate | None = None
    counts: dict[str, int] = field(default_factory=dict)
    quiet: bool = False
    others: tuple[LifeEstimate, ...] = ()
    judging: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One thinned row of an asset's scores: the worst within its step of event time."""

    asset: str
    at: Instant
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Advance:
    """Everything that one step of scoring changed, up to and with journal entry `position`.

    `alerts` hold the newest form of each changed case. `released` are transitions of held cases
    whose backlog has ended. `checkpoint` maps a part's name to its state, an empty one removes it.
    """

    position: int
    alerts: tuple[Alert, ...] = ()
    transitions: tuple[Transition, ...] = ()
    notices: tuple[Notice, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    work: tuple[WorkEvent, ...] = ()
    statuses: tuple[Status, ...] = ()
    conditions: tuple[Condition, ...] = ()
    checkpoint: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saved:
    """Where scoring stood when it last committed."""

    position: int
    alerts: tuple[Alert, ...]
    checkpoint: dict[str, bytes]


class CaseFile(Protocol):
    """Keeps cases. One writer (scoring), many readers, also from other processes."""

    def commit(self, advance: Advance) -> None:
        """Store an advance in one transaction; `Unavailable` when the disk is full."""
        ...

    def load(self) -> Saved:
        """Return what a restart needs: position, open cases, the last checkpoint of each part."""
        ...

    def alerts(self, query: AlertQuery) -> AlertPage:
        """List cases, open first, then by severity and newest first."""
        ...

    def alert(self, alert_id: str) -> Alert | None:
        """Find one case."""
        ...

    def transitions(self, alert_id: str) -> tuple[Transition, ...]:
        """Return the whole history of a case, oldest first."""
        ...

    def events(self, after: int, limit: int = 500) -> tuple[tuple[Transition, Alert], ...]:
        """Return transitions with ids above `after`, each with its case as it now stands."""
        ...

    def last_event(self) -> int:
        """Return the id of the newest transition, 0 where there is none."""
        ...

    def outcome(self, command_id: str) -> Outcome | None:
        """Tell what became of a command; None while scoring has not reached it."""
        ...

    def work(self, asset: str | None = None, limit: int = 100) -> tuple[WorkEvent, ...]:
        """List recorded work, newest first."""
        ...

    def statuses(self) -> tuple[Status, ...]:
        """Return how every asset stands, by id."""
        ...

    def conditions(
        self, asset: str, names: Sequence[str], start: Instant, stop: Instant
    ) -> Columns:
        """Read thinned scores as columns, one per name."""
        ...

    def conditions_beyond(
        self, marks: Mapping[str, Mapping[str, Instant]], limit: int
    ) -> tuple[Condition, ...]:
        """Return thinned scores newer than the marks (asset, then name), oldest first of each kind.

        What has no mark comes from its beginning; at most `limit`.
        """
        ...

    def pending(self, notifier: str, limit: int = 100) -> tuple[Notice, ...]:
        """Return notices not yet sent by a notifier, oldest first."""
        ...

    def sent(self, notice_ids: Sequence[int]) -> None:
        """Note that notices have gone out."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
