"""Repairs of a simulated fleet, looked at hour by hour, and what the verdict makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.life import CannotSay
from core.readings import Floats
from core.work import Work
from models.repair_verdict import RepairVerdict, verdict
from simulators.life_course import Done
from simulators.life_fleet import LifeFleet
from simulators.life_signs import WARM, Signs, measured

HEALTHY, BEFORE, AFTER = 240, 12, 12
"""Hours of running: healthy ones, and those before and after the work."""

_LOUDER = 2.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A repair in truth, and as it was judged."""

    done: Done
    said: RepairVerdict | CannotSay

    @property
    def right(self) -> bool:
        """Whether the verdict is the truth."""
        return isinstance(self.said, RepairVerdict) and str(self.said.repair) == self.done.outcome


def judged(fleet: LifeFleet, rng: np.random.Generator) -> list[Judged]:
    """Judge every repair of a fleet by some hours of running before and after."""
    return [
        Judged(done, _judged(fleet, done, rng))
        for done in fleet.course.work
        if done.work is Work.REPAIRED
    ]


def _judged(fleet: LifeFleet, done: Done, rng: np.random.Generator) -> RepairVerdict | CannotSay:
    """Make the hours around a repair, and judge the signal of the mode that was repaired."""
    of, machine = fleet.of, done.machine
    names = [mode.name for mode in of.modes]
    mode = names.index(done.mode)
    damage = np.repeat(fleet.course.damage[machine, None, done.day], HEALTHY + BEFORE + AFTER, 0)
    damage[:HEALTHY] = 0.0
    damage[HEALTHY + BEFORE :, mode] *= done.left
    hours = len(damage)
    load = np.clip(fleet.course.duty.load[machine, done.day] + 0.05 * rng.normal(size=hours), 0, 2)
    air = WARM + 4 * np.sin(np.arange(hours) * 2 * np.pi / 24)
    signs = Signs(of, fleet.signs.own[machine : machine + 1], fleet.signs.shows[machine, None])
    values = measured(signs, load[None], air, damage[None], rng, louder=_LOUDER)[0]
    signal = _condition(values, np.stack([load, air], axis=1), fleet, mode)
    parts = np.split(signal, [HEALTHY, HEALTHY + BEFORE])
    return verdict(parts[0], parts[1], parts[2], 1.0)


def _condition(values: Floats, beside: Floats, fleet: LifeFleet, mode: int) -> Floats:
    """Make one signal of the channels of a failure mode, 0 healthy and 1 at their thresholds.

    The thresholds are what the class declares, alike for all machines; each channel counts by how
    clearly it shows.
    """
    ends = fleet.of.modes[mode].signs
    places = [list(fleet.of.channels).index(name) for name in ends]
    rows = np.concatenate([np.ones((len(beside), 1)), beside], axis=1)
    factor = np.linalg.lstsq(rows[:HEALTHY], values[:HEALTHY, places], rcond=None)[0]
    left = values[:, places] - rows @ factor
    way = np.array(list(ends.values()))
    weight = (way / left[:HEALTHY].std(axis=0)) ** 2
    found: Floats = (left / way) @ (weight / weight.sum())
    return found
