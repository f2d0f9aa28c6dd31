"""What wears in each class of a simulated fleet of lives: failure modes, and where they show.

The figures are made up, of the order of what such machines do; they are no data of any maker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Refused
from core.suggestion import unknown


class Use(StrEnum):
    """What a failure mode wears by."""

    HOURS = "hours"
    STARTS = "starts"


@dataclass(frozen=True, slots=True)
class LifeMode:
    """One way to fail: nothing for a while, then damage from 0 to about 1, where it fails.

    `onset` is the scale of the use (hours of running, or starts) before damage begins, Weibull of
    `shape`; `takes` the median use from there to the failure, log-normal with `spread` among lives.
    `growth` is by how many e-folds the pace grows on the way: 0 even, below 0 slowing. Use counts
    as the load to the power `stress`. `signs` tell by how much each channel has moved at the end.
    """

    name: str
    use: Use
    onset: float
    shape: float
    takes: float
    spread: float
    growth: float
    stress: float
    signs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Level:
    """A channel of a healthy machine, as the mean of a day.

    `per_load` is added at full load, `per_air` for each degree above 20 °C; `noise` is the standard
    deviation of a day's mean, half of which lasts from day to day; `differs` that among machines.
    """

    level: float
    per_load: float
    per_air: float
    noise: float
    differs: float


@dataclass(frozen=True, slots=True)
class LifeClass:
    """A class of machines: its channels and the ways in which it fails."""

    name: str
    short: str
    channels: Mapping[str, Level]
    modes: tuple[LifeMode, ...]


_PUMP = LifeClass(
    "centrifugal_pump",
    "pump",
    {
        "motor_current": Level(18.0, 42.0, 0.0, 0.5, 2.0),
        "flow": Level(40.0, 110.0, 0.0, 1.6, 5.0),
        "suction_pressure": Level(1.6, -0.3, 0.0, 0.03, 0.1),
        "discharge_pressure": Level(6.4, -0.8, 0.0, 0.06, 0.2),
        "vibration_rms": Level(1.4, 0.8, 0.0, 0.12, 0.25),
        "bearing_temp": Level(34.0, 18.0, 0.8, 0.9, 2.0),
    },
    (
        LifeMode("bearing_wear", Use.HOURS, 7000, 2.0, 2200, 0.35, 4.0, 2.0,
                 {"vibration_rms": 6.0, "bearing_temp": 18.0, "motor_current": 1.5}),
        LifeMode("seal_leak", Use.STARTS, 500, 1.6, 260, 0.3, 0.0, 0.5,
                 {"flow": -14.0, "discharge_pressure": -0.5, "vibration_rms": 0.4}),
        LifeMode("impeller_wear", Use.HOURS, 4000, 2.5, 11000, 0.4, -1.2, 1.0,
                 {"flow": -24.0, "discharge_pressure": -1.2, "motor_current": -4.0,
                  "vibration_rms": 1.0}),
    ),
)  # fmt: skip

_MOTOR = LifeClass(
    "electric_motor",
    "motor",
    {
        "motor_current": Level(12.0, 60.0, 0.0, 0.6, 2.5),
        "winding_temp": Level(38.0, 42.0, 0.9, 1.4, 3.0),
        "bearing_temp": Level(32.0, 16.0, 0.8, 0.9, 2.0),
        "vibration_rms": Level(1.0, 0.5, 0.0, 0.1, 0.2),
    },
    (
        LifeMode("bearing_wear", Use.HOURS, 9000, 2.2, 2600, 0.35, 4.0, 2.0,
                 {"vibration_rms": 6.5, "bearing_temp": 20.0}),
        LifeMode("winding_ageing", Use.HOURS, 5000, 3.0, 6000, 0.3, 1.5, 3.0,
                 {"winding_temp": 28.0, "motor_current": 4.0}),
        LifeMode("cooling_clogged", Use.HOURS, 6000, 1.2, 900, 0.4, 0.0, 0.5,
                 {"winding_temp": 24.0, "bearing_temp": 9.0}),
    ),
)  # fmt: skip

_COMPRESSOR = LifeClass(
    "compressor",
    "compressor",
    {
        "motor_current": Level(30.0, 90.0, 0.0, 0.9, 3.0),
        "discharge_pressure": Level(7.6, -0.4, 0.0, 0.05, 0.15),
        "discharge_temp": Level(62.0, 26.0, 0.9, 1.5, 3.0),
        "oil_pressure": Level(3.6, -0.2, -0.008, 0.06, 0.15),
        "oil_temp": Level(44.0, 16.0, 0.8, 1.0, 2.0),
        "vibration_rms": Level(1.8, 0.9, 0.0, 0.14, 0.3),
        "flow": Level(6.0, 18.0, 0.0, 0.4, 0.8),
    },
    (
        LifeMode("valve_wear", Use.STARTS, 450, 2.0, 320, 0.35, 2.0, 0.5,
                 {"discharge_temp": 30.0, "flow": -5.0, "discharge_pressure": -0.5}),
        LifeMode("bearing_wear", Use.HOURS, 10000, 2.2, 2600, 0.35, 4.0, 2.0,
                 {"vibration_rms": 6.5, "oil_temp": 10.0}),
        LifeMode("oil_ageing", Use.HOURS, 2500, 3.0, 4500, 0.25, 0.0, 1.0,
                 {"oil_pressure": -1.4, "oil_temp": 9.0}),
    ),
)  # fmt: skip

LIFE_CLASSES = {one.name: one for one in (_PUMP, _MOTOR, _COMPRESSOR)}
"""The classes whose lives can be simulated, in the order in which a fleet is shared among them."""


def life_class(name: str) -> LifeClass:
    """Find a class by its name; Refused where there is none."""
    if name not in LIFE_CLASSES:
        raise Refused(unknown("class", name, LIFE_CLASSES))
    return LIFE_CLASSES[name]
