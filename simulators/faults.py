"""Faults to inject: wear and trouble of the machine, lies and silence of its sensors.

Each is a block of settings with pure functions of time. Times are instants here; a scenario's
relative times (`-16d`) are resolved before these are built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from core.clock import DAY, HOUR, Instant, Span
from core.readings import Bools, Floats, Instants
from models.faults import drift, dropout, wear
from simulators.harm import Ailment
from simulators.noise import uniform


@dataclass(frozen=True, slots=True)
class Trouble:
    """A physical fault. It ends in failure at `failure`, or stays at `severity` once grown.

    Bearing wear grows exponentially from onset to failure; all others grow evenly over `grows`,
    or up to the failure where there is one. A failed machine trips and stays off. At `until`
    the fault is mended.
    """

    ailment: Ailment
    onset: Instant
    failure: Instant | None = None
    until: Instant | None = None
    grows: Span = 3 * DAY
    severity: float = 1.0
    vibration_at_failure: float = 8.3

    def at(self, at: Instants) -> Floats:
        """Give the severity at each moment, 0 to 1."""
        end = self.onset + self.grows if self.failure is None else self.failure
        part = np.clip((at - self.onset) / max(end - self.onset, 1), 0.0, 1.0)
        if self.ailment is Ailment.BEARING_WEAR:
            part = wear(part)
        grown = part * (1.0 if self.failure is not None else self.severity)
        return grown if self.until is None else np.where(at < self.until, grown, 0.0)

    def tripped(self, at: Instants) -> Bools:
        """Tell at which moments the machine has failed and stands still."""
        if self.failure is None:
            return np.zeros(len(at), np.bool_)
        down = at > self.failure
        return down if self.until is None else down & (at < self.until)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A sensor that goes on showing what it showed at the onset."""

    channel: str
    onset: Instant
    until: Instant | None = None

    def spoil(self, at: Instants, values: Floats, at_onset: float, _key: int) -> Floats:
        """Give what the sensor shows in place of the measured values."""
        return np.where(_within(at, self.onset, self.until), at_onset, values)


@dataclass(frozen=True, slots=True)
class Drifting:
    """A sensor whose zero moves by `per_day`, in the channel's unit."""

    channel: str
    onset: Instant
    per_day: float
    until: Instant | None = None

    def spoil(self, at: Instants, values: Floats, _at_onset: float, _key: int) -> Floats:
        """Give what the sensor shows in place of the measured values."""
        drifted = drift(values, (at - self.onset) / HOUR, 0.0, self.per_day / 24.0)
        return np.where(_within(at, self.onset, self.until), drifted, values)


@dataclass(frozen=True, slots=True)
class Dropout:
    """A share of readings that lack the channel, or that never come where it is None."""

    channel: str | None
    onset: Instant
    until: Instant | None = None
    share: float = 1.0

    def spoil(self, at: Instants, values: Floats, _at_onset: float, key: int) -> Floats:
        """Give the values with some of them gone (NaN)."""
        lost = _within(at, self.onset, self.until) & (uniform(key, at) < self.share)
        return dropout(values, lost)


SensorFault: TypeAlias = Stuck | Drifting | Dropout
Fault: TypeAlias = Trouble | SensorFault


def _within(at: Instants, onset: Instant, until: Instant | None) -> Bools:
    begun: Bools = at >= onset
    return begun if until is None else begun & (at < until)
