"""The pulse: what the event stream says while nothing happens, so that silence has a meaning."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.casefile import CaseFile
from core.clock import SECOND, Clock, iso
from core.errors import Unavailable
from core.journal import Journal

MOST_AGES = 500
"""So many assets at most are told in one heartbeat, those with the oldest data first."""


class IngestStatusLike(Protocol):
    """What the feed tells of ingest, where it runs in this process."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        ...

    @property
    def heartbeats(self) -> Mapping[str, float]:
        """Seconds since each thread last got somewhere."""
        ...


class ScoringLike(Protocol):
    """What the feed tells of scoring, where it runs in this process."""

    @property
    def position(self) -> int:
        """The journal entry up to which everything is scored."""
        ...

    @property
    def heartbeat(self) -> float:
        """When it last got somewhere, on the monotonic clock."""
        ...


@dataclass(frozen=True, slots=True)
class Pulse:
    """Looks at what no event tells: the age of each asset's data, the broker, the backlog."""

    casefile: CaseFile
    journal: Journal
    clock: Clock
    ingest_status: Callable[[], IngestStatusLike] | None = None
    scoring: ScoringLike | None = None

    def connected(self) -> bool | None:
        """Tell whether the broker is there; None where ingest runs in another process."""
        return None if self.ingest_status is None else self.ingest_status().connected

    def behind(self) -> int:
        """Count the journal entries that scoring has yet to take in."""
        last = self.journal.last_id()
        if self.scoring is not None:
            return max(0, last - self.scoring.position)
        return max(0, last - self.journal.marks().get("scoring", 0))

    def heartbeats(self) -> dict[str, float]:
        """Tell for each thread of this process how many seconds ago it last got somewhere."""
        ages: dict[str, float] = {}
        if self.ingest_status is not None:
            ages |= self.ingest_status().heartbeats
        if self.scoring is not None:
            ages["scoring"] = max(0.0, time.monotonic() - self.scoring.heartbeat)
        return ages

    def beat(self) -> str:
        """Write a heartbeat as JSON; what cannot be looked up now is null."""
        return json.dumps(
            {
                "now": iso(self.clock()),
                "connected": self.connected(),
                "behind": _or_none(self.behind),
                "age_seconds": _or_none(self._ages),
            },
            separators=(",", ":"),
        )

    def _ages(self) -> dict[str, float]:
        now = self.clock()
        heard = [(one.at, one.asset) for one in self.casefile.statuses() if one.at is not None]
        heard.sort()
        return {asset: round((now - at) / SECOND, 1) for at, asset in heard[:MOST_AGES]}


def _or_none(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Unavailable:
        return None
