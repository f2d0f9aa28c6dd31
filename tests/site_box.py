"""A site over stores in memory, whose forwarder is stepped by hand or runs."""

from __future__ import annotations

import threading
from pathlib import Path

from core import parcel, site
from core.clock import ManualClock
from core.errors import Unavailable
from core.journal import Kind, LinkChanged, Tick, decode, draft
from core.ledger import Line
from core.parcel import Parcel
from core.site import Cases, State
from service.forwarder import Forwarder
from service.positions import PositionFile
from service.settings import ForwardSettings
from storage.casefile_memory import MemoryCaseFile
from storage.settings import JournalSettings
from tests.forwarding import NOW, block
from tests.links import MemoryLink
from tests.stubborn import StubbornJournal

AWAY = Unavailable("no link")


class Site:
    """A site over stores in memory, whose forwarder is stepped by hand."""

    def __init__(self, folder: Path, **settings: object) -> None:
        room = {name: settings.pop(name) for name in ("max_size",) if name in settings}
        self.journal = StubbornJournal(JournalSettings.model_validate(room))
        self.casefile, self.link = MemoryCaseFile(), MemoryLink()
        given = {"site": "lahore", "url": "mqtt://127.0.0.1", **settings}
        self.settings = ForwardSettings.model_validate(given)
        self.file = folder / "forward.json"
        self.lines: tuple[Line, ...] = ()
        self.forwarder = self.made()

    def made(self) -> Forwarder:
        """Start anew with what is on the disk."""
        self.positions = PositionFile(self.file)
        stores = self.journal, self.casefile, self.positions, self.link
        clock = ManualClock(NOW)
        return Forwarder(self.settings, *stores, clock, lambda: self.lines)

    def says(self, *names: str) -> None:
        self.journal.append([draft(NOW, block(name)) for name in names])

    def ticks(self, count: int = 1) -> None:
        self.journal.append([draft(NOW, Tick(connected=True))] * count)

    def step(self) -> bool:
        return self.forwarder.step()

    def parcels(self) -> list[Parcel]:
        return [
            parcel.unpack(body, NOW)
            for topic, body in self.link.arrived
            if topic == "millwright/sites/lahore/readings"
        ]

    def spans(self) -> list[tuple[int, int]]:
        return [(each.first, each.last) for each in self.parcels()]

    def cases(self) -> list[Cases]:
        bodies = [body for topic, body in self.link.arrived if topic.endswith("cases")]
        return [site.unpack(body, Cases) for body in bodies]

    def states(self) -> list[State]:
        bodies = [body for topic, body in self.link.arrived if topic.endswith("state")]
        return [site.unpack(body, State) for body in bodies]

    def told(self) -> list[LinkChanged]:
        found = [decode(entry) for entry in self.journal.read(0, 9999) if entry.kind is Kind.LINK]
        return [each for each in found if isinstance(each, LinkChanged)]


def run(lahore: Site) -> tuple[threading.Event, threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=lahore.forwarder.run, args=(stop,), daemon=True)
    thread.start()
    return stop, thread
