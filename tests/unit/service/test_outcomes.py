from __future__ import annotations

import numpy as np
import pytest

from core.clock import HOUR
from core.life import LEVELS, Remaining
from service.outcomes import PLACES, Outcomes

RIGHT, LATE = Remaining(5.0, 10.0, 20.0), Remaining(50.0, 60.0, 70.0)


def lived(outcomes: Outcomes, asset: int, end: int, said: Remaining) -> None:
    """Say the same thing ten hours before an end that is told in hours, and let it come."""
    outcomes.keep(asset, (end - 10) * HOUR, said)
    outcomes.end(asset, end * HOUR, cut_short=False)


def test_lives_that_ended_outside_widen_what_is_said_of_all() -> None:
    outcomes = Outcomes(3)
    assert (outcomes.record, outcomes.times) == (None, 1.0)
    for asset, said in enumerate((RIGHT, LATE, LATE)):
        lived(outcomes, asset, 100 + asset, said)
    record = outcomes.record
    assert record is not None
    assert (record.lives, record.outside) == (3, 2.0)
    assert record.below[LEVELS.index(0.5)] == pytest.approx(3.0)
    assert outcomes.times > 1.4
    said = "intervals widened since 2 of 3 lives ended outside"
    assert record.words == said


def test_lives_that_ended_inside_change_nothing_and_are_not_spoken_of() -> None:
    outcomes = Outcomes(1)
    lived(outcomes, 0, 100, RIGHT)
    assert outcomes.times == 1.0
    assert outcomes.record is not None
    assert outcomes.record.words == ""


def test_a_life_cut_short_or_of_which_nothing_was_said_is_not_graded() -> None:
    outcomes = Outcomes(1)
    outcomes.keep(0, HOUR, LATE)
    outcomes.end(0, 11 * HOUR, cut_short=True)
    outcomes.end(0, 20 * HOUR, cut_short=False)
    assert outcomes.record is None


def test_a_life_that_was_cut_short_never_narrows_what_is_said() -> None:
    outcomes = Outcomes(1)
    lived(outcomes, 0, 100, LATE)
    wide = outcomes.times
    for hour in range(200, 215):
        outcomes.keep(0, hour * HOUR, Remaining(1.0, 2.0, 14.5))
    outcomes.end(0, 215 * HOUR, cut_short=True)
    assert outcomes.record is not None
    assert (outcomes.record.lives, outcomes.times) == (2, wide)


def test_what_was_said_after_work_that_is_told_late_is_not_judged_by_it() -> None:
    outcomes = Outcomes(1)
    outcomes.keep(0, 10 * HOUR, RIGHT)
    outcomes.keep(0, 30 * HOUR, LATE)
    outcomes.end(0, 20 * HOUR, cut_short=False)
    assert outcomes.record is not None
    assert (outcomes.record.lives, outcomes.record.outside) == (1, 0.0)


def test_of_a_long_life_estimates_are_kept_evenly() -> None:
    outcomes = Outcomes(1)
    for hour in range(1000):
        outcomes.keep(0, hour * HOUR, RIGHT)
    at = outcomes.state()["at"][0]
    kept = at[at >= 0] // HOUR
    assert PLACES // 2 <= len(kept) < PLACES
    assert len(set(np.diff(kept).tolist())) == 1


def test_lives_that_are_long_over_still_count() -> None:
    outcomes = Outcomes(1)
    for number in range(4):
        lived(outcomes, 0, 100 + 20 * number, LATE)
    wide = outcomes.times
    for number in range(5):
        lived(outcomes, 0, 200 + 20 * number, RIGHT)
    assert 1.5 < outcomes.times < wide
    assert outcomes.record is not None
    assert (outcomes.record.lives, outcomes.record.outside) == (9, 4.0)


def test_an_asset_that_has_come_since_takes_nothing_from_the_others() -> None:
    outcomes, other = Outcomes(1), Outcomes(2)
    lived(outcomes, 0, 100, LATE)
    blank = other.state()
    other.restore(
        {name: np.concatenate([blank[name][:1], kept]) for name, kept in outcomes.state().items()}
    )
    assert other.record == outcomes.record


def test_it_goes_on_where_it_stopped() -> None:
    outcomes, other = Outcomes(2), Outcomes(2)
    lived(outcomes, 0, 100, LATE)
    outcomes.keep(1, 110 * HOUR, LATE)
    other.restore(outcomes.state())
    assert other.record == outcomes.record
    for one in (outcomes, other):
        one.end(1, 120 * HOUR, cut_short=False)
    assert other.record == outcomes.record
    assert other.record is not None
    assert other.record.lives == 2
