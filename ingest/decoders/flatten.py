"""Nested JSON laid flat: `{"motor": {"temp": 61}}` becomes `motor_temp`, and lists are numbered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.rejection import Reason
from ingest.payload import DEEPEST, Bad


def flattened(body: Any, separator: str) -> Iterable[tuple[str, Any]]:
    """Give the values of an object by their flat names; elements of a list count from 1.

    Bad where they are nested too deep.
    """
    found: list[tuple[str, Any]] = []
    _lay(body, separator, "", found, 1)
    return found


def _lay(body: Any, separator: str, prefix: str, found: list[tuple[str, Any]], depth: int) -> None:
    if depth > DEEPEST:
        detail = f"nested deeper than {DEEPEST} levels"
        raise Bad(Reason.TOO_DEEP, detail)
    inner: Iterable[tuple[Any, Any]] = body.items() if type(body) is dict else enumerate(body, 1)
    for key, each in inner:
        name = f"{prefix}{key}"
        if type(each) is dict or type(each) is list:
            _lay(each, separator, name + separator, found, depth + 1)
        else:
            found.append((name, each))
