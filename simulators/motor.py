"""An electric motor on the mains, driving something whose demand varies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from core.clock import HOUR, MINUTE, Span
from core.readings import Floats
from simulators.harm import Ailment, Harm
from simulators.noise import wander
from simulators.physics import AIR, VIBRATION, WARM, Sensor, vary
from simulators.schedule import Drive
from simulators.vibration import vibration


class Motor:
    """One motor: current follows load and the mains, the winding warms with its square."""

    sensors: Mapping[str, Sensor] = MappingProxyType(
        {
            "motor_current": Sensor(noise=0.25, digits=2),
            "speed": Sensor(noise=0.6, digits=1),
            "winding_temp": WARM,
            "bearing_temp": WARM,
            "vibration_rms": VIBRATION,
            "ambient_temp": AIR,
            "supply_voltage": Sensor(noise=0.6, digits=1),
        }
    )
    lagging: tuple[str, ...] = ("winding_temp", "bearing_temp")
    constants: tuple[Span, ...] = (25 * MINUTE, 20 * MINUTE)
    ailments: frozenset[Ailment] = frozenset(Ailment) - {Ailment.CAVITATION}

    def __init__(self, key: int) -> None:
        self.key = key
        self.current = vary(key, "current", 84.0, 0.15)
        self.level = vary(key, "level", 1.55, 0.10)
        self.winding = vary(key, "winding", 58.0, 0.10)
        self.warmth = vary(key, "warmth", 27.0, 0.10)

    def balance(self, drive: Drive, harm: Harm) -> Floats:
        """Give where winding and bearing temperature would settle."""
        on, heat = drive.running, drive.load**2
        dust, hot = harm[Ailment.CLOGGED_FILTER], harm[Ailment.OVERHEATING]
        winding = self.winding * (0.3 + 0.7 * heat) + 24.0 * dust + 38.0 * hot
        ill = 22.0 * harm[Ailment.BEARING_WEAR] + 7.0 * harm[Ailment.MISALIGNMENT]
        bearing = self.warmth * (0.55 + 0.45 * heat) + 5.0 * dust + 9.0 * hot + ill
        return np.stack([drive.air + on * winding, drive.air + on * bearing], axis=1)

    def follow(self, drive: Drive, harm: Harm) -> dict[str, Floats]:
        """Give current, speed, voltage and vibration."""
        volts = 400.0 + 4.0 * wander(self.key, harm.at, 2 * HOUR)
        friction = 0.03 * harm[Ailment.BEARING_WEAR] + 0.02 * harm[Ailment.MISALIGNMENT]
        power = (0.30 + 0.70 * drive.load) * (1.0 + friction)
        return {
            "motor_current": self.current * power * (400.0 / volts) * drive.running,
            "speed": (1497.0 - 22.0 * drive.load) * drive.rise * drive.running,
            "vibration_rms": vibration(self.level, drive, harm),
            "ambient_temp": drive.air,
            "supply_voltage": volts,
        }
