"""After a repair the model learns anew by itself, and says so."""

from __future__ import annotations

import pytest

from core.clock import MINUTE, SECOND
from core.journal import Lesson
from core.readings import Readings
from core.work import Work, WorkEvent
from tests.bench import P1, P2, Bench
from tests.plants import CHANNELS, plant
from tests.unit.service.test_lesson import learning_class, past


@pytest.fixture
def bench() -> Bench:
    bench = Bench(plant(2, learning_class()))
    told = [one for asset in (P1, P2) for one in past(200, asset)]
    readings = Readings.of("pump", CHANNELS, sorted(told, key=lambda one: one.at), bench.now)
    bench.tell(Lesson(readings))
    return bench.scored()


def work(bench: Bench, what: Work = Work.REPLACED, key: str = "w", at: int | None = None) -> str:
    bench.tell(WorkEvent(P1, bench.now if at is None else at, what, "Bilal", id=key))
    return bench.words(key)


def test_the_outcome_says_that_it_is_learned_anew(bench: Bench) -> None:
    assert work(bench) == "yes: recorded; the machine's normal behaviour is learned anew"


def test_the_machines_line_says_since_when_and_how_far_until_it_is_done(bench: Bench) -> None:
    work(bench)
    bench.passes(10 * SECOND).says(P1).says(P2)
    assert bench.status(P1).why == "learning 0 %, anew since the work of 2023-11-15 03:13 PKT"
    assert bench.status(P2).why == ""
    for _ in range(60):
        bench.passes(10 * SECOND).says(P1)
    bench.scored().restart()
    bench.says(P1)
    assert bench.status(P1).why.startswith("learning 50 %, anew since")
    for _ in range(60):
        bench.passes(10 * SECOND).says(P1)
    assert bench.status(P1).why == ""


def test_an_inspection_changes_nothing_and_says_nothing(bench: Bench) -> None:
    assert work(bench, Work.INSPECTED) == "yes: recorded"
    bench.says(P1)
    assert bench.status(P1).why == ""


def test_where_a_newer_case_stands_what_was_learned_stays_and_that_is_said(bench: Bench) -> None:
    before = bench.now
    bench.passes(MINUTE).says(P1, vibration=5.0).scored()
    said = work(bench, at=before)
    assert said == "yes: recorded; a newer case stands, so what was learned of the machine stays"
