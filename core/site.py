"""What a site and its centre say to each other over MQTT, besides parcels of readings.

Topics are `PREFIX/sites/SENDER/readings | cases | state | commands`. Bodies are MessagePack,
compressed with zstd (RFC 8878), since the link between them may be thin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import AfterValidator, StringConstraints

from core.compression import compress, decompress
from core.journal import Command

_LAST = 2**62
_LONGEST_NAME = 64
_PREFIX = re.compile(r"^[^+#\x00]+$")
_Form = TypeVar("_Form")


def _check_prefix(prefix: str) -> str:
    if not _PREFIX.match(prefix) or prefix.startswith(("/", "$")) or prefix.endswith("/"):
        msg = f"{prefix!r} cannot begin a topic: no + or #, no / at its ends, no $ in front"
        raise ValueError(msg)
    return prefix


Prefix = Annotated[str, AfterValidator(_check_prefix)]
"""What our own topics begin with."""

Sender = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""What a site is called at its centre."""


class Topic(StrEnum):
    """The last level of a topic: what it carries."""

    READINGS = "readings"
    CASES = "cases"
    STATE = "state"
    COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class Cases:
    """Steps of a site's cases: its events `first` to `last`.

    Each item is a transition and its case as it then stood, both as the case file keeps them.
    `journal` names the site's own record, so that one that begins anew is not taken for old.
    """

    journal: str
    first: int
    last: int
    items: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class State:
    """How a site's assets stand, as the case file keeps it, and the lines of its ledger.

    `waiting` is how many journal entries it has not forwarded yet; `at` is by its own clock. `open`
    lists all its open cases, None where steps of some are still to come.
    """

    at: int
    waiting: int
    statuses: tuple[bytes, ...] = ()
    ledger: tuple[dict[str, Any], ...] = ()
    open: tuple[str, ...] | None = None


def topic(prefix: str, sender: str, what: Topic) -> str:
    """Name a topic."""
    return f"{prefix}/sites/{sender}/{what}"


def pack(body: Cases | State | Command) -> bytes:
    """Write a body for the wire."""
    return compress(msgspec.msgpack.encode(body))


def unpack(body: bytes, form: type[_Form]) -> _Form:
    """Read a body; ValueError says why it cannot be."""
    try:
        return msgspec.msgpack.decode(decompress(body), type=form)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        msg = f"not a site's message: {error}"
        raise ValueError(msg) from None


def check_numbers(cases: Cases) -> None:
    """Let no number in that a store could not keep; ValueError where one is."""
    if not 1 <= cases.first <= cases.last < _LAST or len(cases.journal) > _LONGEST_NAME:
        msg = f"not a site's message: its events are numbered {cases.first} to {cases.last}"
        raise ValueError(msg)
