"""A simulated fleet lives as fleets do: most lives end before their failure, and repairs fail."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import Refused
from core.work import Work
from simulators.life_class import LIFE_CLASSES, life_class
from simulators.life_course import NONE
from simulators.life_fleet import LifeFleet, life_fleet, life_fleets
from simulators.life_upkeep import LEFT, Outcome, Upkeep
from simulators.life_wear import Wear


@pytest.fixture(scope="module")
def pumps() -> LifeFleet:
    return life_fleet("centrifugal_pump", 30, 3.0, 5)


def test_the_same_seed_gives_the_same_fleet_and_another_another(pumps: LifeFleet) -> None:
    again, other = (life_fleet("centrifugal_pump", 30, 3.0, seed) for seed in (5, 6))
    assert np.array_equal(pumps.values, again.values, equal_nan=True)
    assert pumps.course.lives == again.course.lives
    assert pumps.course.lives != other.course.lives


def test_failures_are_the_lesser_part_of_what_ends_a_life(pumps: LifeFleet) -> None:
    lives = [life for life in pumps.course.lives if life.last >= pumps.since]
    failed = sum(life.failed for life in lives)
    assert 0.1 * len(lives) < failed < 0.6 * len(lives)
    assert len({life.mode for life in lives if life.failed}) >= 2


def test_without_planned_work_every_life_ends_in_failure_or_with_the_record() -> None:
    fleet = life_fleet("compressor", 8, 2.0, 1, Upkeep(planned=False))
    last = fleet.course.life.shape[1] - 1
    assert all(life.failed or life.last == last for life in fleet.course.lives)
    assert all(done.failure for done in fleet.course.work)


def test_a_machine_fails_at_the_end_of_its_damage_and_stands_afterwards(pumps: LifeFleet) -> None:
    course = pumps.course
    for life in course.lives:
        if life.failed:
            worst = course.damage[life.machine, life.last].max()
            assert 0.75 < worst < 1.6
            assert course.life[life.machine, life.last] == life.number
            after = course.life[life.machine, life.last + 1 : life.last + 2]
            assert (after == NONE).all()


def test_an_imperfect_repair_leaves_its_share_of_the_damage() -> None:
    of = life_class("electric_motor")
    wear = Wear(of.modes, 1, np.random.default_rng(1))
    while not wear.failed.any():
        wear.use(np.array([24.0]), np.array([1.0]), np.array([0.9]))
    mode = int(np.argmax(wear.damage[0]))
    before = float(wear.damage[0, mode])
    wear.repair(0, mode, 0.5)
    assert 0.3 * before < wear.damage[0, mode] <= 0.5 * before + 1e-9
    wear.repair(0, mode, 0.0)
    assert wear.damage[0, mode] == 0


def test_repairs_leave_what_their_outcome_says(pumps: LifeFleet) -> None:
    repaired = [done for done in pumps.course.work if done.work is Work.REPAIRED]
    assert {done.outcome for done in repaired} == {str(outcome) for outcome in Outcome}
    for done in repaired:
        low, high = LEFT[Outcome(done.outcome)]
        assert low <= done.left <= high


def test_use_is_counted_from_the_last_repair_and_only_while_a_machine_runs(
    pumps: LifeFleet,
) -> None:
    course = pumps.course
    for life in course.lives:
        days = np.arange(life.first, life.last + 1)
        ran = course.life[life.machine, days] == life.number
        hours = course.duty.hours[life.machine, days][ran].sum()
        assert hours == pytest.approx(life.hours)


def test_some_machines_come_new_and_others_are_older_than_the_record(pumps: LifeFleet) -> None:
    first = np.array([np.flatnonzero(row != NONE)[0] for row in pumps.course.life])
    assert (first >= pumps.since).any()
    assert (first < pumps.since).sum() > len(first) / 2


def test_damage_shows_in_the_channels_of_its_mode() -> None:
    fleet = life_fleet("centrifugal_pump", 20, 3.0, 2, Upkeep(planned=False))
    vibration = list(fleet.of.channels).index("vibration_rms")
    worn = [one for one in fleet.course.lives if one.mode == "bearing_wear" and one.failed]
    assert worn
    for life in worn:
        end = fleet.values[life.machine, life.last - 2 : life.last + 1, vibration]
        assert np.nanmean(end) > 4.5


def test_a_fleet_is_shared_among_the_classes() -> None:
    fleets = list(life_fleets((), 7, 0.2, 1))
    assert [fleet.of.name for fleet in fleets] == list(LIFE_CLASSES)
    assert [len(fleet.signs.own) for fleet in fleets] == [3, 2, 2]


def test_a_class_that_cannot_be_simulated_is_named_with_those_that_can() -> None:
    with pytest.raises(Refused, match='did you mean "compressor"'):
        life_class("compresor")
