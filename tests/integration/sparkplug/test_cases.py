"""From Sparkplug messages to cases: what operators see of nodes that die, and of quiet ones."""

from __future__ import annotations

from core.alert import Alert, AlertQuery
from core.clock import SECOND
from core.journal import Tick, draft
from ingest.clocks import ClockOffsets
from ingest.sparkplug.effect import Effect
from ingest.sparkplug.harvest import Harvester
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.edge import Edge, Message, later, speed
from tests.messages import plant
from tests.sparkplug import Bench

OFFLINE = "cannot judge, its device is offline"


class Shift:
    """A host and the scoring of what it brings, over one journal, second by second."""

    def __init__(self) -> None:
        self.journal, self.casefile = MemoryJournal(), MemoryCaseFile()
        self.bench, self.edge = Bench(), Edge()
        self.harvester = Harvester(plant(), ClockOffsets())
        self.scoring = Scoring(plant(), self.journal, self.casefile)
        self.second = 0

    def send(self, *messages: Message) -> None:
        self._keep(self.bench.send(*messages, at=self.second))

    def wait(self, seconds: int) -> None:
        for _ in range(seconds // 10):
            self.second += 10
            self.edge.now = later(self.second)
            self._keep(self.bench.tick(self.second))
            self.journal.append([draft(later(self.second), Tick(connected=True))])
        while self.scoring.step():
            pass

    def _keep(self, effects: list[Effect]) -> None:
        found = self.harvester.gather(effects, self.bench.now, trusted=True)
        self.journal.append(found.drafts, found.rejections, found.account)

    def cases(self) -> list[Alert]:
        found = self.casefile.alerts(AlertQuery()).alerts
        return [one for one in found if one.asset == "karachi/hall/p1"]


def test_a_node_that_dies_is_a_case_until_it_is_born_again() -> None:
    shift = Shift()
    shift.send(shift.edge.nbirth(), shift.edge.dbirth())
    shift.wait(600)
    assert shift.cases() == []
    shift.send(shift.edge.ndeath())
    shift.wait(120)
    (case,) = shift.cases()
    assert OFFLINE in case.title and case.active
    shift.edge.bdseq = 1
    shift.send(shift.edge.nbirth(), shift.edge.dbirth())
    shift.wait(60)
    assert not any(each.active for each in shift.cases())


def test_a_node_that_is_quiet_is_no_case() -> None:
    shift = Shift()
    every = (speed(7.0), speed(2.0, name="vibration"), speed(60.0, name="temperature"))
    shift.send(shift.edge.nbirth(), shift.edge.dbirth(*every))
    shift.wait(6 * 3600)
    assert shift.cases() == []
    shift.send(shift.edge.ddata(speed(9.0)))
    shift.wait(60)
    assert shift.cases() == []


def test_what_a_node_kept_of_its_past_changes_no_case() -> None:
    shift = Shift()
    shift.send(shift.edge.nbirth(), shift.edge.dbirth())
    shift.wait(60)
    kept = speed(5999.0, is_historical=True, at=later(30) // SECOND * SECOND)
    shift.send(shift.edge.ddata(kept))
    shift.wait(60)
    assert shift.cases() == []
