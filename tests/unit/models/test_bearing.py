from __future__ import annotations

import pytest

from models.bearing import Bearing

# 6205-2RS JEM SKF in inches; the multiples are those that the bearing data centre of Case Western
# Reserve University publishes with its recordings, where the ball's is for both races.
SKF_6205 = Bearing(9, 0.3126, 1.537)


@pytest.mark.parametrize(
    ("fault", "order"), [("ftf", 0.39828), ("bpfo", 3.5848), ("bpfi", 5.4152), ("bsf", 4.7135 / 2)]
)
def test_a_known_bearing_has_its_published_multiples(fault: str, order: float) -> None:
    assert SKF_6205.orders[fault] == pytest.approx(order, abs=1e-4)


def test_both_races_together_are_struck_once_a_turn_by_every_ball() -> None:
    orders = Bearing(12, 11.1, 71.5, 15.17).orders
    assert orders["bpfo"] + orders["bpfi"] == pytest.approx(12)


def test_a_contact_angle_slows_the_outer_race_less_than_a_smaller_ball_would() -> None:
    flat, angled = Bearing(12, 11.1, 71.5).orders, Bearing(12, 11.1, 71.5, 40).orders
    assert flat["bpfo"] < angled["bpfo"] < 6


def test_frequencies_follow_the_speed() -> None:
    assert SKF_6205.frequencies(1797)["bpfo"] == pytest.approx(107.36, abs=0.01)
    assert SKF_6205.frequencies(0)["bpfo"] == 0
