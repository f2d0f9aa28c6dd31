"""The damage of a simulated fleet: what use does to each failure mode, and what a repair undoes.

Progress from onset to failure is a gamma process, which never goes back (J. M. van Noortwijk:
A survey of the application of gamma processes in maintenance, RESS 94, 2009).
"""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats
from simulators.life_class import LifeMode, Use

STEADY = 250.0
"""How even wear is: the variance of progress over a whole life is one part in so many."""

_TYPICAL = 0.75
_END_SPREAD = 0.06


class Wear:
    """The state of every failure mode of every machine, arrays `[machine, mode]`."""

    def __init__(
        self, modes: tuple[LifeMode, ...], machines: int, rng: np.random.Generator
    ) -> None:
        self._modes, self._rng = modes, rng
        self._by_hours = np.array([mode.use is Use.HOURS for mode in modes])
        self._stress = np.array([mode.stress for mode in modes])
        self._growth = np.array([mode.growth or 1e-6 for mode in modes])
        shape = (machines, len(modes))
        self._wait, self._takes = np.empty(shape), np.empty(shape)
        self._progress, self._end = np.zeros(shape), np.empty(shape)
        for machine in range(machines):
            for mode in range(len(modes)):
                self.renew(machine, mode)

    @property
    def damage(self) -> Floats:
        """Return the damage: 0 as new; about 1 where a machine fails."""
        grown: Floats = np.expm1(self._growth * self._progress) / np.expm1(self._growth)
        return grown

    @property
    def failed(self) -> Bools:
        """Tell which modes have reached their end."""
        return self.damage >= self._end

    def use(self, hours: Floats, starts: Floats, load: Floats) -> None:
        """Wear all machines by a day's use, arrays `[machine]`."""
        used = np.where(self._by_hours, hours[:, None], starts[:, None])
        used = used * (load[:, None] / _TYPICAL) ** self._stress
        waited = np.minimum(self._wait, used)
        self._wait -= waited
        mean = (used - waited) / self._takes
        self._progress += self._rng.gamma(mean * STEADY) / STEADY

    def renew(self, machine: int, mode: int) -> None:
        """Make one mode of a machine as new."""
        of, rng = self._modes[mode], self._rng
        self._wait[machine, mode] = of.onset * rng.weibull(of.shape)
        self._takes[machine, mode] = of.takes * np.exp(of.spread * rng.normal())
        self._end[machine, mode] = np.exp(_END_SPREAD * rng.normal())
        self._progress[machine, mode] = 0.0

    def repair(self, machine: int, mode: int, left: float) -> None:
        """Leave a share of a mode's damage; with none left it is as new."""
        if left <= 0:
            self.renew(machine, mode)
            return
        growth = self._growth[mode]
        damage = min(float(self.damage[machine, mode]), float(self._end[machine, mode])) * left
        self._progress[machine, mode] = np.log1p(damage * np.expm1(growth)) / growth
