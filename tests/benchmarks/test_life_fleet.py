"""The benchmark on fleets asks about lives whose end is known, and counts lives, not rows."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rig.life_answers import Asked, asked, score
from benchmarks.rig.life_record import Record, cut, record
from benchmarks.rig.life_waiting import COSTS, Case, cost
from core.life import CannotSay, Remaining
from simulators.life_fleet import life_fleet


@pytest.fixture(scope="module")
def known() -> Record:
    fleet = life_fleet("centrifugal_pump", 12, 2.0, 3)
    return cut(record(fleet, fleet.since), 3)


def test_a_record_is_cut_where_so_many_failures_are_known(known: Record) -> None:
    assert known.failures == 3
    assert any(not life.failed for life in known.lives)
    assert cut(record(known.fleet, known.fleet.since), 0).failures == 0


def test_each_life_has_one_vote_however_often_it_is_asked_about(known: Record) -> None:
    lives = tuple(life for life in known.lives if life.failed)[:2]
    about = Asked(
        (lives[0], lives[0], lives[0], lives[1]), np.arange(4), np.full(4, 100.0), np.ones(4, bool),
        np.array([0, 0, 0, 1]),
    )  # fmt: skip
    good, late = Remaining(50, 100, 150), Remaining(200, 300, 400)
    found = score([good, good, good, late], about)
    assert (found.covered, found.said) == (50, 100)
    assert found.error == 100
    silent = CannotSay("not_falling", "no end is in sight")
    assert score([silent] * 4, about).said == 0


def test_moments_count_down_to_the_end(known: Record) -> None:
    about = asked(known, known.lives)
    assert (about.left >= 0).all()
    assert (np.diff(about.left)[np.diff(about.unit) == 0] < 0).all()


def test_what_a_case_costs_depends_on_when_it_is_acted_upon(known: Record) -> None:
    life = next(life for life in known.lives if life.failed and len(life.rows) > 40)
    opened = int(life.rows[5])
    case = Case(life, 5, (opened + 10,))
    assert cost(case, opened, 0.0) == COSTS.at_once
    assert cost(case, opened + 10, 0.0) == COSTS.planned
    assert cost(case, opened + 10, 7.0) == COSTS.planned - 70
    assert cost(case, None, 0.0) == cost(case, case.fails, 0.0) == COSTS.of_failure
