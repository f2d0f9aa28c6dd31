from __future__ import annotations

import math

import pytest

from core.life import LEVELS, REASONS, CannotSay, Remaining, chance, declined

THREE = Remaining(10.0, 50.0, 90.0)
COURSE = Remaining(5.0, 50.0, 95.0, 50.0, tuple(100 * level for level in LEVELS))


def test_at_a_known_point_the_chance_is_its_level() -> None:
    assert [chance(THREE, hours) for hours in (10, 50, 90)] == pytest.approx([0.05, 0.5, 0.95])
    said = [chance(COURSE, 100 * level) for level in LEVELS]
    assert said == pytest.approx(list(LEVELS))


def test_between_points_the_chance_goes_straight() -> None:
    assert chance(THREE, 30) == pytest.approx(0.275)
    assert chance(THREE, 5) == pytest.approx(0.025)


def test_the_course_counts_where_there_is_one() -> None:
    uneven = Remaining(10.0, 50.0, 90.0, None, (1, 10, 12, 14, 50, 60, 70, 90, 100))
    assert chance(uneven, 14) == pytest.approx(0.25)


def test_beyond_the_last_point_it_grows_towards_certain() -> None:
    assert 0.95 < chance(THREE, 100) < chance(THREE, 1000) <= 1
    assert 0.99 < chance(COURSE, 100) < chance(COURSE, 200) <= 1


def test_it_never_falls_with_time() -> None:
    said = [chance(COURSE, hours) for hours in range(-10, 300)]
    assert said == sorted(said)
    assert said[0] == 0


def test_what_has_ended_ends_for_certain() -> None:
    assert chance(Remaining(0.0, 0.0, 0.0), 0.0) == 1
    assert chance(Remaining(0.0, 4.0, 11.0), 0.0) == pytest.approx(0.05)


def test_an_end_that_may_never_come_is_survived() -> None:
    assert chance(Remaining(1.0, 20.0, math.inf), 1000) == pytest.approx(0.5)
    assert chance(Remaining(1.0, math.inf, math.inf), 1000) == pytest.approx(0.05)


def test_a_course_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="9 points"):
        Remaining(1.0, 2.0, 3.0, None, (1.0, 2.0))


def test_each_reason_has_words() -> None:
    said = [declined(reason) for reason in REASONS]
    assert all(isinstance(one, CannotSay) and one.words for one in said)
    assert declined("learning", "still learning: 3 of 9").words == "still learning: 3 of 9"
    with pytest.raises(ValueError, match="unknown reason 'tired'; known: no_threshold"):
        declined("tired")
