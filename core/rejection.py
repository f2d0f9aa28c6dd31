"""Bad data as a value: what was refused, why, and enough of it to look at or try again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.clock import Instant


class Reason(StrEnum):
    """Why a message was not taken; also the label of the counter."""

    MALFORMED = "malformed"
    NOT_UTF8 = "not utf-8"
    TOO_DEEP = "too deep"
    DUPLICATE_KEY = "duplicate key"
    OVERSIZED = "oversized"
    BAD_TOPIC = "bad topic"
    UNKNOWN_ASSET = "unknown asset"
    UNKNOWN_CHANNEL = "unknown channel"
    NO_VALUES = "no values"
    NOT_A_NUMBER = "not a number"
    NOT_FINITE = "not finite"
    BAD_UNIT = "bad unit"
    OUT_OF_RANGE = "out of physical range"
    BAD_TIME = "bad time"
    SKIPPED_HOUR = "local time skipped"
    TOO_EARLY = "too far ahead"
    TOO_OLD = "older than retention"
    REFUSED_BY_STORE = "refused by store"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that was not taken. `detail` names the culprit and what is allowed.

    `retained` marks a broker's memory of a last state, which says nothing about now. For the
    ledger, `source` names the entry of `ingest.sources` that it came by, and `messages` is 1 where
    the whole message was refused, 0 where a part of it was taken, and more where it stands for
    others like it, of which nothing else is told.
    """

    topic: str
    reason: Reason
    payload: bytes
    at: Instant
    detail: str = ""
    retained: bool = False
    source: str = ""
    messages: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A kept rejection. `size` is the whole payload's; `payload` may be only its beginning.

    `source` and `messages` are those of the rejection.
    """

    id: int
    topic: str
    reason: Reason
    payload: bytes
    size: int
    at: Instant
    detail: str = ""
    retained: bool = False
    source: str = ""
    messages: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of the payload was kept, so that it can be tried again."""
        return len(self.payload) == self.size
