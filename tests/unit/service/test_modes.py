from __future__ import annotations

import numpy as np

from core.clock import MINUTE
from core.plant import Mode, ModeRule
from service.modes import ModeWatch

NAN = float("nan")
RULE = ModeRule("speed", off_below=10, running_above=100, starting_for=2 * MINUTE)


def played(rule: ModeRule, speeds: list[float], hold: int = 3 * MINUTE) -> list[Mode]:
    watch = ModeWatch(rule, ("speed", "flow"), 1, hold)
    return [
        Mode(watch.update(np.array([0]), np.array([k * MINUTE]), np.array([[speed, 1.0]]))[0])
        for k, speed in enumerate(speeds)
    ]


def test_a_machine_without_an_operating_channel_always_runs() -> None:
    assert played(ModeRule(), [NAN, 0]) == [Mode.RUNNING, Mode.RUNNING]


def test_the_operating_channel_tells_off_idle_and_running() -> None:
    rule = ModeRule("speed", off_below=10, running_above=100)
    assert played(rule, [0, 10, 99, 100]) == [Mode.OFF, Mode.IDLE, Mode.IDLE, Mode.RUNNING]


def test_a_machine_that_comes_up_is_starting_for_a_while() -> None:
    assert played(RULE, [0, 150, 150, 150, 50, 150]) == [
        Mode.OFF,
        Mode.STARTING,
        Mode.STARTING,
        Mode.RUNNING,
        Mode.IDLE,
        Mode.STARTING,
    ]


def test_a_missing_channel_holds_the_mode_for_a_while_and_then_nothing_is_known() -> None:
    assert played(RULE, [0, NAN, NAN, NAN, NAN, 0]) == [
        Mode.OFF,
        Mode.OFF,
        Mode.OFF,
        Mode.OFF,
        Mode.UNKNOWN,
        Mode.OFF,
    ]


def test_the_mode_of_one_asset_is_not_that_of_another() -> None:
    watch = ModeWatch(RULE, ("speed",), 3, MINUTE)
    watch.update(np.array([2, 0]), np.array([0, 0]), np.array([[0.0], [50.0]]))
    assert watch.mode.tolist() == [Mode.IDLE, Mode.UNKNOWN, Mode.OFF]


def test_modes_go_on_where_they_were_saved() -> None:
    first, second = (ModeWatch(RULE, ("speed",), 1, MINUTE) for _ in range(2))
    first.update(np.array([0]), np.array([0]), np.array([[150.0]]))
    second.restore({name: array.copy() for name, array in first.state().items()})
    row = (np.array([0]), np.array([MINUTE]), np.array([[150.0]]))
    assert first.update(*row)[0] == second.update(*row)[0] == Mode.STARTING
