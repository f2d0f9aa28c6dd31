from __future__ import annotations

import numpy as np

from core.clock import DAY, HOUR
from simulators.faults import Drifting, Dropout, Stuck, Trouble
from simulators.harm import Ailment

AT = np.arange(0, 20 * DAY, HOUR, dtype=np.int64)
TENS = np.full(len(AT), 10.0)


def test_wear_is_nothing_before_its_onset_and_all_at_failure() -> None:
    wear = Trouble(Ailment.BEARING_WEAR, 5 * DAY, 15 * DAY)
    severity = wear.at(AT)
    assert not severity[AT <= 5 * DAY].any()
    assert severity[AT == 15 * DAY] == 1.0
    assert severity[AT == 10 * DAY] < 0.2
    assert wear.tripped(AT).tolist() == (AT > 15 * DAY).tolist()


def test_other_faults_grow_evenly_and_stay() -> None:
    clog = Trouble(Ailment.CLOGGED_FILTER, 5 * DAY, grows=2 * DAY, severity=0.8)
    severity = clog.at(AT)
    assert np.isclose(severity[AT == 6 * DAY], 0.4)
    assert (severity[AT >= 7 * DAY] == 0.8).all()
    assert not clog.tripped(AT).any()


def test_a_mended_machine_is_well_and_runs_again() -> None:
    wear = Trouble(Ailment.BEARING_WEAR, 2 * DAY, 4 * DAY, until=6 * DAY)
    assert wear.tripped(np.array([5 * DAY])).all()
    assert not wear.tripped(np.array([6 * DAY])).any()
    assert not wear.at(np.array([6 * DAY])).any()


def test_a_stuck_sensor_lies_only_while_it_is_stuck() -> None:
    shown = Stuck("flow", 5 * DAY, 6 * DAY).spoil(AT, TENS, 7.0, 0)
    lying = (AT >= 5 * DAY) & (AT < 6 * DAY)
    assert (shown[lying] == 7.0).all()
    assert (shown[~lying] == 10.0).all()


def test_a_drifting_sensor_runs_away_by_the_day() -> None:
    shown = Drifting("flow", 5 * DAY, -0.5).spoil(AT, TENS, 0.0, 0)
    assert (shown[AT <= 5 * DAY] == 10.0).all()
    assert np.isclose(shown[AT == 9 * DAY], 8.0)


def test_a_dropout_loses_the_share_it_says() -> None:
    shown = Dropout("flow", 5 * DAY, 15 * DAY, share=0.3).spoil(AT, TENS, 0.0, 99)
    inside = (AT >= 5 * DAY) & (AT < 15 * DAY)
    assert 0.2 < np.isnan(shown[inside]).mean() < 0.4
    assert not np.isnan(shown[~inside]).any()
