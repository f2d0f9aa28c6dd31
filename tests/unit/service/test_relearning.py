"""Whose turn it is to be learned anew, and that another process does it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest

from core.clock import DAY, HOUR, Instant, ManualClock
from core.model_version import Cause, ModelVersion
from core.plant import Place
from service.model_book import Book
from service.relearning import AGAIN, Relearning, due
from storage.casefile_memory import MemoryCaseFile
from storage.model_memory import MemoryModels
from tests.bench import P1, P2, Bench
from tests.contract.test_model_store_contract import made
from tests.plants import plant

NOW = 1_700_000_000_000_000_000 + 100 * DAY


def version(asset: str, ago: int, cause: Cause = Cause.ASKED) -> ModelVersion:
    return replace(made(asset), made=NOW - ago, cause=cause)


def turns(
    *versions: ModelVersion,
    lost: tuple[str, ...] = (),
    ill: tuple[str, ...] = (),
    relearn: int | None = 30 * DAY,
    noted: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Cause]:
    book = Book(lost={"pump": list(lost)} if lost else {})
    return due(plant(2), book, versions, ill, relearn, NOW, noted)


def test_it_is_an_assets_turn_so_long_after_it_was_last_learned() -> None:
    assert turns(version(P1, 30 * DAY), version(P2, 29 * DAY)) == {P1: Cause.SCHEDULE}
    assert turns(version(P1, 90 * DAY), version(P1, DAY), version(P2, DAY)) == {}
    assert turns(version(P2, DAY)) == {P1: Cause.SCHEDULE}


def test_what_was_only_kept_from_service_is_no_learning() -> None:
    kept = version(P1, DAY, Cause.SERVED)
    assert turns(kept, version(P2, DAY)) == {P1: Cause.SCHEDULE}


def test_without_a_schedule_only_what_was_lost_has_a_turn() -> None:
    assert turns(relearn=None) == {}
    assert turns(lost=(P2,), relearn=None) == {P2: Cause.LOST}


def test_what_was_lost_and_tried_in_vain_waits_for_a_day() -> None:
    tried = version(P1, HOUR, Cause.LOST)
    assert turns(tried, lost=(P1,), relearn=None) == {}
    assert turns(version(P1, HOUR), lost=(P1,), relearn=None) == {P1: Cause.LOST}
    again = version(P1, AGAIN, Cause.LOST)
    assert turns(again, lost=(P1,), relearn=None) == {P1: Cause.LOST}


def test_what_was_tried_and_made_nothing_waits_for_a_day() -> None:
    late, soon = {P1: NOW - AGAIN}, {P1: NOW - AGAIN + 1}
    assert turns(noted=soon) == {P2: Cause.SCHEDULE}
    assert turns(noted=late) == {P1: Cause.SCHEDULE, P2: Cause.SCHEDULE}
    assert turns(noted=soon, lost=(P1,), relearn=None) == {}
    assert turns(noted=late, lost=(P1,), relearn=None) == {P1: Cause.LOST}
    book = Book(lost={"pump": [P1]}, lost_at={"pump": NOW - HOUR})
    before = {P1: NOW - 2 * HOUR}
    assert due(plant(1), book, (), (), None, NOW, before) == {P1: Cause.LOST}


def test_a_machine_with_a_case_and_one_judged_elsewhere_have_none() -> None:
    assert turns(ill=(P1,)) == {P2: Cause.SCHEDULE}
    known = plant(2)
    known = replace(known, assets=known.assets | {P2: replace(known.assets[P2], judged_at="no")})
    assert due(known, Book(), (), (), DAY, NOW, {}) == {P1: Cause.SCHEDULE}
    assert Place.SITE is known.place


@dataclass
class Learner:
    """A process that learns for as long as it is told."""

    looks: int
    ended: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        self.looks -= 1
        return None if self.looks >= 0 else 0

    def terminate(self) -> None:
        self.ended.append("terminated")

    def wait(self, timeout: float | None = None) -> int:
        self.ended.append("gone")
        return 0


def relearning(bench: Bench, learner: Learner) -> Relearning:
    store, clock = MemoryModels(), ManualClock(NOW)
    return Relearning(bench.plant, bench.casefile, store, DAY, clock, lambda: learner)


def test_the_process_is_started_when_it_is_somebodys_turn_and_waited_for() -> None:
    learner = Learner(looks=2)
    assert relearning(Bench(plant(2)), learner).turn(threading.Event())
    assert (learner.looks < 0, learner.ended) == (True, [])


def test_nobodys_turn_starts_nothing() -> None:
    store = MemoryModels()
    store.add(version(P1, HOUR), b"")
    clock = ManualClock(NOW)

    def never() -> Learner:
        pytest.fail("started a process for nobody")

    made = Relearning(plant(1), MemoryCaseFile(), store, DAY, clock, never)
    assert not made.turn(threading.Event())


def test_a_stop_ends_the_process_too() -> None:
    learner, stop = Learner(looks=10**9), threading.Event()
    stop.set()
    assert relearning(Bench(plant(2)), learner).turn(stop)
    assert learner.ended == ["terminated", "gone"]


def test_whatever_looking_raises_it_is_looked_again_and_scoring_goes_on() -> None:
    looks, stop = [], threading.Event()

    def clock() -> Instant:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise ZeroDivisionError

    made = Relearning(plant(1), MemoryCaseFile(), MemoryModels(), DAY, clock, lambda: Learner(0))
    made.run(stop, 0.0, 0.0)
    assert len(looks) == 3


def test_a_machine_with_a_standing_case_is_passed_over() -> None:
    bench = Bench(plant(1))
    bench.says(P1, vibration=5.0).scored()
    assert not relearning(bench, Learner(0)).turn(threading.Event())


def test_nothing_that_learns_is_loaded_into_the_process_that_scores() -> None:
    loaded = (
        "import sys, cli.beside, cli.relearn, service.relearning, service.scoring\n"
        "heavy = ('service.candidate', 'service.model_trial', 'service.schooling', 'service.drill',"
        " 'sklearn', 'statsmodels')\n"
        "print([one for one in heavy if one in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
