from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.casefile import Advance, Status
from core.clock import DAY, HOUR, Instant, ManualClock
from core.drilled import Drilled, Drills, Trial, smallest
from service.drill_words import lines, summary
from service.drilling import AGAIN, Drilling, due, look
from storage.casefile_memory import MemoryCaseFile
from storage.drills import DrillFolder, MemoryDrills
from tests.contract.test_model_store_contract import flips
from tests.pages import Room, case
from tests.plants import plant
from tests.story import START

WEEK = 7 * DAY
ONE, TWO, THREE = (f"site/hall/p{number}" for number in (1, 2, 3))


def trial(size: float, after: int | None, fault: str = "step", *, named: bool = True) -> Trial:
    return Trial(ONE, "vibration", fault, size, 0.12 * size, after, named)


TRIALS = (
    *(trial(size, after) for size, after in ((1, None), (2, 3 * HOUR), (4, HOUR), (8, HOUR))),
    *(trial(size, None, "drift") for size in (1, 2, 4)),
    trial(8, 2 * DAY, "drift", named=False),
    *(trial(size, None, "unrest") for size in (1, 2, 4, 8)),
)
DRILLED = Drilled(ONE, START - DAY, START - 31 * DAY, START - DAY, TRIALS)


@pytest.fixture(params=["folder", "memory"])
def drills(request: pytest.FixtureRequest, tmp_path: Path) -> Drills:
    return DrillFolder(tmp_path / "drills") if request.param == "folder" else MemoryDrills()


def test_the_latest_drill_of_each_asset_is_kept(drills: Drills) -> None:
    assert drills.latest(ONE) is None
    drills.keep(DRILLED)
    drills.keep(Drilled(TWO, START, 0, 0, why="too little"))
    newer = Drilled(ONE, START, 0, 5, TRIALS[:3], "told anyway")
    drills.keep(newer)
    assert drills.latest(ONE) == newer
    assert drills.latest(TWO) == Drilled(TWO, START, 0, 0, why="too little")


def test_a_file_that_is_damaged_is_as_if_there_were_none(tmp_path: Path) -> None:
    drills = DrillFolder(tmp_path)
    drills.keep(DRILLED)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    assert drills.latest(ONE) is None


def test_any_flipped_bit_of_a_file_is_none_or_changes_no_more_than_a_value(tmp_path: Path) -> None:
    drills = DrillFolder(tmp_path)
    drills.keep(Drilled(ONE, START, 0, 5, TRIALS[:2], "told anyway"))
    [path] = tmp_path.iterdir()
    for flipped in flips(path.read_bytes()):
        path.write_bytes(flipped)
        found = drills.latest(ONE)
        assert found is None or found.asset == ONE


def test_whatever_looking_raises_it_is_looked_again_and_scoring_goes_on() -> None:
    looks, stop = [], threading.Event()

    def clock() -> Instant:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise ZeroDivisionError

    made = Drilling(plant(), book(ONE), MemoryDrills(), WEEK, clock, lambda: Running(0))
    made.run(stop, 0.0, 0.0)
    assert len(looks) == 3


def test_those_come_first_whose_drill_is_longest_ago(drills: Drills) -> None:
    drills.keep(Drilled(ONE, START - WEEK, 0, 0))
    drills.keep(Drilled(TWO, START - WEEK + HOUR, 0, 0))
    assert due(plant(), drills, (), WEEK, START) == (THREE, ONE)
    assert due(plant(), drills, {THREE}, WEEK, START) == (ONE,)


def test_where_nothing_could_be_tried_it_is_tried_again_soon(drills: Drills) -> None:
    drills.keep(Drilled(ONE, START - AGAIN, 0, 0, why="too little"))
    assert due(plant(), drills, {TWO, THREE}, WEEK, START) == (ONE,)
    assert due(plant(), drills, {TWO, THREE}, WEEK, START - HOUR) == ()


def book(*heard: str) -> MemoryCaseFile:
    casefile = MemoryCaseFile()
    told = tuple(Status(n, START, START, "running", True, "", 0.1, None) for n in heard)
    casefile.commit(Advance(1, alerts=(case(1),), statuses=told))
    return casefile


def test_a_machine_with_a_case_and_one_never_heard_are_not_drilled() -> None:
    assert look(plant(), book(ONE, TWO), MemoryDrills(), WEEK, START) == (TWO,)


class Running:
    """A process that ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks, self.ended = looks, False

    def poll(self) -> int | None:
        self.looks -= 1
        return 0 if self.looks < 0 else None

    def terminate(self) -> None:
        self.ended = True

    def wait(self, timeout: float | None = None) -> int:
        del timeout
        return 0


def drilling(process: Running, *heard: str) -> Drilling:
    clock = ManualClock(START)
    return Drilling(plant(), book(*heard), MemoryDrills(), WEEK, clock, lambda: process)


def test_a_process_is_started_only_when_it_is_somebodys_turn() -> None:
    assert not drilling(Running(0), ONE).turn(threading.Event())
    process = Running(0)
    assert drilling(process, TWO).turn(threading.Event())
    assert process.looks < 0
    assert not process.ended


def test_a_process_is_ended_with_the_service() -> None:
    stop, process = threading.Event(), Running(10**6)
    stop.set()
    assert drilling(process, TWO).turn(stop)
    assert process.ended


def test_the_smallest_that_is_caught_with_all_larger_ones_is_laid_out() -> None:
    least = smallest(TRIALS)
    caught = least["vibration", "step"]
    assert caught is not None and caught.deviations == 2
    [line] = lines(DRILLED, plant().class_of(ONE))
    assert line.label == "vibration velocity"
    assert [one[1:] for one in line.cells] == [
        ("from 0.24 mm/s", "after 3 hours", True),
        ("from 0.96 mm/s", "after 2 days; another channel blamed", True),
        ("missed", "up to 8 times its usual scatter", False),
    ]
    assert summary(DRILLED) == (
        "Of 12 faults tried, 4 would be caught, 3 of them with the right channel named."
    )


def test_what_would_be_told_as_a_sensors_fault_is_said_to_be() -> None:
    told = replace(DRILLED, trials=tuple(replace(one, sensor=True) for one in TRIALS))
    [line] = lines(told, plant().class_of(ONE))
    assert line.cells[0][1:] == ("from 0.24 mm/s", "after 3 hours; as a sensor's", True)
    assert summary(told).endswith("right channel named, 4 first as a sensor's.")


def test_the_page_of_a_machine_shows_its_drill_or_how_to_make_one() -> None:
    room = Room()
    page = room.opens(f"/machine?asset={ONE}")
    assert "Not drilled yet." in page.text
    assert f"millwright drill {ONE}" in page.text
    room.drills.keep(DRILLED)
    page = room.opens(f"/machine?asset={ONE}")
    for words in ("What would be caught", "from 0.24 mm/s", "missed", "24 h ago", "A slow drift"):
        assert words in page.text, words
    room.drills.keep(Drilled(ONE, START, 0, 0, why="there is too little of its past"))
    page = room.opens(f"/machine?asset={ONE}")
    assert "Nothing could be tried: there is too little of its past." in page.text
