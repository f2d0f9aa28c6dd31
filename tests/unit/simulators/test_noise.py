from __future__ import annotations

import numpy as np

from core.clock import HOUR, MINUTE
from simulators.noise import key, normal, uniform, wander

COUNT = np.arange(200_000, dtype=np.int64) * MINUTE


def test_the_same_question_gets_the_same_answer_in_any_order() -> None:
    of = key(7, "a")
    whole = normal(of, COUNT)
    assert np.array_equal(normal(of, COUNT[::-1]), whole[::-1])
    assert normal(of, COUNT[1234:1235])[0] == whole[1234]


def test_uniform_numbers_are_even_and_normal_ones_are_bell_shaped() -> None:
    even = uniform(key(1), COUNT)
    assert even.min() >= 0
    assert even.max() < 1
    assert abs(even.mean() - 0.5) < 0.005
    assert abs(even.var() - 1 / 12) < 0.001
    bell = normal(key(1), COUNT)
    assert abs(bell.mean()) < 0.01
    assert abs(bell.std() - 1) < 0.01
    assert 0.040 < (np.abs(bell) > 2).mean() < 0.051


def test_neighbouring_moments_and_other_keys_know_nothing_of_each_other() -> None:
    one, other = normal(key(1), COUNT), normal(key(2), COUNT)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.01
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.01


def test_wandering_is_smooth_and_bounded() -> None:
    curve = wander(key(3), COUNT, 3 * HOUR)
    assert np.abs(curve).max() <= 1
    assert curve.std() > 0.3
    assert np.abs(np.diff(curve)).max() < 0.02
