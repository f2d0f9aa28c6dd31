"""What every part of the feed is given: the ports, the settings and who may come in."""

from __future__ import annotations

from dataclasses import dataclass

from core.casefile import CaseFile
from core.clock import Clock
from core.drilled import Drills
from core.history import TelemetryHistory
from core.journal import Journal
from core.plant import Plant
from core.proposal import Proposals
from service.auth import Doorkeeper
from service.desk import Desk
from service.plotter import Plotter
from service.pulse import Pulse
from service.settings import FeedSettings
from service.stream import Hub


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
    pulse: Pulse
    proposals: Proposals | None = None
    drills: Drills | None = None

    def heartbeats(self) -> dict[str, float]:
        """Tell for each thread of this process how many seconds ago it last got somewhere."""
        return {"events": self.hub.age()} | self.pulse.heartbeats()

    def behind(self) -> int:
        """Count the journal entries that scoring has yet to take in."""
        return self.pulse.behind()
