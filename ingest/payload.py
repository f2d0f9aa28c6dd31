"""Reads a payload the slow and exact way: every oddity gets its own name.

Numbers stay text until it is known what they are for, so no digit is lost and a number of five
thousand digits costs nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from core.rejection import Reason
from core.suggestion import quoted

DEEPEST = 16
# A text that never ends is taken whole too: to look for its end again from each quote in it would
# cost the square of its length.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class Bad(Exception):
    """Why a message, or a part of it, is not taken."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class Constant(str):
    """`NaN` or an infinity, which JSON does not have but many devices send."""

    __slots__ = ()


def parse(payload: bytes) -> dict[str, Any]:
    """Read the JSON object in a payload; Bad says what is wrong with it."""
    found = parse_any(payload)
    if not isinstance(found, dict):
        detail = f"the payload is {described(found)}, not an object"
        raise Bad(Reason.MALFORMED, detail)
    return found


def parse_any(payload: bytes) -> Any:
    """Read whatever JSON is in a payload, its numbers as text; Bad says what is wrong with it."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is not UTF-8"
        raise Bad(Reason.NOT_UTF8, detail) from None
    _check_depth(text)
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        detail = f"not JSON: {error}" if payload.strip() else "the payload is empty"
        raise Bad(Reason.MALFORMED, detail) from None


def described(value: object) -> str:
    """Say in words what kind of JSON something is."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Number() | Constant() | int() | float():
            value = str(value)
            return f"the number {value[:40]}{'…' if len(value) > 40 else ''}"
        case str():
            return f"the text {quoted(value)}"
        case dict() | list():
            return "an object" if isinstance(value, dict) else "a list"
        case _:
            return f"a {type(value).__name__}"


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
            if depth > DEEPEST:
                detail = f"nested deeper than {DEEPEST} levels"
                raise Bad(Reason.TOO_DEEP, detail)
        elif mark in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                detail = f"the key {quoted(key)} comes twice"
                raise Bad(Reason.DUPLICATE_KEY, detail)
            seen.add(key)
    return found


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=Constant
).decode
