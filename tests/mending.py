"""A pump that wears and is mended, and what scoring makes of the work."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from core.alert import Alert, AlertQuery
from core.casefile import Status
from core.clock import DAY, HOUR, MINUTE
from core.plant import FailureMode, NamedDetector, RuleSpec
from core.work import Work, WorkEvent
from models.mewma import LearnSettings, MewmaSettings
from models.threshold import ThresholdSettings
from service.repair_record import Entry, recorded
from service.repairs import names_of
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import Story

P1 = "site/hall/p1"
STEP = 20 * MINUTE
AN_HOUR = 3
VIBRATION = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing")


class Mended(Story):
    """A pump that runs well for eighty hours, wears from 2 to 7 of 8 mm/s, is mended, runs on."""

    def __init__(
        self,
        learns: bool,
        health: ThresholdSettings,
        well: int,
        wears: int,
        worn: float,
        restarts: int = 0,
    ) -> None:
        modes = (FailureMode("bearing", "Bearing wear"), FailureMode("seal", "Leaking seal"))
        kind = pump_class(health=health, failure_modes=modes)
        if learns:
            pattern = NamedDetector("pattern", MewmaSettings(learn=LearnSettings(rows=100)))
            rule = RuleSpec("unusual", "pattern")
            kind = replace(kind, detectors=(*kind.detectors, pattern), rules=(*kind.rules, rule))
        super().__init__(plant(1, kind), MemoryJournal(JournalSettings()))
        self.casefile = MemoryCaseFile()
        self.restarts = restarts
        self.scoring = self.opened()
        self.runs([2.0] * well * AN_HOUR)
        self.runs(np.linspace(2.0, worn, wears * AN_HOUR).tolist())

    def is_mended(
        self, level: float, work: Work, mode: str, hours: int, together: bool, rests: int
    ) -> None:
        self.passes(3 * HOUR)
        self.done_at = self.now - HOUR
        self.tell(WorkEvent(P1, self.done_at, work, "Bilal", "new bearing", mode, id="w1"))
        for _ in range(hours if rests else 0):
            self.runs([level])
            self.passes(rests)
        self.runs([level] * (0 if rests else hours) * AN_HOUR, together=together)
        self.score()

    def twin(self) -> Mended:
        """Make another of the same past, that goes its own way from here."""
        other = copy(self)
        other.journal, other.casefile = (
            deepcopy(one, {id(one._lock): Lock()}) for one in (self.journal, self.casefile)
        )
        other._random = deepcopy(self._random)
        other.scoring = other.opened()
        return other

    def opened(self) -> Scoring:
        return Scoring(self.plant, self.journal, self.casefile, ("mqtt",))

    def runs(self, levels: list[float], *, together: bool = False) -> None:
        rows = []
        for number, level in enumerate(levels):
            self.passes(STEP)
            rows.append(self.row(P1, vibration=level + self._random.normal(0, 0.1)))
            if not together:
                self.block(rows.pop())
            if self.restarts and number % self.restarts == 0:
                self.score()
                self.scoring = self.opened()
        if together:
            self.block(*rows)

    def score(self) -> None:
        while self.scoring.step():
            pass

    def cases(self, group: str) -> tuple[Alert, ...]:
        return self.casefile.alerts(AlertQuery(asset=P1, group=group)).alerts

    def entry(self) -> Entry:
        [entry] = recorded(self.casefile.work(P1), self.plant, self.casefile)
        return entry

    def status(self) -> Status:
        [status] = self.casefile.statuses()
        return status

    def kept(self) -> np.ndarray:
        return self.casefile.conditions(P1, names_of("bearing"), 0, self.now + DAY).values


def mend(
    level: float,
    work: Work = Work.REPAIRED,
    mode: str = "",
    hours: int = 20,
    restarts: int = 0,
    together: bool = False,
    learns: bool = False,
    health: ThresholdSettings = VIBRATION,
    well: int = 80,
    wears: int = 30,
    rests: int = 0,
    worn: float = 7.0,
) -> Mended:
    past = (learns, health, well, wears, worn)
    story = Mended(*past, restarts) if restarts else to_mend(*past).twin()
    story.is_mended(level, work, mode, hours, together, rests)
    return story


@cache
def to_mend(*past: Any) -> Mended:
    story = Mended(*past)
    story.score()
    return story
