"""A fault that looks like a new load: a person is warned, and it is not learned as healthy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.alert import Change
from core.clock import DAY
from core.deviation import Movement
from core.plant import FailureMode, Plant, Sign
from core.readings import Floats
from service.backtest import Told
from service.finding import DATA
from tests.integration.test_regimes import Pump, day, played, pumps

ILL = FailureMode(
    "wear",
    "Wear",
    signs=(
        Sign("vibration", Movement.RISES),
        Sign("temperature", Movement.RISES),
        Sign("flow", Movement.FALLS),
    ),
)


def plant() -> Plant:
    made = pumps()
    known = {name: replace(one, failure_modes=(ILL,)) for name, one in made.classes.items()}
    return replace(made, classes=known)


class Straight(Pump):
    """The same pump without a resonance: all goes with the load, and from day 8 `shift` beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        now = np.arange(len(self.at)) * (self.at[1] - self.at[0]) / DAY
        load = np.where((now * 3).astype(int) % 2 == 1, 0.5, 0.8)
        third = (now >= self.third[0]) & (now < self.third[1])
        load[third] = 0.3
        noise = np.random.default_rng(1).normal(size=(len(now), 4)) * [5, 2, 0.1, 0.3]
        clean = [1500 * load, 200 * load, 2 + load, 20 + 40 * load]
        self.values = np.stack(clean, axis=1) + noise
        self.fault(now, self.values)


def data(told: Told) -> list[tuple[str, float | None]]:
    return [
        (one.severity, None if one.ended is None else day(one.ended))
        for one in told.episodes
        if one.group == DATA
    ]


def comes_with_the_load(now: Floats, values: Floats) -> None:
    values[now >= 8, 2] += 1.5


def comes_slowly(now: Floats, values: Floats) -> None:
    values[:, 3] -= np.clip(2 * (now - 8.5), 0, 8)


def test_a_new_load_that_all_goes_with_is_learned() -> None:
    [(_, ended)] = data(played(Straight(14, (8.0, 14.0)), plant()))
    assert ended is not None
    assert 9 <= ended <= 12


@pytest.mark.parametrize("fault", [comes_with_the_load, comes_slowly])
def test_a_fault_that_comes_with_a_new_load_is_a_warning_and_never_learned(
    fault: Callable[[Floats, Floats], None],
) -> None:
    told = played(Straight(14, (8.0, 14.0), fault), plant())
    assert data(told) == [("warning", None)]


def test_the_warning_comes_after_a_day_and_names_what_moved() -> None:
    told = played(Straight(14, (8.0, 14.0), comes_with_the_load), plant())
    raised = [one for one in told.transitions if one.change is Change.SEVERITY_RAISED]
    assert [9 < day(one.at) < 9.2 for one in raised] == [True]
    assert "With it moved: vibration 3." in raised[0].why
    asked = [one for one in told.transitions if one.change is Change.CAME_BACK]
    assert "It is not learned, since a fault may have done this." in asked[0].why


def test_what_is_doubted_is_the_same_at_once_and_entry_by_entry() -> None:
    pump = Straight(10, (8.0, 10.0), comes_with_the_load)
    at_once, as_live = (played(pump, plant(), one_by_one=one) for one in (False, True))
    assert at_once.transitions == as_live.transitions
