"""Faults laid over an asset's own past say what would be caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY, MINUTE, Instant
from core.drilled import Trial, smallest
from core.history import Columns
from service.backtest_past import Past
from service.drill import FAULTS, SIZES, drill

PUMP = "lahore/water/pump-01"
START = 1_700_000_000 // 86_400 * DAY
DAYS = 18


class Steady:
    """A pump whose channels scatter around where they are, and nothing else."""

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        assert asset == PUMP
        every = np.arange(START, START + DAYS * DAY, 30 * MINUTE, dtype=np.int64)
        rng = np.random.default_rng(1)
        middle = {"motor_current": 60.0, "vibration_rms": 1.6, "bearing_temp": 45.0}
        values = np.column_stack(
            [rng.normal(middle.get(name, 2.0), 0.05, len(every)) for name in channels]
        )
        part = slice(*np.searchsorted(every, (start, stop)))
        return Columns(tuple(channels), every[part], values[part])


def past() -> Past:
    shipped = load(SHIPPED).plant
    plant = replace(shipped, assets={PUMP: shipped.assets[PUMP]})
    return Past(Steady(), plant, (PUMP,), START, START + DAYS * DAY)


def test_large_faults_are_caught_and_named_and_the_asset_as_it_was_is_not_told_of() -> None:
    trials, anyway = drill(past(), PUMP)
    assert anyway == []
    tried = {(one.channel, one.fault, one.deviations) for one in trials}
    channels = {"vibration_rms", "bearing_temp", "suction_pressure", "discharge_pressure"}
    assert tried == {(c, f, s) for c in channels for f in FAULTS for s in SIZES}
    large = [one for one in trials if one.fault == "step" and one.deviations == 8]
    assert all(one.after is not None and one.after < DAY and one.named for one in large)


def test_the_smallest_is_that_from_which_on_all_are_caught() -> None:
    def trial(deviations: float, after: int | None) -> Trial:
        return Trial("a", "c", "step", deviations, deviations, after, named=True)

    caught = [trial(1, 5), trial(2, None), trial(4, 7), trial(8, 3)]
    assert smallest(caught) == {("c", "step"): caught[2]}
    assert smallest([trial(1, 5), trial(8, None)]) == {("c", "step"): None}
