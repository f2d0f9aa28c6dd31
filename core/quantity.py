"""How lengths of time, sizes and shares are written in configuration: `10min`, `2GB`, `5%`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from core.clock import DAY, HOUR, MINUTE, SECOND, Span

_SPANS: dict[str, float] = {
    "ms": SECOND / 1000,
    "s": SECOND,
    "min": MINUTE,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
}
_SIZES: dict[str, float] = {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_SPAN_EXAMPLE = "30s, 10min, 2h or 7d"
_SIZE_EXAMPLE = "64kB, 500MB or 2GB"
_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*$")


def _split(text: object, example: str) -> tuple[float, str]:
    found = _NUMBER.match(text) if isinstance(text, str) else None
    if found is None:
        msg = f"{text!r} is not a quantity; write it like {example}"
        raise ValueError(msg)
    return float(found[1]), found[2]


def _scaled(text: object, scales: dict[str, float], example: str) -> int:
    number, suffix = _split(text, example)
    if suffix not in scales:
        msg = f"{text!r} has no known unit; known: {', '.join(scales)}"
        raise ValueError(msg)
    return round(number * scales[suffix])


def span(text: object) -> Span:
    """Read a length of time such as `10min` as nanoseconds; ValueError where it is none."""
    return text if type(text) is int else _scaled(text, _SPANS, _SPAN_EXAMPLE)


def size(text: object) -> int:
    """Read a size such as `2GB` as bytes; ValueError where it is none."""
    return text if type(text) is int else _scaled(text, _SIZES, _SIZE_EXAMPLE)


def span_text(value: Span) -> str:
    """Write a length of time as configuration has it: in the largest unit that is whole."""
    for unit in ("d", "h", "min", "s"):
        if value and value % int(_SPANS[unit]) == 0:
            return f"{value // int(_SPANS[unit])}{unit}"
    return f"{value / _SPANS['ms']:g}ms" if value else "0s"


def size_text(value: int) -> str:
    """Write a size as configuration has it: in the largest unit that is whole."""
    for unit in ("TB", "GB", "MB", "kB"):
        if value and value % int(_SIZES[unit]) == 0:
            return f"{value // int(_SIZES[unit])}{unit}"
    return f"{value}B"


def share(text: object) -> float:
    """Read a share such as `5%` or 0.05 as a number from 0 to 1; ValueError where it is none."""
    if isinstance(text, float | int) and not isinstance(text, bool):
        value = float(text)
    else:
        number, suffix = _split(text, "5%")
        value = number / 100 if suffix == "%" else number
    if not 0 <= value <= 1:
        msg = f"{text!r} is not between 0% and 100%"
        raise ValueError(msg)
    return value


def _schema(example: str, pattern: str) -> WithJsonSchema:
    form: dict[str, Any] = {"type": "string", "examples": [example], "pattern": pattern}
    return WithJsonSchema(form)


def _with_unit(text: object, info: ValidationInfo, example: str) -> None:
    """Refuse a bare number in a file: a program means nanoseconds by it, a person does not."""
    if info.mode == "json" and isinstance(text, int | float) and not isinstance(text, bool):
        msg = f"{text} has no unit; write it like {example}"
        raise ValueError(msg)


def _span_field(text: object, info: ValidationInfo) -> Span:
    _with_unit(text, info, _SPAN_EXAMPLE)
    return span(text)


def _size_field(text: object, info: ValidationInfo) -> int:
    _with_unit(text, info, _SIZE_EXAMPLE)
    return size(text)


Duration = Annotated[
    Span,
    BeforeValidator(_span_field),
    _schema("10min", r"^\d+(\.\d+)?\s*(ms|s|min|m|h|d|w)$"),
]
"""A settings field written like `10min`, held in nanoseconds (an int default is nanoseconds)."""

Size = Annotated[
    int,
    BeforeValidator(_size_field),
    _schema("2GB", r"^\d+(\.\d+)?\s*(B|kB|KB|MB|GB|TB)$"),
]
"""A settings field written like `2GB`, held in bytes."""

Share = Annotated[
    float,
    BeforeValidator(share),
    WithJsonSchema({"type": ["string", "number"], "examples": ["5%"]}),
]
"""A settings field written like `5%`, held as a number from 0 to 1."""


def within(least: str, most: str = "") -> AfterValidator:
    """Refuse a length of time or a size in a file that is out of bounds; a program may pass."""
    low = _quantity(least)
    high = _quantity(most) if most else None
    allowed = f"{least} to {most}" if most else f"at least {least}"

    def check(value: int, info: ValidationInfo) -> int:
        if info.mode == "json" and (value < low or (high is not None and value > high)):
            msg = f"out of bounds; allowed: {allowed}"
            raise ValueError(msg)
        return value

    return AfterValidator(check)


def _quantity(text: str) -> int:
    return span(text) if _split(text, _SPAN_EXAMPLE)[1] in _SPANS else size(text)
