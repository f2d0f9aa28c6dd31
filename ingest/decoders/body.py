"""JSON of any shape, read fast where it is plain, and exactly where anything about it is odd."""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

from core.rejection import Reason
from ingest.decoders.bounds import short
from ingest.payload import DEEPEST, Bad, Constant, Number, described, parse_any
from ingest.sample import Value

_decode = msgspec.json.Decoder().decode
_decode_digits = msgspec.json.Decoder(float_hook=Number).decode
_encode = msgspec.json.Encoder().encode
_HIDDEN_QUOTE = b"\\u0022"
_ODD = (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError, OverflowError)


def read(payload: bytes) -> Any:
    """Read a payload's JSON; Bad says what is wrong with it.

    Numbers are int and float where all was plain; where something was odd they are `Number`, text
    as it was written, and what JSON does not know is a `Constant`. How deep it is nested is left to
    those who go into it.
    """
    try:
        body = _decode(payload)
        # Of keys that come twice only the last is kept, so quotes are missing when it is written.
        plain = _encode(body).count(b'"') == payload.count(b'"')
    except _ODD:
        return parse_any(payload)
    if not plain or _HIDDEN_QUOTE in payload:
        return parse_any(payload)
    return body


def deep(body: Any) -> bool:
    """Tell whether lists and objects are nested deeper than is allowed; without recursion."""
    level = [body] if type(body) in {dict, list} else []
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for each in level:
            inside = each.values() if type(each) is dict else each
            inner += [one for one in inside if type(one) in {dict, list}]
        if not inner:
            return False
        level = inner
    return True


def value(name: str, said: Any) -> Value:
    """Take a JSON value as one: a number, true or false, or a text; Bad where it is neither."""
    kind = type(said)
    if kind is bool:
        return bool(said)
    if kind is str:
        return short(f"the text of {name[:60]},", said)
    return number(name, said)


def number(name: str, said: Any) -> float:
    """Take a JSON value as a finite number; Bad where it is none."""
    kind = type(said)
    if kind is Constant:
        detail = f"{name[:60]} is {said}"
        raise Bad(Reason.NOT_FINITE, detail)
    if kind not in {float, int, Number}:
        detail = f"{name[:60]} is {described(said)}, not a number"
        raise Bad(Reason.NOT_A_NUMBER, detail)
    try:
        found = float(said)
    except OverflowError:
        found = float("inf")
    if not isfinite(found):
        detail = f"{name[:60]} is {described(said)}: beyond any real value"
        raise Bad(Reason.NOT_FINITE, detail)
    return found


def read_digits(payload: bytes) -> Any:
    """Read JSON that `read` has found plain once more, with fractions as `Number`: to the digit."""
    return _decode_digits(payload)
