"""What every part of the feed is given: the ports, the settings and who may come in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.casefile import CaseFile
from core.clock import Clock
from core.history import TelemetryHistory
from core.journal import Journal
from core.plant import Plant
from service.auth import Doorkeeper
from service.desk import Desk
from service.plotter import Plotter
from service.settings import FeedSettings
from service.stream import Hub


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
class Feed:
    """The parts that requests are answered with."""

    plant: Plant
    casefile: CaseFile
    journal: Journal
    history: TelemetryHistory
    settings: FeedSettings
    clock: Clock
    doorkeeper: Doorkeeper
    desk: Desk
    hub: Hub
    plotter: Plotter
    ingest_status: Callable[[], IngestStatusLike] | None = None
    scoring: ScoringLike | None = None

    def heartbeats(self) -> dict[str, float]:
        """Tell for each thread of this process how many seconds ago it last got somewhere."""
        ages = {"events": self.hub.age()}
        if self.ingest_status is not None:
            ages |= self.ingest_status().heartbeats
        if self.scoring is not None:
            ages["scoring"] = time.monotonic() - self.scoring.heartbeat
        return ages

    def behind(self) -> int:
        """Count the journal entries that scoring has yet to take in."""
        last = self.journal.last_id()
        if self.scoring is not None:
            return max(0, last - self.scoring.position)
        return max(0, last - self.journal.marks().get("scoring", 0))
