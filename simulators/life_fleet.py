"""A fleet of machines that live, wear, fail and are mended, over years, made within seconds.

For learning remaining life from: a row for each day a machine ran, its failures and the work on it.
Machines are older than the record, so that lives have begun before it; some come new within it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from simulators.life_class import LIFE_CLASSES, LifeClass, life_class
from simulators.life_course import Course, Player
from simulators.life_duty import duty
from simulators.life_signs import Signs, measured, signs
from simulators.life_upkeep import Upkeep
from simulators.noise import key

YEAR = 365.25
"""Days."""

_BEFORE = 730
"""Days that are played before the record begins, so that it does not begin with new machines."""

_NEW = 0.2
_COMES_BY = 0.7
_LOST = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class LifeFleet:
    """The machines of one class: their course, and what their sensors said.

    `values[machine, day, channel]`; NaN where nothing came. The record begins on day `since`.
    """

    of: LifeClass
    course: Course
    signs: Signs
    values: Floats
    since: int

    def name(self, machine: int) -> str:
        """Name a machine."""
        return f"{self.of.short}-{machine + 1:03d}"

    def unit(self, machine: int, life: int) -> str:
        """Name one life of a machine."""
        return f"{self.name(machine)}/{life + 1}"


def life_fleet(
    name: str, machines: int, years: float, seed: int, upkeep: Upkeep | None = None
) -> LifeFleet:
    """Make the machines of a class; Refused where the class cannot be simulated.

    The same arguments give the same fleet, number for number.
    """
    of = life_class(name)
    rng = np.random.default_rng(key(seed, "life", name))
    days = _BEFORE + round(years * YEAR)
    used = duty(machines, days, rng)
    begins = rng.integers(0, _BEFORE, machines)
    fresh = rng.random(machines) < _NEW
    begins[fresh] = rng.integers(_BEFORE, _BEFORE + int(_COMES_BY * years * YEAR) + 1, fresh.sum())
    course = Player(of, used, begins, upkeep or Upkeep(), rng).play()
    own = signs(of, machines, rng)
    values = measured(own, used.load, used.air, course.damage, rng)
    values[rng.random(values.shape) < _LOST] = np.nan
    return LifeFleet(of, course, own, values, _BEFORE)


def life_fleets(
    names: tuple[str, ...], machines: int, years: float, seed: int
) -> Iterator[LifeFleet]:
    """Share some machines among classes (all where none is named), as evenly as can be."""
    names = names or tuple(LIFE_CLASSES)
    for place, name in enumerate(names):
        share = machines // len(names) + (place < machines % len(names))
        if share:
            yield life_fleet(name, share, years, seed)
