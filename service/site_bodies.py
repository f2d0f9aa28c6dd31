"""Cases and statuses as a site sends them: taken only where every field is of its kind.

What our own case file holds was written by us. This was written elsewhere, and a time that is text
or a number that no store can keep would stop whatever shows it later.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import msgspec

from core.alert import Alert, Evidence, Transition
from core.casefile import Status
from core.life import CannotSay, LifeEstimate, Remaining
from storage import casefile_body

LONGEST = 64_000
"""One case or status of more bytes than this is refused."""

_MOST = 2**62
_CASE_ID = re.compile(r"[0-9A-Za-z]{1,64}")


def _form(kind: type, **changed: Any) -> Any:
    """Make the form of a dataclass, in which some fields have another type."""
    hints = get_type_hints(kind) | changed
    described: list[Any] = []
    for one in fields(kind):
        if one.default is not MISSING:
            described.append((one.name, hints[one.name], one.default))
        elif one.default_factory is not MISSING:
            factory = one.default_factory
            made = msgspec.field(default_factory=factory)
            described.append((one.name, hints[one.name], made))
        else:
            described.append((one.name, hints[one.name]))
    return msgspec.defstruct(kind.__name__, described, kw_only=True)


_ALERT = _form(Alert, evidence=_form(Evidence, life=Any))
_STATUS = _form(Status, life=Any, others=list[Any])
_STEP = _form(Transition)
_ESTIMATE = _form(LifeEstimate, remaining=Any)


def alert(body: bytes) -> Alert:
    """Read a case; ValueError where it is none."""
    found = _read(body, _ALERT)
    _life(found["evidence"]["life"])
    if not _CASE_ID.fullmatch(found["id"]):
        msg = f"a case cannot be called {found['id'][:80]!r}"
        raise ValueError(msg)
    return casefile_body.alert(body)


def transition(body: bytes) -> Transition:
    """Read a step of a case; ValueError where it is none."""
    _read(body, _STEP)
    return casefile_body.transition(body, 0)


def status(body: bytes) -> Status:
    """Read how an asset stands; ValueError where it is none."""
    found = _read(body, _STATUS)
    others = found.get("others", [])
    if not all(isinstance(one, dict) and "remaining" in one for one in others):
        msg = "others: each must be an estimate"
        raise ValueError(msg)
    for life in (found["life"], *others):
        _life(life)
    return casefile_body.status(body)


def _read(body: bytes, form: Any) -> dict[str, Any]:
    if len(body) > LONGEST:
        msg = f"{len(body):,} bytes; at most {LONGEST:,}"
        raise ValueError(msg)
    try:
        found = msgspec.msgpack.decode(body)
        _check_numbers(found)
        msgspec.convert(found, form)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    named: dict[str, Any] = found
    return named


def _life(found: Any) -> None:
    """Check remaining life: an estimate, or why there is none."""
    try:
        if isinstance(found, dict) and "remaining" in found:
            msgspec.convert(found, _ESTIMATE)
            left = found["remaining"]
            kind = Remaining if isinstance(left, dict) and "p50" in left else CannotSay
            msgspec.convert(left, kind)
        elif found is not None:
            msgspec.convert(found, CannotSay)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def _check_numbers(found: Any) -> None:
    """Let no whole number in that a store could not keep."""
    if isinstance(found, int) and not -_MOST < found < _MOST:
        msg = f"the number {found}"
        raise ValueError(msg)
    if isinstance(found, dict):
        found = found.values()
    elif not isinstance(found, list):
        return
    for each in found:
        _check_numbers(each)
