"""The detector for series of which nothing is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import DAY, MINUTE
from core.plant import AssetClass, Channel, Mode, NamedDetector
from models.course import judge
from models.detector import Detector, Round, Scored, State
from models.registry import build
from models.single import Single, SingleSettings
from tests.plants import pump_class
from tests.rounds import START, assets, moments, pumps, take

STEP = 5 * MINUTE


def one(count: int = 1, **settings: object) -> Single:
    channels = (Channel("value"),)
    return Single(
        SingleSettings.model_validate(settings), AssetClass("series", channels), assets(count)
    )


def course(values: np.ndarray, begin: int = 0, locked: bool = False) -> Round:
    count = len(values)
    at = START + STEP * np.arange(begin, begin + count)
    running = np.full(count, Mode.RUNNING, np.int8)
    return Round(
        np.zeros(count, np.intp), at, values[:, None], running, locked=np.full(count, locked)
    )


def noise(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(20, 1, count)


def daily(days: int, seed: int = 1) -> np.ndarray:
    times = np.arange(days * 288) / 288
    return 10 * np.sin(2 * np.pi * times) + 0.3 * noise(days * 288, seed)


def scores(values: np.ndarray, **settings: object) -> np.ndarray:
    return judge(one(**settings), course(values)).value


def test_an_outlier_passes_the_line_at_once_and_is_news_once() -> None:
    values = noise(1000)
    values[800:803] = 60, 61, 60.5
    found = scores(values)
    assert found[800] > 1
    assert (found[801:803] < 1).all()


def test_a_shift_of_level_is_found_though_no_value_is_new() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.integers(0, 4, 2000), np.full(100, 3)])
    found = scores(values + rng.normal(0, 0.05, len(values)))
    assert np.nanmax(found[1500:2000]) < 1
    assert np.nanmax(found[2000:2060]) > 1


def test_the_wrong_time_of_day_is_found_though_no_value_is_new() -> None:
    values = daily(8)
    begin = 7 * 288 + 50
    values[begin : begin + 40] = values[7 * 288 + 200 : 7 * 288 + 240]
    found = scores(values)
    assert np.nanmax(found[4 * 288 : begin]) < 1
    assert np.nanmax(found[begin : begin + 20]) > 1


def test_a_weekday_that_is_like_a_sunday_is_found_though_sundays_are_so() -> None:
    times = np.arange(35 * 288) / 288
    works = (START // DAY + times).astype(int) % 7 < 5
    values = np.where(works, 10 * np.sin(np.pi * times) ** 2, 0.0) + 0.3 * noise(len(times))
    begin = int(np.flatnonzero(works[28 * 288 :])[0]) + 28 * 288 + 100
    values[begin : begin + 60] -= 10 * np.sin(np.pi * times[begin : begin + 60]) ** 2
    found = scores(values)
    assert np.nanmax(found[begin : begin + 60]) > 1


def test_a_finding_that_stands_keeps_the_score_and_what_is_normal() -> None:
    detector = one()
    judge(detector, course(noise(800)))
    held = judge(detector, course(np.full(9000, 40.0), begin=800, locked=True))
    assert (held.value > 1).all()
    after = judge(detector, course(noise(50, seed=2), begin=9800))
    assert (after.value < 1).all()


def test_whether_a_finding_stands_says_nothing_of_the_row_itself() -> None:
    free, held = one(), one()
    values = noise(900)
    values[700] = 60
    for detector in (free, held):
        judge(detector, course(values[:720]))
    again = np.array([61.0])
    told = [
        judge(detector, course(again, begin=720, locked=locked)).value[0]
        for detector, locked in ((free, False), (held, True))
    ]
    assert told[0] == told[1] < 1


def test_what_is_not_held_becomes_normal() -> None:
    values = noise(3000)
    values[1000:] += 30
    found = scores(values)
    assert np.nanmax(found[1000:1010]) > 1
    assert np.nanmax(found[1500:]) < 1


def test_nothing_is_said_before_the_warm_up() -> None:
    found = scores(noise(400), warmup=200)
    assert np.isnan(found[:200]).all()
    assert np.isfinite(found[200:]).all()


def test_a_line_that_is_rarer_lies_higher() -> None:
    values = noise(1000)
    values[900] = 26
    assert scores(values, one_in=1_000_000)[900] < scores(values, one_in=1000)[900]


@pytest.mark.parametrize(("factor", "offset"), [(1e-6, 0.0), (1000.0, -7e4), (-3.0, 2.0)])
def test_units_change_nothing_but_rounding(factor: float, offset: float) -> None:
    values = daily(5)
    values[1200:1210] += 15
    np.testing.assert_allclose(
        scores(values), scores(values * factor + offset), rtol=1e-3, atol=1e-3
    )


def test_gaps_and_flat_lines_are_survived() -> None:
    values = noise(900)
    values[200:400] = np.nan
    values[500:700] = 21.0
    found = scores(values)
    assert np.isnan(found[200:400]).all()
    assert np.isfinite(found[400:]).all()
    flat = scores(np.concatenate([np.full(500, 3.0), [3.1]]))
    assert (flat[150:500] == 0).all()
    assert flat[500] > 1


def same(left: Scored, right: Scored) -> bool:
    fields = ("value", "blame", "low", "high")
    return all(np.array_equal(getattr(left, f), getattr(right, f), equal_nan=True) for f in fields)


def equal(left: State, right: State) -> bool:
    return all(
        np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f")
        for name in left
    )


def test_a_course_gives_to_the_last_bit_what_its_rounds_give() -> None:
    def made() -> Detector:
        return build(NamedDetector("any", SingleSettings()), pump_class(), assets(3))

    whole, apart = made(), made()
    values = pumps(400, 3, wear=3.0)
    rounds = list(moments(values))
    stacked = Round(
        *(
            np.concatenate([getattr(r, f) for r in rounds])
            for f in ("asset", "at", "values", "mode")
        )
    )
    parts = [take(apart, rows) for rows in rounds]
    fields = ("value", "blame", "low", "high")
    joined = Scored(*(np.concatenate([getattr(part, f) for part in parts]) for f in fields))
    assert same(judge(whole, stacked), joined)
    assert equal(whole.state(), apart.state())


def test_a_channel_takes_less_than_20_kilobytes() -> None:
    kept = sum(array.nbytes for array in one().state().values())
    assert kept < 20 * 1024


def test_a_repeated_row_with_nothing_in_it_says_nothing() -> None:
    detector = one()
    judge(detector, course(noise(300)))
    empty = replace(course(np.array([np.nan]), begin=300), repeated=True)
    assert np.isnan(detector.score(empty).value).all()


def test_channels_left_out_take_no_part() -> None:
    settings = SingleSettings(ignore=("vibration",))
    detector = Single(settings, pump_class(), assets(1))
    values = pumps(300, 1)
    values[250:, :, 1] = 1e6
    verdicts = [take(detector, rows) for rows in moments(values)]
    assert all(said.blame[0, 1] == 0 for said in verdicts)
    with pytest.raises(ValueError, match="unknown channel 'vib'; known: speed, vibration"):
        Single(SingleSettings(ignore=("vib",)), pump_class(), assets(1))
