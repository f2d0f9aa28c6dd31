"""A centrifugal pump with its motor, at fixed speed, flow following the demand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from core.clock import MINUTE, Span
from core.readings import Floats
from simulators.harm import Ailment, Harm
from simulators.physics import AIR, VIBRATION, WARM, Sensor, vary
from simulators.schedule import Drive
from simulators.vibration import vibration


class Pump:
    """One pump: suction falls with the square of flow, head along the pump's curve."""

    sensors: Mapping[str, Sensor] = MappingProxyType(
        {
            "motor_current": Sensor(noise=0.25, digits=2),
            "flow": Sensor(noise=0.6, digits=2),
            "suction_pressure": Sensor(noise=0.01, digits=3),
            "discharge_pressure": Sensor(noise=0.03, digits=3),
            "vibration_rms": VIBRATION,
            "bearing_temp": WARM,
            "ambient_temp": AIR,
            "speed": Sensor(noise=1.0, digits=1),
        }
    )
    lagging: tuple[str, ...] = ("bearing_temp",)
    constants: tuple[Span, ...] = (20 * MINUTE,)
    ailments: frozenset[Ailment] = frozenset(Ailment)

    def __init__(self, key: int) -> None:
        self.current = vary(key, "current", 62.0, 0.15)
        self.flow = vary(key, "flow", 130.0, 0.15)
        self.suction = vary(key, "suction", 1.9, 0.08)
        self.head = vary(key, "head", 5.6, 0.10)
        self.level = vary(key, "level", 1.65, 0.10)
        self.warmth = vary(key, "warmth", 30.0, 0.10)

    def balance(self, drive: Drive, harm: Harm) -> Floats:
        """Give where the bearing temperature would settle."""
        own = drive.running * self.warmth * (0.55 + 0.45 * drive.load**2)
        ill = 22.0 * harm[Ailment.BEARING_WEAR] + 7.0 * harm[Ailment.MISALIGNMENT]
        hot = 28.0 * harm[Ailment.OVERHEATING] + 2.0 * harm[Ailment.CAVITATION]
        return (drive.air + own + drive.running * (ill + hot))[:, None]

    def follow(self, drive: Drive, harm: Harm) -> dict[str, Floats]:
        """Give current, flow, pressures, speed and vibration."""
        vapour, clog = harm[Ailment.CAVITATION], harm[Ailment.CLOGGED_FILTER]
        quantity = drive.load * drive.rise * (1.0 - 0.10 * vapour - 0.15 * clog)
        quantity = quantity + 0.03 * drive.running * harm.flutter(Ailment.CAVITATION, "flow")
        quantity = np.maximum(quantity, 0.0)
        slow = 30.0 * drive.load
        choke = 0.30 + 0.9 * clog
        inlet = self.suction - choke * quantity**2 - 0.5 * vapour * drive.running
        lift = self.head * (1.22 - 0.28 * quantity**2) * (1.0 - 0.08 * vapour) * drive.rise
        friction = 0.03 * harm[Ailment.BEARING_WEAR] + 0.02 * harm[Ailment.MISALIGNMENT]
        power = (0.38 + 0.62 * quantity) * (1.0 + friction + 0.02 * harm[Ailment.OVERHEATING])
        return {
            "motor_current": self.current * power * drive.running,
            "flow": self.flow * quantity * drive.running,
            "suction_pressure": np.maximum(inlet, 0.05),
            "discharge_pressure": np.maximum(inlet, 0.05) + lift * drive.running,
            "vibration_rms": vibration(self.level, drive, harm),
            "ambient_temp": drive.air,
            "speed": (2985.0 - slow) * drive.rise * drive.running,
        }
