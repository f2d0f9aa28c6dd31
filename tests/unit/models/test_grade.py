from __future__ import annotations

import numpy as np
import pytest

from core.clock import HOUR, SECOND
from core.plant import Treatment
from models.grade import Grade, context, grade, used

ROWS = 600
TIMES = np.arange(ROWS, dtype=np.int64) * SECOND


def noise(seed: int = 1, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, rows)


def one(column: np.ndarray, at: np.ndarray = TIMES) -> Grade:
    """Grade a channel beside a sound one."""
    beside = np.random.default_rng(9).normal(0, 1, len(column))
    return grade(np.stack([column, beside], axis=1), at, ("x", "sound"))[0]


def test_a_channel_that_varies_is_used() -> None:
    found = one(noise())
    assert found.verdict is Treatment.USE
    assert found.figures.present == 1
    assert found.figures.every == 1
    assert found.figures.regimes == 1


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (np.full(ROWS, np.nan), "never says anything"),
        (np.full(ROWS, 7.5), "always 7.5"),
        (np.where(np.arange(ROWS) % 3 == 0, noise(), np.nan), "missing in 67% of the rows"),
        (np.cumsum(np.abs(noise())), "only rises, as a counter does"),
        (-np.cumsum(np.abs(noise())), "only falls, as a counter does"),
        (np.arange(ROWS) % 200 + 0.0, "only rises, as a counter does"),
        (np.where(np.arange(ROWS) < 400, 3.0, noise()), "stood still for 67% of the rows"),
    ],
)
def test_a_channel_that_teaches_nothing_is_left_out(column: np.ndarray, reason: str) -> None:
    found = one(column)
    assert found.verdict is Treatment.LEAVE_OUT
    assert reason in found.reason


def test_what_says_the_same_in_another_unit_is_left_out_once() -> None:
    celsius = 60 + noise()
    found = grade(np.stack([celsius, noise(2), celsius * 1.8 + 32], axis=1), TIMES, ("c", "o", "f"))
    assert [each.verdict for each in found] == ["use", "use", "leave_out"]
    assert found[2].reason == "says the same as c"
    assert used(found).tolist() == [True, True, False]


def test_what_runs_away_is_left_out_since_what_is_normal_is_not_known() -> None:
    found = one(0.05 * np.arange(ROWS) + noise())
    assert found.verdict is Treatment.LEAVE_OUT
    assert "slow way up" in found.reason


def test_a_setting_that_is_switched_explains_others() -> None:
    found = one(np.where(np.arange(ROWS) // 100 % 2 == 0, 1000.0, 1500.0))
    assert found.verdict is Treatment.CONTEXT
    assert found.figures.regimes == 2
    assert context((found,)).tolist() == [True]


def test_a_coarse_measurement_that_flickers_is_no_setting() -> None:
    assert one(np.where(noise() > 0.5, 33.0, 32.0)).verdict is Treatment.USE


def test_regimes_are_counted_and_one_cloud_is_one() -> None:
    levels = np.array([0.0, 40.0, 90.0])[np.arange(ROWS) // 50 % 3]
    assert one(levels + noise()).figures.regimes == 3
    assert one(np.exp(noise())).figures.regimes == 1
    assert one(np.random.default_rng(3).uniform(size=ROWS)).figures.regimes == 1


def test_what_follows_the_day_is_told() -> None:
    at = np.arange(24 * 10, dtype=np.int64) * HOUR
    daily = 10 * np.sin(2 * np.pi * np.arange(len(at)) / 24) + noise(4, len(at))
    assert one(daily, at).figures.daily > 0.8
    assert "time of day" in one(daily, at).reason
    assert one(noise(4, len(at)), at).figures.daily < 0.1


def test_gaps_are_counted_and_measured() -> None:
    at = TIMES.copy()
    at[300:] += HOUR
    figures = one(noise(), at).figures
    assert figures.gaps == 1
    assert figures.longest_gap == 3601


def test_saturation_is_told() -> None:
    found = one(np.minimum(noise(), 0.3))
    assert found.verdict is Treatment.USE
    assert "at the end of its range in" in found.reason


def test_where_nothing_sound_is_there_what_moves_is_used() -> None:
    ramp = 0.05 * np.arange(ROWS) + noise()
    found = grade(np.stack([ramp, np.ones(ROWS)], axis=1), TIMES, ("ramp", "still"))
    assert [each.verdict for each in found] == ["use", "leave_out"]
    assert found[0].reason.startswith("there is nothing better: 9")


def test_a_person_overrules_and_the_reason_says_so() -> None:
    found = grade(np.full((ROWS, 1), 7.5), TIMES, ("x",), [Treatment.USE])[0]
    assert found.verdict is Treatment.USE
    assert found.reason == "by configuration, although always 7.5"


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_hardly_any_rows_are_survived(rows: int) -> None:
    assert len(grade(np.ones((rows, 2)), TIMES[:rows], ("a", "b"))) == 2


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_tiny_and_huge_numbers_are_survived(scale: float) -> None:
    assert one(noise() * scale).verdict is Treatment.USE
    found = grade(np.stack([noise(), noise(2)], axis=1) * scale, TIMES, ("a", "b"))
    assert [each.verdict for each in found] == ["use", "use"]


def test_infinities_count_as_missing() -> None:
    column = noise()
    column[:60] = np.inf
    assert one(column).figures.present == pytest.approx(0.9)
