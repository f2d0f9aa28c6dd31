"""What the host wants done about a message: values to keep, devices that came or went, commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from core.clock import Instant
from core.journal import DeviceChanged
from core.proposal import Observed
from core.rejection import Rejection
from ingest.sample import Sample
from ingest.sparkplug.topic import Place


@dataclass(slots=True)
class Heard:
    """What one message said of an asset of the plant, its values by the names of channels.

    `number` counts messages, `arrived` is when it came, before it waited for others, and `sent`
    when by its node's clock. `topic` and `payload` are what to keep where values are refused.
    """

    number: int
    asset: str
    samples: list[Sample]
    topic: bytes
    payload: bytes
    arrived: Instant
    sent: Instant | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """A message for the broker."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """So many messages of a node never came, by its sequence; -1 where one came after all."""

    node: Place
    count: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A message that was refused, or a part of it; `asset` where it is known."""

    number: int
    rejection: Rejection
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that says nothing to keep, and why; so that every message is accounted for."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """An asset that a birth speaks of and the plant does not know, and what it says of it."""

    asset: str
    place: Place
    metrics: dict[str, Observed] = field(default_factory=dict)


Effect: TypeAlias = Heard | DeviceChanged | Publish | Lost | Turned | Ignored | Proposed
