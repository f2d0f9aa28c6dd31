"""When a machine runs and how hard: shifts, weekends, the process's demand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.clock import DAY, HOUR, MINUTE, Instant, Span
from core.readings import Bools, Floats, Instants
from simulators.noise import key, normal, uniform, wander
from simulators.weather import local

_STARTING = 4 * MINUTE
_JITTER = 10 * MINUTE


class Shifts(StrEnum):
    """The working times that a machine may follow."""

    CONTINUOUS = "continuous"
    TWO_SHIFTS = "two_shifts"
    DAY_SHIFT = "day_shift"


_HOURS = {Shifts.TWO_SHIFTS: (6, 22, 6), Shifts.DAY_SHIFT: (7, 17, 5)}
"""From, until (hours of civil time), and how many days of the week, beginning on Monday."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What moves a machine at each moment.

    `running` is 0 or 1, `load` the share of its rating asked for while it runs, `rise` how far
    it has come up after a start (0 to 1), `air` the temperature around it in degrees Celsius.
    """

    running: Floats
    load: Floats
    rise: Floats
    air: Floats


@dataclass(frozen=True, slots=True)
class Loads:
    """Loads that a machine is run at in turn, `turn` at each; from `since` on at `then`, if set.

    All are shares of its rating.
    """

    levels: tuple[float, ...]
    turn: Span
    then: float | None = None
    since: Instant = 0

    def at(self, at: Instants) -> Floats:
        """Give the load that is asked for at each moment."""
        turns = at // self.turn % len(self.levels)
        asked: Floats = np.array(self.levels)[turns]
        return asked if self.then is None else np.where(at >= self.since, self.then, asked)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One machine's working life, the same for every question about the same moment.

    With `loads` the demand goes by these, and not by the hour.
    """

    shifts: Shifts
    zone: str
    key: int
    loads: Loads | None = None

    def _since_start(self, at: Instants) -> Instants:
        """Tell how long it has been running, in nanoseconds; negative while it stands."""
        if self.shifts is Shifts.CONTINUOUS:
            return np.full(len(at), DAY, np.int64)
        begin, end, days = _HOURS[self.shifts]
        civil = local(at, self.zone)
        day = civil // DAY
        late = (uniform(key(self.key, "begin"), day) * _JITTER).astype(np.int64)
        early = (uniform(key(self.key, "end"), day) * _JITTER).astype(np.int64)
        since = civil - day * DAY - begin * HOUR - late
        until = civil - day * DAY - end * HOUR + early
        works: Bools = ((day + 3) % 7 < days) & (since >= 0) & (until < 0)
        return np.where(works, since, -1)

    def running(self, at: Instants) -> tuple[Floats, Floats]:
        """Tell whether it runs (0 or 1) and how far it has come up (0 to 1)."""
        since = self._since_start(at)
        on = (since >= 0).astype(np.float64)
        return on, on * np.clip(since / _STARTING, 0.15, 1.0)

    def load(self, at: Instants) -> Floats:
        """Give the demand on the machine as a share of its rating, by the hour about 0.6 to 1."""
        if self.loads is not None:
            quick = wander(key(self.key, "quick"), at, 20 * MINUTE)
            jitter = normal(key(self.key, "jitter"), at)
            return self.loads.at(at) + 0.01 * quick + 0.005 * jitter
        civil = local(at, self.zone)
        day = np.sin(2.0 * np.pi * ((civil % DAY) / HOUR - 8.0) / 24.0)
        slow = wander(key(self.key, "slow"), at, 3 * HOUR)
        quick = wander(key(self.key, "quick"), at, 20 * MINUTE)
        jitter = normal(key(self.key, "jitter"), at)
        return np.clip(0.80 + 0.06 * day + 0.08 * slow + 0.04 * quick + 0.01 * jitter, 0.4, 1.1)

    def drive(self, at: Instants, air: Floats) -> Drive:
        """Put together all that moves the machine."""
        on, rise = self.running(at)
        return Drive(on, self.load(at) * on, rise, air)
