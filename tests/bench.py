"""A bench for scoring: a story whose every word is scored."""

from __future__ import annotations

import threading

from core.alert import Alert, Change, Transition
from core.casefile import Status
from core.plant import Plant
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.story import Story

P1, P2 = "site/hall/p1", "site/hall/p2"


class Bench(Story):
    """A story with scoring behind it."""

    def __init__(self, plant: Plant, notifiers: tuple[str, ...] = ("mqtt",)) -> None:
        super().__init__(plant, MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.notifiers = notifiers
        self.scoring = Scoring(plant, self.journal, self.casefile, notifiers)

    def scored(self) -> Bench:
        while self.scoring.step():
            pass
        return self

    def restart(self, plant: Plant | None = None) -> Bench:
        self.scoring = Scoring(plant or self.plant, self.journal, self.casefile, self.notifiers)
        return self

    def steps(self, group: str = "machine") -> list[tuple[Transition, Alert]]:
        events = self.scored().casefile.events(0)
        return [(step, alert) for step, alert in events if alert.group == group]

    def changes(self, group: str = "machine") -> list[Change]:
        return [step.change for step, _ in self.steps(group)]

    def case(self, group: str = "machine") -> Alert:
        """The newest case of a group."""
        alert = self.scored().casefile.alert(self.steps(group)[-1][1].id)
        assert alert is not None
        return alert

    def status(self, asset: str = P1) -> Status:
        (found,) = [s for s in self.scored().casefile.statuses() if s.asset == asset]
        return found

    def words(self, key: str) -> str:
        outcome = self.scored().casefile.outcome(key)
        assert outcome is not None
        return f"{'yes' if outcome.accepted else 'no'}: {outcome.words}"


def running(bench: Bench, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=lambda: bench.scoring.run(stop, idle=0.001), daemon=True)
    thread.start()
    return thread
