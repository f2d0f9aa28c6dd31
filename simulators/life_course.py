"""Plays a simulated fleet day by day: use, wear, failures, looks at planned stops, repairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from core.work import Work
from simulators.life_class import LifeClass
from simulators.life_duty import Duty
from simulators.life_upkeep import Outcome, Upkeep
from simulators.life_wear import Wear

Whole = NDArray[np.int64]
NONE = -1
"""Stands where a machine has no life: not there yet, or standing."""


@dataclass(frozen=True, slots=True)
class Life:
    """One stretch of a machine between two repairs; days count from the begin of the play.

    `failed` is False where work came before the failure, or the record ended. `new` says that the
    machine was new, rather than repaired; `left` is the share of damage that the repair had left.
    """

    machine: int
    number: int
    first: int
    last: int
    hours: float
    starts: float
    failed: bool
    mode: str
    new: bool
    left: float


@dataclass(frozen=True, slots=True)
class Done:
    """One piece of work, at the end of a day; `outcome` and `left` are the truth of it."""

    machine: int
    day: int
    work: Work
    mode: str
    routine: bool
    failure: bool
    outcome: str = ""
    left: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What became of the machines: arrays `[machine, day]`, `damage[machine, day, mode]`.

    `life` is the number of the machine's life on a day, `NONE` where it did not run; `hours` and
    `starts` are those since that life began.
    """

    of: LifeClass
    duty: Duty
    damage: Floats
    life: Whole
    hours: Floats
    starts: Floats
    lives: tuple[Life, ...]
    work: tuple[Done, ...]


class Player:
    """Holds the state while a fleet is played; `begins[machine]` is the day it is put up."""

    def __init__(
        self, of: LifeClass, duty: Duty, begins: Whole, upkeep: Upkeep, rng: np.random.Generator
    ) -> None:
        machines, days = duty.hours.shape
        self._of, self._duty, self._upkeep, self._rng = of, duty, upkeep, rng
        self._wear = Wear(of.modes, machines, rng)
        self._stands = begins.copy()
        self._number = np.zeros(machines, np.int64)
        self._first = begins.copy()
        self._hours, self._starts = np.zeros(machines), np.zeros(machines)
        self._new, self._left = np.ones(machines, np.bool_), np.zeros(machines)
        self._total = np.zeros(machines)
        self._phase = rng.integers(0, upkeep.stop_every, machines)
        self._damage = np.zeros((machines, days, len(of.modes)))
        self._life = np.full((machines, days), NONE, np.int64)
        self._since = np.zeros((2, machines, days))
        self._lives: list[Life] = []
        self._work: list[Done] = []

    def play(self) -> Course:
        """Play all days."""
        machines, days = self._duty.hours.shape
        for day in range(days):
            self._day(day)
        for machine in range(machines):
            if self._first[machine] < days:
                self._close(machine, days - 1, failed=False, mode="")
        return Course(
            self._of, self._duty, self._damage, self._life, self._since[0], self._since[1],
            tuple(self._lives), tuple(self._work),
        )  # fmt: skip

    def _day(self, day: int) -> None:
        up = self._stands <= day
        hours = np.where(up, self._duty.hours[:, day], 0.0)
        starts = np.where(up, self._duty.starts[:, day], 0.0)
        self._wear.use(hours, starts, self._duty.load[:, day])
        self._hours += hours
        self._starts += starts
        self._total += hours
        self._damage[:, day] = self._wear.damage
        self._life[:, day] = np.where(hours > 0, self._number, NONE)
        self._since[:, :, day] = self._hours, self._starts
        broken = self._wear.failed.any(axis=1) & (hours > 0)
        for machine in np.flatnonzero(broken):
            self._mend(int(machine), day, self._worst(int(machine)), failure=True)
        if self._upkeep.planned:
            self._stop(day, up & ~broken)

    def _worst(self, machine: int) -> int:
        return int(np.argmax(self._wear.damage[machine]))

    def _stop(self, day: int, up: Bools) -> None:
        due = up & ((day - self._phase) % self._upkeep.stop_every == 0) & (self._hours > 0)
        for machine in np.flatnonzero(due):
            mode = self._worst(int(machine))
            if self._upkeep.finds(float(self._wear.damage[machine, mode]), self._rng):
                self._mend(int(machine), day, mode, failure=False)
            elif self._total[machine] > self._upkeep.overhaul:
                self._renew(int(machine), day, "", failure=False)
            else:
                self._work.append(Done(int(machine), day, Work.INSPECTED, "", True, False))

    def _mend(self, machine: int, day: int, mode: int, *, failure: bool) -> None:
        """Repair or replace a machine, which ends its life."""
        name = self._of.modes[mode].name
        if self._upkeep.replaces(self._rng):
            self._renew(machine, day, name, failure=failure)
            return
        outcome, left = self._upkeep.outcome(self._rng)
        self._close(machine, day, failed=failure, mode=name if failure else "")
        self._wear.repair(machine, mode, left)
        self._new[machine], self._left[machine] = False, left
        self._work.append(
            Done(machine, day, Work.REPAIRED, name, False, failure, str(outcome), left)
        )
        self._stand(machine, day, failure=failure)

    def _renew(self, machine: int, day: int, name: str, *, failure: bool) -> None:
        self._close(machine, day, failed=failure, mode=name if failure else "")
        for mode in range(len(self._of.modes)):
            self._wear.renew(machine, mode)
        self._new[machine], self._left[machine], self._total[machine] = True, 0.0, 0.0
        said = str(Outcome.RESTORED)
        self._work.append(Done(machine, day, Work.REPLACED, name, not name, failure, said))
        self._stand(machine, day, failure=failure)

    def _close(self, machine: int, day: int, *, failed: bool, mode: str) -> None:
        self._lives.append(
            Life(
                machine,
                int(self._number[machine]),
                int(self._first[machine]),
                day,
                float(self._hours[machine]),
                float(self._starts[machine]),
                failed,
                mode,
                bool(self._new[machine]),
                float(self._left[machine]),
            )
        )
        self._number[machine] += 1
        self._hours[machine] = self._starts[machine] = 0.0

    def _stand(self, machine: int, day: int, *, failure: bool) -> None:
        longest = self._upkeep.stands if failure else 1
        self._stands[machine] = day + 1 + int(self._rng.integers(1, longest + 1))
        self._first[machine] = self._stands[machine]
