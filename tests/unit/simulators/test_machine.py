from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from core.clock import DAY, MINUTE, from_datetime
from core.errors import Refused
from core.plant import Asset, Site
from core.readings import Floats
from simulators.faults import Fault, Stuck, Trouble
from simulators.harm import Ailment
from simulators.machine import KINDS, Machine
from simulators.schedule import Shifts

NOW = from_datetime(datetime(2026, 11, 24, 9, tzinfo=UTC))
MONTH = NOW + np.arange(-30 * 288, 0, dtype=np.int64) * 5 * MINUTE
SITE = Site("lahore", "Asia/Karachi")


def machine(kind: str, *faults: Fault, shifts: Shifts | None = None, seed: int = 3) -> Machine:
    return Machine(Asset("lahore", "hall", "m1", kind), SITE, seed, faults, shifts)


def column(one: Machine, values: Floats, name: str) -> Floats:
    return values[:, one.channels.index(name)]


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("seed", range(6))
def test_a_healthy_machine_stays_in_its_zone(kind: str, seed: int) -> None:
    one = machine(kind, seed=seed)
    values = one.readings(MONTH)
    on = column(one, values, "motor_current") > 0
    vibration = column(one, values, "vibration_rms")
    settled = on & np.roll(on, 1)
    settled[0] = False
    assert vibration[settled].min() > 1.1
    assert vibration[settled].max() < 2.4
    assert 1.2 < np.median(vibration[on]) < 2.2
    assert np.isfinite(values).all()
    assert values.min() >= 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_machine_that_stands_is_still_and_cools_to_the_air(kind: str) -> None:
    one = machine(kind, shifts=Shifts.DAY_SHIFT)
    values = one.readings(MONTH)
    off = column(one, values, "motor_current") == 0
    assert 0.6 < off.mean() < 0.8
    assert column(one, values, "vibration_rms")[off].max() < 0.2
    for name in {"speed", "flow"} & set(one.channels):
        assert not column(one, values, name)[off].any()
    long_off = off & np.roll(off, 48)
    long_off[:48] = False
    name = "oil_temp" if kind == "compressor" else "bearing_temp"
    warmer = column(one, values, name) - column(one, values, "ambient_temp")
    assert np.abs(warmer[long_off]).max() < 2.5
    assert warmer[~off].max() > 20


@pytest.mark.parametrize(
    ("kind", "follows"),
    [
        ("centrifugal_pump", {"flow": 1, "suction_pressure": -1, "speed": -1, "bearing_temp": 1}),
        ("electric_motor", {"speed": -1, "winding_temp": 1}),
        ("compressor", {"flow": 1, "discharge_pressure": -1, "discharge_temp": 1}),
    ],
)
def test_load_drives_everything_the_way_it_should(kind: str, follows: dict[str, int]) -> None:
    one = machine(kind, shifts=Shifts.CONTINUOUS)
    values = one.readings(MONTH)
    current = column(one, values, "motor_current")
    for name, sign in follows.items():
        assert sign * np.corrcoef(current, column(one, values, name))[0, 1] > 0.3, name
    assert np.corrcoef(current, column(one, values, "vibration_rms"))[0, 1] > 0.2


def test_the_same_seed_repeats_and_another_does_not() -> None:
    first, again = machine("compressor"), machine("compressor")
    assert np.array_equal(first.readings(MONTH), again.readings(MONTH))
    assert not np.array_equal(first.readings(MONTH), machine("compressor", seed=4).readings(MONTH))


@pytest.mark.parametrize("kind", list(KINDS))
def test_one_reading_alone_is_the_same_as_within_the_month(kind: str) -> None:
    wear = Trouble(Ailment.BEARING_WEAR, NOW - 20 * DAY, NOW + DAY)
    month = machine(kind, wear).readings(MONTH)
    alone = machine(kind, wear)
    for row in (0, 100, 5000, len(MONTH) - 1):
        assert np.array_equal(alone.readings(MONTH[row : row + 1])[0], month[row])


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_worn_bearing_reaches_the_failing_level_when_it_fails_and_then_stands(kind: str) -> None:
    failure = NOW - 3 * DAY
    wear = Trouble(Ailment.BEARING_WEAR, NOW - 20 * DAY, failure)
    one = machine(kind, wear, shifts=Shifts.CONTINUOUS)
    healthy = machine(kind, shifts=Shifts.CONTINUOUS)
    around = failure + np.arange(-12, 13, dtype=np.int64) * 5 * MINUTE
    values = one.readings(around)
    vibration = column(one, values, "vibration_rms")
    assert abs(vibration[7:13].mean() - 8.3) < 0.5
    assert column(one, values, "motor_current")[12] > 0
    assert column(one, values, "motor_current")[13] == 0
    assert vibration[13:].max() < 0.2
    warm = "oil_temp" if kind == "compressor" else "bearing_temp"
    excess = column(one, values, warm) - column(one, healthy.readings(around), warm)
    assert excess[12] > 7


