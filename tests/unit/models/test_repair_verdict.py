"""A repair is judged by the condition before it and after, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from core.life import CannotSay
from models.repair_verdict import Repair, RepairVerdict, verdict, virtual_age

END = 8.0


def around(level: float, rows: int, seed: int, noise: float = 0.2) -> np.ndarray:
    return level + noise * np.random.default_rng(seed).normal(size=rows)


def judged(before: float, after: float, noise: float = 0.2, rows: int = 8) -> object:
    return verdict(
        around(2.0, 200, 1, noise), around(before, 12, 2, noise), around(after, rows, 3, noise), END
    )


@pytest.mark.parametrize(
    ("after", "repair"),
    [(2.1, Repair.RESTORED), (4.0, Repair.PARTLY), (6.5, Repair.NOT_RESTORED)],
)
def test_a_repair_is_judged_by_what_is_left_of_the_condition(after: float, repair: Repair) -> None:
    said = judged(7.0, after)
    assert isinstance(said, RepairVerdict)
    assert said.repair is repair
    assert said.before.level == pytest.approx(5 / 6, abs=0.05)
    assert said.left == pytest.approx((after - 2) / 5, abs=0.06)
    assert said.sure > 0.9


def test_a_level_that_was_falling_to_its_end_is_judged_alike() -> None:
    healthy, before, after = (around(v, n, n) for v, n in ((10.0, 150), (5.0, 10), (9.9, 9)))
    said = verdict(healthy, before, after, 4.0)
    assert isinstance(said, RepairVerdict)
    assert said.repair is Repair.RESTORED


def test_it_tells_before_and_after_in_words() -> None:
    said = judged(7.0, 4.0)
    assert isinstance(said, RepairVerdict)
    assert said.words == "partly restored: 83 % of the way to its end before, 32 % after"


@pytest.mark.parametrize(
    ("before", "after", "noise", "rows", "reason"),
    [
        (2.1, 2.0, 0.2, 8, "not_falling"),
        (7.0, 3.0, 0.2, 2, "too_short"),
        (7.0, 3.0, 0.2, 50, "learning"),
        (7.0, 3.0, 2.5, 3, "too_wide"),
    ],
)
def test_it_declines_where_nothing_can_be_told(
    before: float, after: float, noise: float, rows: int, reason: str
) -> None:
    said = judged(before, after, noise, rows)
    assert isinstance(said, CannotSay)
    assert said.reason == reason


def test_slow_wander_while_healthy_makes_it_less_sure() -> None:
    rng = np.random.default_rng(4)
    slow = np.repeat(rng.normal(0, 0.5, 30), 10)
    calm = verdict(around(2.0, 300, 1), around(7.0, 10, 2), around(3.4, 10, 3), END)
    wandering = verdict(around(2.0, 300, 1) + slow, around(7.0, 10, 2), around(3.4, 10, 3), END)
    assert isinstance(calm, RepairVerdict)
    assert isinstance(wandering, RepairVerdict)
    assert wandering.after.unsure > 2 * calm.after.unsure
    assert wandering.sure < calm.sure


def test_a_missing_reading_does_not_count() -> None:
    after = np.append(around(2.0, 5, 3), [np.nan] * 40)
    said = verdict(around(2.0, 200, 1), around(7.0, 10, 2), after, END)
    assert isinstance(said, RepairVerdict)


def test_type_one_repairs_leave_the_age_that_earlier_ones_had_left() -> None:
    assert virtual_age([1000, 500], [0.0, 0.0]) == 0
    assert virtual_age([1000, 500], [1.0, 1.0]) == 1500
    assert virtual_age([1000, 500], [0.5, 0.2], "II") == pytest.approx(0.2 * (500 + 500))
    assert virtual_age([1000, 500], [0.5, 0.2], "I") == pytest.approx(500 + 100)
