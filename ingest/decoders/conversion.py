"""Values in the type that an engineer names, where a device sends them in another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from core.rejection import Reason
from ingest.decoders.body import number, value
from ingest.decoders.bounds import short
from ingest.payload import Bad, Constant, Number, described
from ingest.sample import Value

Kind: TypeAlias = Literal["auto", "float", "int", "uint", "string", "bool"]
"""What a value is to be. `auto` takes it as it was sent."""

NUMBER = re.compile(r"\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*", re.ASCII)
"""A number as devices write it in text."""

_LONGEST = 400
_TRUE, _FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}


def text_number(name: str, text: str) -> float:
    """Read a number that was sent as text; Bad where it is none."""
    if len(text) > _LONGEST or NUMBER.fullmatch(text) is None:
        return number(name, str(text))  # which says what it is
    return number(name, Number(text))


def _float(name: str, said: Any) -> Value:
    if type(said) is str:
        return text_number(name, said)
    return float(said) if type(said) is bool else number(name, said)


def _int(name: str, said: Any) -> Value:
    return float(int(_float(name, said)))


def _uint(name: str, said: Any) -> Value:
    found = _int(name, said)
    if isinstance(found, float) and found < 0:
        detail = f"{name[:60]} is {described(said)}, below 0"
        raise Bad(Reason.NOT_A_NUMBER, detail)
    return found


def _string(name: str, said: Any) -> Value:
    if type(said) is bool:
        return str(said).lower()
    if isinstance(said, str | int | float) and not isinstance(said, Constant):
        return short(f"the text of {name[:60]},", str(said))
    return value(name, said)


def _bool(name: str, said: Any) -> Value:
    word = str(said).strip().lower() if isinstance(said, str | int | float) else ""
    if word in _TRUE | _FALSE:
        return word in _TRUE
    detail = f"{name[:60]} is {described(said)}; known: true, false, on, off, yes, no, 1, 0"
    raise Bad(Reason.NOT_A_NUMBER, detail)


CONVERSIONS: dict[Kind, Callable[[str, Any], Value]] = {
    "auto": value,
    "float": _float,
    "int": _int,
    "uint": _uint,
    "string": _string,
    "bool": _bool,
}
"""How each kind is made of what was sent; Bad says where it cannot be."""
