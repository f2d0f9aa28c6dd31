"""Tasmota's `tele/DEVICE/SENSOR` and `STATE`: nested by sensor, in the device's own local time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from core.rejection import Reason
from ingest.decoders.body import read, value
from ingest.decoders.bounds import Bounded, short, usable
from ingest.decoders.flatten import flattened
from ingest.decoders.times import Times
from ingest.payload import Bad, described
from ingest.sample import Sample

_TIMES = Times("iso")
_UNIT_KEYS = {"TempUnit", "PressureUnit", "SpeedUnit"}
_UNITS = {"C": "degC", "F": "degF", "K": "K"}
_MEASURED_IN = {
    "Temperature": "TempUnit",
    "DewPoint": "TempUnit",
    "Pressure": "PressureUnit",
    "SeaPressure": "PressureUnit",
    "Speed": "SpeedUnit",
}


class TasmotaSettings(Bounded):
    """How Tasmota's messages are read: keys in `ignore` say nothing of the machine."""

    kind: Literal["tasmota"] = "tasmota"
    ignore: tuple[str, ...] = (
        *("TotalStartTime", "Id", "Address", "Epoch", "Uptime", "SSId", "BSSId", "SleepMode"),
        *("Mode", "Downtime"),
    )


class TasmotaDecoder:
    """Reads `ENERGY.Power` and the like; of a list, `ENERGY.Power.1` is the first."""

    def __init__(self, settings: TasmotaSettings) -> None:
        self._settings = settings
        self._ignored = {*settings.ignore, *_UNIT_KEYS, "Time"}

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where nothing in it can be used."""
        body = read(payload)
        if type(body) is not dict:
            detail = f"the payload is {described(body)}, not an object"
            raise Bad(Reason.MALFORMED, detail)
        sample = Sample({})
        if body.get("Time") is not None:
            sample.at = _TIMES.read("Time", body["Time"])
        units = {key: body[key] for key in _UNIT_KEYS & body.keys()}
        for name, said in flattened(body, "."):
            last = name.rsplit(".", 1)[-1]
            if last in self._ignored or said is None:
                continue
            try:
                sample.values[short("the name", name)] = value(name, said)
            except Bad as bad:
                sample.bad.append(bad)
                continue
            unit = units.get(_MEASURED_IN.get(last, ""))
            if unit is not None:
                sample.units[name] = _unit(last, unit)
        self._settings.check_values(len(sample.values))
        return usable([sample])


def _unit(name: str, said: Any) -> str:
    if type(said) is not str:
        detail = f"the unit of {name} is {described(said)}, not a text"
        raise Bad(Reason.MALFORMED, detail)
    return short(f"the unit of {name},", _UNITS.get(said, said))
