"""Guesses a unit from a name, for a person to confirm; never used without one."""

from __future__ import annotations

import re

_ENDINGS = {
    "degc": "degC", "celsius": "degC", "c": "degC", "degf": "degF", "fahrenheit": "degF",
    "f": "degF", "bar": "bar", "mbar": "mbar", "pa": "Pa", "kpa": "kPa", "mpa": "MPa", "psi": "psi",
    "a": "A", "amp": "A", "amps": "A", "ma": "mA", "v": "V", "volt": "V", "volts": "V", "mv": "mV",
    "kv": "kV", "w": "W", "kw": "kW", "kwh": "kWh", "kva": "kVA", "hz": "Hz", "khz": "kHz",
    "rpm": "rpm", "mms": "mm/s", "mm s": "mm/s", "ips": "in/s", "in s": "in/s", "um": "um",
    "mm": "mm", "g": "g_0", "m s2": "m/s2", "ms2": "m/s2", "pct": "%", "percent": "%",
    "m3h": "m3/h", "m3 h": "m3/h", "lpm": "l/min", "l min": "l/min", "gpm": "gpm", "l s": "l/s",
    "nm": "N*m", "ppm": "ppm", "db": "dB", "min": "min", "hours": "h", "h": "h",
}  # fmt: skip
_WORDS = (
    (("temp", "temperature"), "degC"),
    (("vibration", "vib", "velocity"), "mm/s"),
    (("acceleration", "accel"), "m/s2"),
    (("pressure", "press"), "bar"),
    (("current",), "A"),
    (("voltage",), "V"),
    (("power",), "kW"),
    (("energy",), "kWh"),
    (("speed", "rpm"), "rpm"),
    (("frequency", "freq"), "Hz"),
    (("flow",), "m3/h"),
    (("torque",), "N*m"),
    (("load", "level", "humidity", "opening"), "%"),
)
_PART = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*|\d+")


def guessed_unit(name: str) -> str:
    """Guess from how a name ends, else from the words in it; empty where nothing is told."""
    parts = [part.lower() for part in _PART.findall(name)]
    for count in (2, 1):
        ending = " ".join(parts[-count:])
        if len(parts) > count and ending in _ENDINGS:
            return _ENDINGS[ending]
    for words, unit in _WORDS:
        if any(word in parts for word in words):
            return unit
    return ""