def test_wear_grows_ever_faster() -> None:
    wear = Trouble(Ailment.BEARING_WEAR, NOW - 20 * DAY, NOW)
    one = machine("electric_motor", wear, shifts=Shifts.CONTINUOUS)
    daily = column(one, one.readings(MONTH), "vibration_rms").reshape(30, 288).mean(axis=1)
    assert daily[:10].max() < 1.9
    worn = daily[11:]
    assert (np.diff(worn)[5:] > 0).all()
    assert np.diff(worn)[-1] > 4 * np.diff(worn)[8]


@pytest.mark.parametrize(
    ("ailment", "kind", "changes"),
    [
        (
            Ailment.CAVITATION,
            "centrifugal_pump",
            {"vibration_rms": 1.5, "flow": -5, "suction_pressure": -0.2, "motor_current": -1},
        ),
        (
            Ailment.MISALIGNMENT,
            "electric_motor",
            {"vibration_rms": 1.2, "bearing_temp": 4, "motor_current": 0.3},
        ),
        (
            Ailment.CLOGGED_FILTER,
            "centrifugal_pump",
            {"suction_pressure": -0.3, "flow": -8, "motor_current": -2},
        ),
        (Ailment.CLOGGED_FILTER, "compressor", {"flow": -40, "discharge_temp": 5}),
        (Ailment.CLOGGED_FILTER, "electric_motor", {"winding_temp": 15, "bearing_temp": 3}),
        (Ailment.OVERHEATING, "centrifugal_pump", {"bearing_temp": 20}),
        (Ailment.OVERHEATING, "electric_motor", {"winding_temp": 25, "bearing_temp": 6}),
        (Ailment.OVERHEATING, "compressor", {"discharge_temp": 18, "oil_temp": 12}),
    ],
)
def test_a_fault_shows_on_the_channels_it_should(
    ailment: Ailment, kind: str, changes: dict[str, float]
) -> None:
    trouble = Trouble(ailment, NOW - 20 * DAY, grows=2 * DAY)
    sick = machine(kind, trouble, shifts=Shifts.CONTINUOUS)
    sound = machine(kind, shifts=Shifts.CONTINUOUS)
    difference = (sick.readings(MONTH) - sound.readings(MONTH))[-15 * 288 :].mean(axis=0)
    for name, least in changes.items():
        shown = difference[sick.channels.index(name)]
        assert shown / least > 1, (name, shown)
    assert difference[sick.channels.index("ambient_temp")] == 0


def test_a_stuck_sensor_repeats_what_it_last_showed_and_the_others_go_on() -> None:
    onset = int(MONTH[4000])
    one = machine("compressor", Stuck("flow", onset), shifts=Shifts.CONTINUOUS)
    sound = machine("compressor", shifts=Shifts.CONTINUOUS).readings(MONTH)
    values = one.readings(MONTH)
    flow = column(one, values, "flow")
    assert np.array_equal(flow[:4000], column(one, sound, "flow")[:4000])
    assert (flow[4000:] == column(one, sound, "flow")[4000]).all()
    others = [i for i, name in enumerate(one.channels) if name != "flow"]
    assert np.array_equal(values[:, others], sound[:, others])


def test_a_class_without_physics_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"'conveyor'; known: centrifugal_pump"):
        machine("conveyor")


def test_a_dozen_machines_make_thirty_days_in_a_second_or_so() -> None:
    import time

    began = time.process_time()
    for number in range(12):
        machine(list(KINDS)[number % 3], seed=number).readings(MONTH)
    assert time.process_time() - began < 3


def test_shifts_are_drawn_from_what_is_usual_for_the_kind() -> None:
    drawn = {machine("electric_motor", seed=seed).shifts for seed in range(20)}
    assert drawn == {Shifts.TWO_SHIFTS, Shifts.DAY_SHIFT}
    assert machine("electric_motor", shifts=Shifts.CONTINUOUS).shifts is Shifts.CONTINUOUS
