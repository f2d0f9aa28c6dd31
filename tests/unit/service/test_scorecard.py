from __future__ import annotations

from dataclasses import replace

from core.casefile import Advance, Condition
from core.clock import DAY, HOUR
from core.plant import Plant
from core.work import Work, WorkEvent
from models.threshold import ThresholdSettings
from service.estimates import names_of
from service.scorecard import lives, scorecard
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant, pump_class
from tests.story import START

P1, P2 = "site/hall/p1", "site/hall/p2"


def pumps() -> Plant:
    health = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing")
    return plant(2, replace(pump_class(), health=health))


def said(asset: str, at: int, *left: float) -> list[Condition]:
    return [Condition(asset, at, n, v) for n, v in zip(names_of("bearing"), left, strict=True)]


def mended(asset: str, at: int, **more: object) -> WorkEvent:
    return WorkEvent(asset, at, Work.REPLACED, "Bilal", **more)  # type: ignore[arg-type]


def kept(conditions: list[Condition], *work: WorkEvent) -> MemoryCaseFile:
    casefile = MemoryCaseFile()
    casefile.commit(Advance(1, conditions=tuple(conditions), work=work))
    return casefile


def test_a_life_that_ended_is_held_against_what_was_said_of_it() -> None:
    end = START + DAY
    told = said(P1, end - 20 * HOUR, 15.0, 20.0, 30.0) + said(P1, end - 10 * HOUR, 1.0, 2.0, 3.0)
    (line,) = scorecard(lives(pumps(), kept(told, mended(P1, end, failure_mode="bearing"))))
    assert (line.failure_mode, line.ended, line.graded) == ("bearing", 1, 1)
    assert line.grade is not None
    assert line.grade.covered == 0.5
    assert line.grade.count == 2


def test_each_life_of_a_machine_is_graded_by_what_was_said_within_it() -> None:
    first, second = START + DAY, START + 3 * DAY
    told = said(P1, first - HOUR, 0.5, 1.0, 2.0) + said(P1, second - HOUR, 5.0, 6.0, 7.0)
    works = [mended(P1, at, failure_mode="bearing") for at in (first, second)]
    found = lives(pumps(), kept(told, *works))
    assert [life.grade and life.grade.covered for life in found] == [0.0, 1.0]


def test_routine_work_and_another_fault_cut_a_life_short() -> None:
    told = said(P1, START, 1.0, 2.0, 3.0) + said(P2, START, 1.0, 2.0, 3.0)
    routine = mended(P1, START + DAY, routine=True)
    other = mended(P2, START + DAY, failure_mode="misalignment")
    (line,) = scorecard(lives(pumps(), kept(told, routine, other)))
    assert (line.ended, line.cut_short, line.graded, line.grade) == (0, 2, 0, None)


def test_a_look_ends_no_life_and_a_life_of_which_nothing_was_said_is_not_graded() -> None:
    looked = WorkEvent(P1, START, Work.INSPECTED, "Bilal")
    assert lives(pumps(), kept([], looked)) == []
    (line,) = scorecard(lives(pumps(), kept([], mended(P1, START, failure_mode="bearing"))))
    assert (line.ended, line.graded) == (1, 0)


def test_lives_that_are_told_by_age_alone_are_graded_too() -> None:
    end = START + DAY
    kept_of = kept(
        said(P1, end - 10 * HOUR, 5.0, 9.0, 12.0), mended(P1, end, failure_mode="bearing")
    )
    (line,) = scorecard(lives(plant(2), kept_of))
    assert (line.failure_mode, line.ended, line.graded) == ("bearing", 1, 1)


def test_work_that_names_no_fault_is_graded_in_no_mode_where_several_are_predicted() -> None:
    end = START + DAY
    two = replace(
        pump_class(),
        health=(
            ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing"),
            ThresholdSettings(channel="temperature", end=90.0, failure_mode="cooling"),
        ),
    )
    told = said(P1, end - 10 * HOUR, 5.0, 9.0, 12.0)
    unnamed = scorecard(lives(plant(2, two), kept(told, mended(P1, end))))
    assert [(line.ended, line.cut_short) for line in unnamed] == [(0, 1), (0, 1)]
    named = scorecard(lives(plant(2, two), kept(told, mended(P1, end, failure_mode="bearing"))))
    assert [(line.failure_mode, line.ended) for line in named] == [("bearing", 1), ("cooling", 0)]
