"""An oil-flooded screw compressor that holds a pressure while demand varies."""

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


class Compressor:
    """One compressor: the more air is asked for, the lower its pressure and the hotter it is."""

    sensors: Mapping[str, Sensor] = MappingProxyType(
        {
            "motor_current": Sensor(noise=0.3, digits=2),
            "discharge_pressure": Sensor(noise=0.03, digits=3),
            "discharge_temp": WARM,
            "oil_pressure": Sensor(noise=0.02, digits=3),
            "oil_temp": WARM,
            "vibration_rms": VIBRATION,
            "flow": Sensor(noise=1.5, digits=2),
            "ambient_temp": AIR,
        }
    )
    lagging: tuple[str, ...] = ("discharge_temp", "oil_temp")
    constants: tuple[Span, ...] = (12 * MINUTE, 20 * MINUTE)
    ailments: frozenset[Ailment] = frozenset(Ailment) - {Ailment.CAVITATION}

    def __init__(self, key: int) -> None:
        self.current = vary(key, "current", 110.0, 0.15)
        self.flow = vary(key, "flow", 620.0, 0.15)
        self.pressure = vary(key, "pressure", 7.6, 0.05)
        self.oil = vary(key, "oil", 4.2, 0.08)
        self.level = vary(key, "level", 1.75, 0.10)
        self.heat = vary(key, "heat", 55.0, 0.06)

    def balance(self, drive: Drive, harm: Harm) -> Floats:
        """Give where discharge and oil temperature would settle."""
        on = drive.running
        hot, clog = harm[Ailment.OVERHEATING], harm[Ailment.CLOGGED_FILTER]
        worn, bent = harm[Ailment.BEARING_WEAR], harm[Ailment.MISALIGNMENT]
        discharge = self.heat * (0.75 + 0.25 * drive.load) + 24.0 * hot + 9.0 * clog + 3.0 * worn
        oil = 0.66 * self.heat * (0.72 + 0.28 * drive.load) + 18.0 * hot + 11.0 * worn + 2.0 * bent
        return np.stack([drive.air + on * discharge, drive.air + on * oil], axis=1)

    def follow(self, drive: Drive, harm: Harm) -> dict[str, Floats]:
        """Give current, pressures, flow and vibration."""
        on, clog = drive.running * drive.rise, harm[Ailment.CLOGGED_FILTER]
        friction = 0.04 * harm[Ailment.BEARING_WEAR] + 0.02 * harm[Ailment.MISALIGNMENT]
        power = (0.34 + 0.66 * drive.load) * (1.0 + friction + 0.05 * clog)
        pressure = self.pressure * (1.06 - 0.08 * drive.load - 0.03 * clog)
        oil = self.oil * (1.04 - 0.05 * drive.load - 0.10 * harm[Ailment.OVERHEATING])
        return {
            "motor_current": self.current * power * drive.running,
            "discharge_pressure": pressure * on,
            "oil_pressure": oil * on,
            "flow": self.flow * drive.load * (1.0 - 0.15 * clog) * on,
            "vibration_rms": vibration(self.level, drive, harm),
            "ambient_temp": drive.air,
        }
