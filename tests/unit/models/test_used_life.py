"""Life in hours run: a machine at standstill does not age, and a weekend puts its end off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rig.shifts import LASTS, MONDAY, WEEK, Shifts, followed
from core.clock import DAY, HOUR
from core.life import CannotSay, Remaining
from core.plant import AssetClass, Channel, Role
from core.readings import Floats
from models.degradation import Degradation, Mendable
from models.registry import build_health
from models.threshold import ThresholdSettings
from models.usage import UsageSettings
from models.used_life import UsedLife
from tests.rounds import assets, in_parts


def built(count: int = 1, *, used: bool = True) -> Degradation:
    model = build_health(followed(used=used), assets(count))
    assert model is not None
    return model


def told(model: Degradation, worked: Shifts, until: int) -> list[Remaining]:
    model.observe(worked.rows(until), {})
    said = [model.remaining(asset) for asset in range(len(worked.on))]
    return [one for one in said if isinstance(one, Remaining)]


def points(said: Sequence[Remaining]) -> Floats:
    return np.array([(one.p05, one.p50, one.p95) for one in said])


FRIDAY = MONDAY + 4 * WEEK + 4 * DAY + 22 * HOUR
"""When 400 hours have been run, and 200 are left: two weeks and a half."""


def test_what_is_left_in_hours_run_is_told_in_days_at_its_duty() -> None:
    model = built()
    (left,) = told(model, Shifts(1, 20), FRIDAY)
    assert isinstance(model, UsedLife)
    found = model.in_use(0, left)
    assert found is not None
    assert (found.unit, found.week) == ("h run", pytest.approx(80, rel=0.02))
    assert found.p50 == pytest.approx(200, rel=0.15)
    assert left.p50 == pytest.approx(2.5 * 168, rel=0.2)
    assert left.p05 < left.p50 < left.p95


def test_a_machine_at_standstill_does_not_age() -> None:
    """Over the weekend as much use is left, and the end comes nearer by the days that passed."""
    worked = Shifts(1, 20)
    model = built()
    (friday,) = told(model, worked, FRIDAY)
    assert isinstance(model, UsedLife)
    before = model.in_use(0, friday)
    other = built()
    (sunday,) = told(other, worked, FRIDAY + 2 * DAY)
    assert isinstance(other, UsedLife)
    after = other.in_use(0, sunday)
    assert before is not None and after is not None
    assert after.p50 == pytest.approx(before.p50, rel=0.01)
    assert sunday.p50 == pytest.approx(friday.p50 - 48, rel=0.02)


def test_a_longer_weekend_means_later() -> None:
    five = Shifts(1, 20)
    four = Shifts(1, 20)
    four.on &= (four.at - MONDAY) // DAY % 7 < 4
    four.reckon()
    at = MONDAY + 5 * WEEK
    ends = []
    for worked in (five, four):
        model = built()
        (left,) = told(model, worked, at)
        assert isinstance(model, UsedLife)
        used = model.in_use(0, left)
        assert used is not None
        ends.append(left.p50 / used.p50)
    assert ends[1] > 1.15 * ends[0]


def test_intervals_in_days_hold_the_end_though_weeks_differ() -> None:
    worked = Shifts(40, 24, seed=3, varies=0.8)
    said = told(built(40), worked, FRIDAY)
    assert len(said) == 40
    left = (worked.ends - FRIDAY) / HOUR
    early, _, late = points(said).T
    assert np.mean((early <= left) & (left <= late)) >= 0.85


def test_over_use_the_end_is_told_better_than_over_time() -> None:
    """The machine stood for two weeks; over time that looks as if its wear had slowed down."""
    worked = Shifts(20, 24, seed=4, stands=(2, 3))
    until = FRIDAY + 2 * WEEK
    off = []
    for used in (True, False):
        said = told(built(20, used=used), worked, until)
        assert len(said) == 20
        left = (worked.ends - until) / HOUR
        off.append(float(np.median(np.abs(points(said)[:, 1] - left))))
    assert off[0] < 0.8 * off[1]


def test_before_its_duty_is_known_nothing_is_said() -> None:
    model = built()
    worked = Shifts(1, 20)
    worked.vibration += 40 * worked.run / LASTS
    model.observe(worked.rows(MONDAY + 5 * DAY), {})
    found = model.remaining(0)
    assert isinstance(found, CannotSay)
    assert found.reason == "learning"
    assert "still learning its duty: 119 of 126 hours" in found.words


def test_a_machine_that_is_mended_keeps_its_duty() -> None:
    model = built()
    told(model, Shifts(1, 20), FRIDAY)
    model.forget(0)
    assert isinstance(model.remaining(0), CannotSay)
    assert isinstance(model, UsedLife)
    assert model.in_use(0, Remaining(1.0, 168.0, 400.0)) is not None


def test_how_rows_come_together_and_a_restart_change_no_bit() -> None:
    worked = Shifts(3, 8, seed=6, varies=0.5)
    rows = worked.rows(FRIDAY)
    whole, cut = built(3), built(3)
    told_at_once = whole.observe(rows, {})
    health = []
    for number, part in enumerate(in_parts(rows, 401)):
        if number == 3:
            again = built(3)
            again.restore(cut.state())
            cut = again
        health.append(cut.observe(part, {}))
    assert np.array_equal(np.concatenate(health), told_at_once, equal_nan=True)
    assert [whole.remaining(one) for one in range(3)] == [cut.remaining(one) for one in range(3)]
    assert "over h run, turned into days by its own weeks" in whole.basis(0)


def test_what_a_repair_came_to_can_be_judged_over_use_too() -> None:
    model = built()
    assert isinstance(model, Mendable)
    rows = Shifts(1, 20).rows(FRIDAY)
    model.observe(rows, {})
    assert model.signal(rows, {}).tolist() == rows.values[:, 1].tolist()
    way = model.way(0)
    assert way is not None
    model.mend(0)
    assert model.way(0) == way
    model.rebase(0, 3.0)
    assert model.way(0) == (3.0, way[1])


def test_a_life_in_kilometres_is_counted_by_the_odometer_and_told_in_days() -> None:
    """A truck drives 50 km in each hour that it runs: 10,000 km of 30,000 are left."""
    usage = UsageSettings(unit="km", channel="odometer", window=40_000)
    health = ThresholdSettings(channel="vibration", end=10.0, usage=usage)
    odometer = Channel("odometer", "km", role=Role.COUNTER)
    kind = AssetClass("truck", (odometer, Channel("vibration", "mm/s")), health=health)
    model = build_health(kind, assets(1))
    assert isinstance(model, UsedLife)
    worked = Shifts(1, 20)
    rows = worked.rows(FRIDAY)
    driven = 120_000 + 50 * worked.run[0, : len(rows.at)]
    driven[700:] -= driven[700]
    model.observe(replace(rows, values=np.stack([driven, rows.values[:, 1]], axis=1)), {})
    left = model.remaining(0)
    assert isinstance(left, Remaining)
    found = model.in_use(0, left)
    assert found is not None
    assert (found.unit, found.week) == ("km", pytest.approx(4000, rel=0.03))
    assert found.p50 == pytest.approx(10_000, rel=0.15)
    assert left.p50 == pytest.approx(2.5 * 168, rel=0.2)
