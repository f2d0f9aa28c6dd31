"""Writes the file of an asset class from what one machine was seen to send; people look it over."""

from __future__ import annotations

import json
import math
import re

from core.proposal import Observed, Proposal
from core.validation import NAME_PATTERN

_UNITS = (
    (r"temp", "°C"),
    (r"vib|velocity", "mm/s"),
    (r"accel", "g_0"),
    (r"press", "bar"),
    (r"energy", "kWh"),
    (r"current|amp", "A"),
    (r"volt", "V"),
    (r"power", "kW"),
    (r"rpm|speed", "rpm"),
    (r"freq", "Hz"),
    (r"flow", "m³/h"),
    (r"torque", "N*m"),
    (r"level|humid|percent|opening|load", "%"),
)
_BEYOND = {"bar": (1000, "kPa"), "kPa": (100_000, "Pa"), "kW": (10_000, "W"), "A": (5000, "mA")}
"""From so large a value on the unit is probably the next smaller one."""

_MOST = 1e300
_OPERATING = re.compile(r"speed|rpm|setpoint|ambient|load|state|mode", re.IGNORECASE)
_COUNTER = re.compile(r"energy|hours|count|total", re.IGNORECASE)
_RESTING = ("off", "false", "stopped", "closed", "0")
_HEAD = """\
# Written from what {asset} was seen to send, {first} to {last}. Look at every line:
# units are guesses where the payload names none, and ranges are what was seen with room around it.
# What lies outside a range is refused, so make it what is physically possible.
channels:
"""
_WATCH = """
detectors:
  pattern: {kind: mewma}  # what is usual for this machine, learned from its healthy running

rules:
  unusual:
    detector: pattern
    severity: warning
    on_delay: 30min
    off_delay: 2h
    title: it runs differently from its healthy time
"""


def usable(proposal: Proposal) -> dict[str, Observed]:
    """Return the channels whose names a class can have."""
    return {name: seen for name, seen in proposal.channels.items() if re.match(NAME_PATTERN, name)}


def class_text(proposal: Proposal, first: str, last: str) -> str:
    """Write the file; `first` and `last` say when it was heard."""
    channels = usable(proposal)
    roles = {name: _role(name) for name in channels}
    judged = any(role == "condition" for role in roles.values())
    lines = []
    for name, seen in channels.items():
        role = roles[name] if judged else "condition"
        lines.append(f"  {_text(name)}: {{{_channel(proposal, name, seen, role)}}}{_seen(seen)}\n")
    head = _HEAD.format(asset=proposal.asset, first=first, last=last)
    return head + "".join(lines) + _WATCH


def guessed_unit(name: str, seen: Observed) -> str:
    """Tell the unit that the payload names, where it is one, or that the name speaks of."""
    if seen.unit and _is_unit(seen.unit):
        return seen.unit
    unit = next((unit for part, unit in _UNITS if re.search(part, name, re.IGNORECASE)), "")
    largest = max(abs(seen.low or 0.0), abs(seen.high or 0.0))
    while unit in _BEYOND and largest > _BEYOND[unit][0]:
        unit = _BEYOND[unit][1]
    if unit == "°C" and seen.low is not None and seen.low > 250:
        return "K"
    return unit


def room(low: float, high: float, unit: str = "") -> tuple[float, float]:
    """Widen what was seen to what may well come: five times its span, and zero below."""
    span = max(high - low, 0.5 * max(abs(low), abs(high)), 1.0)
    least = 0.0 if low >= 0 else -_round_up(-(low - 5 * span))
    if unit == "°C":
        least = min(least, -40.0)
    return least, _round_up(high + 5 * span) if high + 5 * span > 0 else 0.0


def _channel(proposal: Proposal, name: str, seen: Observed, role: str) -> str:
    unit = "" if seen.words else guessed_unit(name, seen)
    parts = [f"unit: {_text(unit)}"]
    if seen.low is not None and seen.high is not None:
        least, most = room(seen.low, seen.high, unit)
        parts.append(f"range: [{least:g}, {most:g}]")
    if role != "condition":
        parts.append(f"role: {role}")
    if proposal.on_change:
        parts.append("reporting: on_change")
    if seen.words:
        ordered = sorted(seen.words, key=lambda word: (word.lower() not in _RESTING, word))
        parts.append(
            f"states: {{{', '.join(f'{_quoted(w)}: {n}' for n, w in enumerate(ordered))}}}"
        )
    return ", ".join(parts)


def _seen(seen: Observed) -> str:
    if seen.low is None or seen.high is None:
        return ""
    return f"  # seen: {seen.low:g} to {seen.high:g}"


def _role(name: str) -> str:
    if _COUNTER.search(name):
        return "counter"
    return "operating" if _OPERATING.search(name) else "condition"


def _round_up(value: float) -> float:
    """Round to the next 1, 2 or 5 of its power of ten."""
    if value > _MOST:
        return _MOST
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * 0.999999)


def _is_unit(unit: str) -> bool:
    from core.units import scale

    try:
        scale(unit)
    except ValueError:
        return False
    return True


def _text(value: str) -> str:
    return value if re.match(r"^[A-Za-z°_][\w./³²°*-]*$", value) else _quoted(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
