"""What a payload says, before it is known whether that may be believed.

A payload decoder turns one message into samples and states of devices. Finding the asset and the
channels, units, ranges, times and quality are the same for all and follow in `ingest/decode.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from core.blocks import Block, Waveform
from core.clock import Instant
from core.readings import Quality
from ingest.instants import WallTime
from ingest.payload import Bad

Value: TypeAlias = float | bool | str
"""A number as it was sent, or a state: true, false or a word."""


@dataclass(slots=True)
class Sample:
    """What one asset said at one moment, in the payload's own names.

    `asset` is the name or id in the payload; empty means the one in the topic. `at` is None where
    the payload names no time, and a `WallTime` where its time has no offset. `values` holds every
    value by its name; `units` and `quality` only what the payload itself says of them. A name in
    `quality` alone is called bad and has no value. `bad` are parts that could not be read.
    `historical` marks what a device kept while it was cut off: stored, and never alarmed as live.
    `sequence` is the number that its sender counts by, and the sender's name within the message's
    source: a number left out is a sample that was lost. `waveforms` are the raw blocks that the
    values were read from, by their sensor's name.
    """

    values: dict[str, Value]
    asset: str = ""
    at: Instant | WallTime | None = None
    quality: dict[str, Quality] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    historical: bool = False
    sequence: tuple[str, int] | None = None
    waveforms: dict[str, Waveform] = field(default_factory=dict)

    def blocks(self, asset: str, at: Instant) -> list[Block]:
        """Name the raw blocks, once it is known whose they are and of when."""
        return [Block(asset, name, at, waveform) for name, waveform in self.waveforms.items()]


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device, or the broker, says that it is there or gone. `asset` as in `Sample`."""

    online: bool
    asset: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BrokerSaid:
    """What the broker says of itself: one of its own figures, such as `clients/connected`."""

    name: str
    value: float | str


Said: TypeAlias = Sequence[Sample | DeviceState | BrokerSaid]
"""All that one message says, in its order."""


class PayloadDecoder(Protocol):
    """Reads messages of one form. Stateless, and safe against any bytes whatever."""

    def decode(self, captured: Mapping[str, str], payload: bytes) -> Said:
        """Read one message; `captured` are the named levels of its topic.

        Raises `Bad` where nothing in it can be used, and nothing else.
        """
        ...
