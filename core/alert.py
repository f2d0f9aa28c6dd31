"""Alerts: the case that a person handles, its states, evidence and history."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.clock import Instant
from core.life import CannotSay, LifeEstimate
from core.plant import Severity


class AlertState(StrEnum):
    """The states of ISA-18.2 (IEC 62682) that a case moves through."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    NORMAL = "normal"

    @property
    def is_open(self) -> bool:
        """Whether the case still stands in the feed."""
        return self is not AlertState.NORMAL

    @property
    def is_active(self) -> bool:
        """Whether the condition is still there."""
        return self in {AlertState.UNACKNOWLEDGED, AlertState.ACKNOWLEDGED}


class Change(StrEnum):
    """Why an alert moved."""

    OPENED = "opened"
    RULE_ADDED = "rule added"
    SEVERITY_RAISED = "severity raised"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    CAME_BACK = "came back"
    ENDED = "ended"
    WORK_RECORDED = "work recorded"
    NOTE = "note"
    REPAIR_JUDGED = "repair judged"


@dataclass(frozen=True, slots=True)
class ChannelEvidence:
    """One channel at the moment of judgement: measured against the expected band.

    `share` is its part of the blame, 0 to 1. All values are in `unit`. `kind` is a
    `core.deviation.Kind`, empty where its course has no name; `direction` is 1 where its level has
    moved up, -1 down; `since` is about when that began. `usual` is the band of healthy running at
    that moment, where `low` and `high` are given lines.
    """

    channel: str
    label: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    share: float
    kind: str = ""
    direction: int = 0
    since: Instant | None = None
    usual: tuple[float | None, float | None] = (None, None)

    @property
    def outside(self) -> bool:
        """Whether the measured value lies outside of its band."""
        if self.value is None:
            return False
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


@dataclass(frozen=True, slots=True)
class FailureMatch:
    """How well a known failure mode fits what is seen, 0 to 1.

    `shown` are the channels (as people know them) that go as it says, `missing` those that do not.
    """

    name: str
    title: str
    fit: float
    shown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case rests on, at the event time `at`.

    `candidates` are the titles of the failure modes that fit best, `matches` all that fit at all.
    `kind` is that of the whole trouble, a `core.deviation.Kind` or empty.
    """

    at: Instant
    detector: str
    score: float | None
    channels: tuple[ChannelEvidence, ...] = ()
    mode: str = ""
    confidence: str = ""
    candidates: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    life: LifeEstimate | CannotSay | None = None
    kind: str = ""
    matches: tuple[FailureMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One open or past case. Its identity is (asset, group): one open case for one trouble.

    `opened_at`, `returned_at`, `ended_at` are event times. `version` grows with each transition
    and guards against acting on a stale page. `active` names the rules that hold now, `rules` all
    that ever took part. `held` is true while its notices wait for a backlog to be caught up.
    `origin` names the site that judges it, where that is not here.
    """

    id: str
    asset: str
    group: str
    severity: Severity
    state: AlertState
    title: str
    summary: str
    opened_at: Instant
    changed_at: Instant
    rules: tuple[str, ...]
    active: tuple[str, ...]
    evidence: Evidence
    version: int = 1
    acknowledged_by: str = ""
    returned_at: Instant | None = None
    ended_at: Instant | None = None
    held: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a case: who, when and why.

    `id` is given by the store, counts up without gaps in commit order, and is the id of the
    event stream. `at` is event time.
    """

    alert: str
    version: int
    at: Instant
    change: Change
    before: AlertState | None
    after: AlertState
    by: str
    why: str
    severity: Severity
    catching_up: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one case to one channel; equal `dedup_key`s are the same message."""

    notifier: str
    dedup_key: str
    alert: Alert
    transition: Transition
    id: int = 0


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts to list. `cursor` is opaque and comes from the page before."""

    states: frozenset[AlertState] = field(default_factory=frozenset)
    asset: str | None = None
    site: str | None = None
    group: str | None = None
    severity: Severity | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Some alerts, open and most urgent first, and where the next page begins."""

    alerts: tuple[Alert, ...]
    cursor: str | None
