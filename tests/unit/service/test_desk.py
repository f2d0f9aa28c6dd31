from __future__ import annotations

import threading
import time

import anyio

from core.casefile import Advance, CaseFile, Outcome
from core.clock import SECOND, ManualClock
from core.journal import Command, decode
from core.work import Work, WorkEvent
from service.desk import Desk
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.story import START

ASKED = Command("k1", "acknowledge", "c1", "Ayesha")


def desk(casefile: CaseFile, patience: int = SECOND) -> Desk:
    return Desk(MemoryJournal(), casefile, ManualClock(START), patience)


def decides(casefile: CaseFile, outcome: Outcome, after: float) -> threading.Timer:
    timer = threading.Timer(after, casefile.commit, [Advance(1, outcomes=(outcome,))])
    timer.start()
    return timer


def test_a_request_is_journaled_and_answered_once_it_is_decided() -> None:
    casefile = MemoryCaseFile()
    given = desk(casefile)
    timer = decides(casefile, Outcome("k1", False, "no", "c1"), 0.1)
    assert anyio.run(given.ask, ASKED) == Outcome("k1", False, "no", "c1")
    timer.join()
    assert [decode(entry) for entry in given.journal.read(0)] == [ASKED]


def test_a_request_that_nobody_decides_is_given_up_in_time_but_stays_journaled() -> None:
    given = desk(MemoryCaseFile(), SECOND // 10)
    begun = time.monotonic()
    assert anyio.run(given.ask, ASKED) is None
    assert 0.1 <= time.monotonic() - begun < 2
    assert given.journal.last_id() == 1


def test_a_request_made_before_is_answered_as_it_was_then_and_not_journaled_again() -> None:
    casefile = MemoryCaseFile()
    casefile.commit(Advance(1, outcomes=(Outcome("w1", True, "recorded"),)))
    given = desk(casefile)
    done = WorkEvent("site/hall/p1", START, Work.REPAIRED, "Bilal", id="w1")
    assert anyio.run(given.ask, done) == Outcome("w1", True, "recorded")
    assert given.journal.last_id() == 0
