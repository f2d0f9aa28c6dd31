"""What each kind of machine must tell the simulator about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.clock import Span
from core.readings import Floats
from simulators.harm import Ailment, Harm
from simulators.noise import key, uniform
from simulators.schedule import Drive


@dataclass(frozen=True, slots=True)
class Sensor:
    """How a channel is measured: its noise (standard deviation), its digits, its floor.

    `relative` noise grows with the value, `noise` does not.
    """

    noise: float
    digits: int
    relative: float = 0.0
    floor: float = 0.0


class Physics(Protocol):
    """One machine's physics: temperatures that lag, and all else that follows at once."""

    @property
    def sensors(self) -> Mapping[str, Sensor]:
        """Its channels in column order, and how each is measured."""
        ...

    @property
    def lagging(self) -> tuple[str, ...]:
        """Channels that warm up and cool down slowly."""
        ...

    @property
    def constants(self) -> tuple[Span, ...]:
        """The time constant of each lagging channel."""
        ...

    @property
    def ailments(self) -> frozenset[Ailment]:
        """What can go wrong with it."""
        ...

    def balance(self, drive: Drive, harm: Harm) -> Floats:
        """Give the temperatures that would settle, one column per name in `lagging`."""
        ...

    def follow(self, drive: Drive, harm: Harm) -> dict[str, Floats]:
        """Give every channel that follows without lag."""
        ...


def vary(of: int, name: str, middle: float, spread: float) -> float:
    """Draw this machine's own value of a design figure, within ±`spread` of `middle`."""
    draw = float(uniform(key(of, "design", name), np.zeros(1, np.int64))[0])
    return middle * (1.0 + spread * (2.0 * draw - 1.0))


AIR = Sensor(noise=0.15, digits=2, floor=-60.0)
VIBRATION = Sensor(noise=0.01, relative=0.03, digits=3)
WARM = Sensor(noise=0.2, digits=2, floor=-60.0)
