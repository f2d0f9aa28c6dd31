"""A simulated machine: schedule and air drive its physics, sensors measure it, faults spoil it.

It has no state: any moment may be asked for, in any order, and gives the same reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.errors import Refused
from core.plant import Asset, Site
from core.readings import Floats, Instants
from simulators.compressor import Compressor
from simulators.faults import Dropout, Fault, SensorFault, Stuck, Trouble
from simulators.harm import Ailment, Harm
from simulators.motor import Motor
from simulators.noise import key, normal
from simulators.physics import Physics
from simulators.pump import Pump
from simulators.schedule import Drive, Loads, Schedule, Shifts
from simulators.thermal import ThermalMass
from simulators.weather import hall_temperature

KINDS: dict[str, Callable[[int], Physics]] = {
    "centrifugal_pump": Pump,
    "electric_motor": Motor,
    "compressor": Compressor,
}
"""The asset classes that can be simulated."""

_USUAL = {
    "centrifugal_pump": (Shifts.CONTINUOUS, Shifts.TWO_SHIFTS),
    "electric_motor": (Shifts.TWO_SHIFTS, Shifts.DAY_SHIFT),
    "compressor": (Shifts.TWO_SHIFTS, Shifts.CONTINUOUS),
}


def kind(class_name: str) -> Callable[[int], Physics]:
    """Find the physics of an asset class; Refused where there is none."""
    if class_name not in KINDS:
        msg = f"no simulated machine for class {class_name!r}; known: {', '.join(KINDS)}"
        raise Refused(msg)
    return KINDS[class_name]


class Machine:
    """One asset of the plant, simulated; `channels` names the columns of its readings."""

    def __init__(
        self,
        asset: Asset,
        site: Site,
        seed: int,
        faults: Sequence[Fault] = (),
        shifts: Shifts | None = None,
        loads: Loads | None = None,
    ) -> None:
        self.asset = asset
        self.key = key(seed, asset.id)
        self._site = site
        self._seed = seed
        self._physics = kind(asset.asset_class)(self.key)
        self.channels = tuple(self._physics.sensors)
        self.troubles = tuple(fault for fault in faults if isinstance(fault, Trouble))
        self._sensor_faults = tuple(fault for fault in faults if not isinstance(fault, Trouble))
        usual = _USUAL[asset.asset_class]
        self.shifts = shifts or usual[key(self.key, "shifts") % len(usual)]
        self._schedule = Schedule(self.shifts, site.timezone, key(self.key, "schedule"), loads)
        self._thermal = ThermalMass(self._balance, self._physics.constants)
        self._frozen = {
            fault: self._frozen_at(fault) for fault in self._sensor_faults if type(fault) is Stuck
        }

    def readings(self, at: Instants) -> Floats:
        """Give what its sensors say at some moments, one column per channel, NaN where absent."""
        values = self._measured(at)
        for fault in self._sensor_faults:
            self._spoil(fault, at, values)
        return values

    def _spoil(self, fault: SensorFault, at: Instants, values: Floats) -> None:
        of = key(self.key, type(fault).__name__, fault.channel, fault.onset)
        whole = type(fault) is Dropout and fault.channel is None
        for column, name in enumerate(self.channels):
            if whole or name == fault.channel:
                held = self._frozen[fault] if isinstance(fault, Stuck) else 0.0
                digits = self._physics.sensors[name].digits
                values[:, column] = np.round(fault.spoil(at, values[:, column], held, of), digits)

    def _frozen_at(self, fault: Stuck) -> float:
        onset = np.array([fault.onset], np.int64)
        return float(self._measured(onset)[0, self.channels.index(fault.channel)])

    def _measured(self, at: Instants) -> Floats:
        drive, harm = self._drive(at), self._harm(at)
        truth = self._physics.follow(drive, harm)
        warm = self._thermal.at(at)
        truth.update({name: warm[:, i] for i, name in enumerate(self._physics.lagging)})
        return np.stack([self._measure(name, at, truth[name]) for name in self.channels], axis=1)

    def _measure(self, name: str, at: Instants, truth: Floats) -> Floats:
        sensor = self._physics.sensors[name]
        noise = normal(key(self.key, "noise", name), at)
        shown = truth * (1.0 + sensor.relative * noise) + sensor.noise * noise
        # A transmitter that reads nothing shows a clean zero, and never less than nothing.
        shown = np.where(truth == 0.0, 0.0, shown)
        return np.maximum(shown, sensor.floor).round(sensor.digits)

    def _balance(self, at: Instants) -> Floats:
        return self._physics.balance(self._drive(at), self._harm(at))

    def _drive(self, at: Instants) -> Drive:
        drive = self._schedule.drive(at, hall_temperature(self._site, self._seed, at))
        down = np.zeros(len(at), np.bool_)
        for trouble in self.troubles:
            down |= trouble.tripped(at)
        up = (~down).astype(np.float64)
        return Drive(drive.running * up, drive.load * up, drive.rise * up, drive.air)

    def _harm(self, at: Instants) -> Harm:
        severity: dict[Ailment, Floats] = {}
        ending = 8.3
        for trouble in self.troubles:
            worst = severity.get(trouble.ailment, np.zeros(len(at)))
            severity[trouble.ailment] = np.maximum(worst, trouble.at(at))
            if trouble.ailment is Ailment.BEARING_WEAR:
                ending = trouble.vibration_at_failure
        return Harm(at, self.key, severity, ending)
