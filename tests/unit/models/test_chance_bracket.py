"""How sure a chance is, on simulated wear and by what became of lives."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rig.fades import SHARES, fade
from core.life import Remaining, chance
from models.chance_bracket import bracket
from models.passage import paths, remaining, rising

EDGES = (0.0, 0.00003, 0.12344, 0.99996, 1.0)
CHANCES = (0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 0.99)


@pytest.mark.parametrize("told", (*CHANCES, *EDGES))
def test_a_chance_lies_within_its_bracket(told: float) -> None:
    for known in ((), (5, 0.0), (5, 5.0), (100, 3.0)):
        low, high = bracket(told, *known)
        assert 0 <= low <= told <= high <= 1


def test_a_higher_chance_has_a_higher_bracket() -> None:
    ends = np.array([bracket(told) for told in CHANCES])
    assert np.all(np.diff(ends, axis=0) > 0)


def test_three_in_a_hundred_is_said_as_up_to_five() -> None:
    assert bracket(0.03) == pytest.approx((0.0, 0.05), abs=0.005)


def test_lives_that_ended_as_foretold_make_it_surer() -> None:
    wide, few, many = (bracket(0.3, lives, 0.3 * lives) for lives in (0, 10, 100))
    assert wide[1] - wide[0] > few[1] - few[0] > many[1] - many[0]
    assert many == pytest.approx((0.23, 0.37), abs=0.02)


def test_lives_that_ended_before_they_should_raise_it() -> None:
    assert bracket(0.05, 10, 4.0)[1] > 2 * bracket(0.05)[1]


def test_no_and_full_certainty_are_survived() -> None:
    assert bracket(0.0)[0] < 1e-3
    assert bracket(1.0)[1] > 0.999


def said(seed: int) -> list[float]:
    """Say of a wearing machine, four times, which chance what came then was given."""
    one, found = fade("hastening", seed), []
    for share in SHARES:
        way = one.until(share)
        fits = paths(np.arange(1.0, len(way) + 1), way)
        left = remaining(fits, 1.0, 20 * len(way))
        if isinstance(left, Remaining) and rising(fits) > 3:
            found.append(chance(left, one.end - len(way)))
    return found


def test_as_many_wearing_machines_fail_as_the_bracket_says() -> None:
    given = np.array([one for seed in range(1, 41, 2) for one in said(seed)])
    assert len(given) > 30
    came = {told: float(np.mean(given <= told)) for told in (0.03, 0.1, 0.5, 0.9)}
    for told, share in came.items():
        low, high = bracket(told)
        assert low - 0.01 <= share <= high + 0.01
