"""Units as engineers write them, resolved once: how a payload's number becomes canonical."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from core.suggestion import closest, quoted

COMMON = (
    "mm/s", "m/s", "in/s", "um", "mm", "m", "g_0", "m/s2", "mm/s2",
    "bar", "mbar", "Pa", "kPa", "MPa", "psi",
    "degC", "degF", "K", "A", "mA", "V", "mV", "kV", "W", "kW", "MW", "kWh", "kVA", "kvar",
    "Hz", "kHz", "rpm", "rad/s", "%", "m3/h", "m3/s", "l/min", "l/s", "l/h", "gpm", "cfm",
    "kg/h", "t/h", "kg/s", "N", "kN", "N*m", "kg", "t", "l", "m3", "s", "min", "h", "ohm",
    "uS/cm", "mg/l", "ppm", "dB",
)  # fmt: skip
"""The units that suggestions are made from; any other that Pint knows is as good."""

_KNOWN = {*COMMON, "", "°C", "°F", "µm", "m³/h", "m³/s", "m/s²", "mm/s²"}
"""So common that Pint need not be asked, which takes about half a second to load."""

_SPELLINGS = {
    "Hz": "(turn/s)",
    "kHz": "(kiloturn/s)",
    "var": "(V*A)",
    "kvar": "(kV*A)",
    "Nm": "(N*m)",
    "kNm": "(kN*m)",
    "gpm": "(gallon/min)",
    "lpm": "(liter/min)",
    "rev": "turn",
    "r": "turn",
    "cfm": "(ft**3/min)",
    "ips": "(inch/s)",
    "Ohm": "ohm",
    "kOhm": "kiloohm",
    "MOhm": "megaohm",
}
"""How plants write what Pint reads otherwise, or not at all."""

_TRAPS = {
    "g": 'g is the gram; for acceleration write "g_0", for mass "gram"',
    "C": 'C is the coulomb; for temperature write "degC"',
    "F": 'F is the farad; for temperature write "degF"',
    "T": 'T is the tesla; for mass write "t", for magnetic flux "tesla"',
    "M": 'M is the molar; for length write "m"',
    "MM": 'MM is the megamolar; for length write "mm"',
    "PS": 'PS is the petasiemens; for power write "metric_horsepower"',
    "pH": 'pH is the picohenry; for acidity write "" and say so in the title',
    "mil": 'mil is an angle; for length write "thou"',
    "mils": 'mil is an angle; for length write "thou"',
    "Nm3": 'normal cubic metres are not known; write "m3" and say so in the title',
}
_WORD = re.compile(r"[A-Za-z°µμΩ][\w°]*")
_POWERED_NUMBER = re.compile(r"[\d)]\s*(\*\*|\^)|(?<![\w*^-])(?!1\b)\d")
"""A number raised to something, or one other than 1: never part of a unit, and maybe endless."""

_POWER = re.compile(r"^([A-Za-zµμ]+)([234])$")


@dataclass(frozen=True, slots=True)
class Scale:
    """A payload's number times `factor` plus `offset` is the canonical number."""

    factor: float = 1.0
    offset: float = 0.0


def scale(unit: str, payload_unit: str | None = None) -> Scale:
    """Resolve a channel's units; ValueError says what is unknown or does not fit together."""
    if unit in _KNOWN and payload_unit in {None, unit}:
        return Scale()
    to = _parsed(unit)
    if payload_unit is None or payload_unit == unit:
        return Scale()
    given = _parsed(payload_unit)
    if given.dimensionality != to.dimensionality:
        msg = f"{quoted(payload_unit)} cannot be turned into {quoted(unit)}: {_kinds(given, to)}"
        raise ValueError(msg)
    if _turns(given) != _turns(to):
        msg = (
            f"{quoted(payload_unit)} cannot be turned into {quoted(unit)}: only one of them"
            ' says that turns are counted; write "rpm", "Hz" or "rad/s"'
        )
        raise ValueError(msg)
    return _line(given, to, payload_unit, unit)


def _line(given: Any, to: Any, payload_unit: str, unit: str) -> Scale:
    """Find the line through three converted points; a logarithmic unit has none."""
    try:
        points = [_registry().Quantity(x, given).to(to).magnitude for x in (1.0, 1e3, 2e3 - 1.0)]
    except Exception as error:
        msg = f"{quoted(payload_unit)} cannot be turned into {quoted(unit)}: {error}"
        raise ValueError(msg) from error
    factor = (points[1] - points[0]) / 999.0
    bent = abs(points[2] - 2 * points[1] + points[0]) > 1e-9 * abs(points[1] - points[0])
    if bent or not math.isfinite(factor) or factor == 0:
        msg = f"{quoted(payload_unit)} cannot be turned into {quoted(unit)}: not by a factor"
        raise ValueError(msg)
    offset = points[0] - factor
    return Scale(_clean(factor), 0.0 if abs(offset) < 1e-9 * abs(factor) else _clean(offset))


@cache
def _registry() -> Any:
    import pint  # heavy: about half a second with its registry

    return pint.UnitRegistry()


@lru_cache(maxsize=1000)  # payloads say units too, and may say any number of them
def _parsed(text: str) -> Any:
    for word in _WORD.findall(text):
        trap = _TRAPS.get(word) or _TRAPS.get(word.rstrip("234"))
        if trap:
            msg = f"unit {quoted(text)}: {trap}"
            raise ValueError(msg)
    if len(text) <= 32 and text.isprintable() and not _POWERED_NUMBER.search(_WORD.sub("u", text)):
        try:
            unit = _registry().parse_units(_WORD.sub(_spelled, text))
            if unit.dimensionality is not None:  # some fail only when asked for it, as dB*A does
                return unit
        except Exception:  # noqa: S110 - Pint raises a dozen kinds, all meaning the same here
            pass
    near = closest(text, COMMON, 3)
    meant = f"did you mean {' or '.join(map(quoted, near))}? " if near else ""
    msg = f'unknown unit {quoted(text)}; {meant}known: what Pint knows, such as "mm/s" or "degC"'
    raise ValueError(msg)


def _spelled(word: re.Match[str]) -> str:
    text = word[0]
    power = _POWER.match(text)
    if power is not None:
        return f"{_SPELLINGS.get(power[1], power[1])}**{power[2]}"
    return _SPELLINGS.get(text, text)


def _kinds(given: Any, to: Any) -> str:
    return " and ".join(_kind(unit) for unit in (given, to)) + " are not the same quantity"


def _kind(unit: Any) -> str:
    text = str(unit.dimensionality)
    return "a number without dimension" if text == "dimensionless" else text


def _turns(unit: Any) -> Any:
    """Tell how often an angle takes part: Pint takes it for no dimension at all."""
    root = _registry().Quantity(1, unit).to_root_units().units
    return dict(root._units).get("radian", 0)  # noqa: SLF001 - the only way to its exponents


def _clean(value: float) -> float:
    """Drop the noise of floating-point arithmetic in the last digits."""
    return float(f"{value:.12g}")
