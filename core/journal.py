"""The journal: the ordered, durable record of everything that can change a result.

Everything downstream is a consumer with a position in it. An entry's body is one of the classes
below; `encode` and `decode` turn bodies into bytes and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import msgspec

from core.clock import Instant
from core.ledger import NOTHING, Account, AccountingJournal, Kept
from core.model_version import ModelChange
from core.readings import Readings
from core.rejection import DeadLetter, Reason, Rejection
from core.work import WorkEvent


class Kind(IntEnum):
    """What an entry holds."""

    READINGS = 1
    REJECTIONS = 2
    TICK = 3
    COMMAND = 4
    WORK = 5
    REVISION = 6
    LINK = 7
    DEVICE = 8
    LESSON = 9
    SITE = 10


@dataclass(frozen=True, slots=True)
class RejectionsSeen:
    """How many messages of one asset (or topic, where none is known) were refused, and why."""

    asset: str
    reason: Reason
    count: int


INGEST, SERVE = "ingest", "serve"
"""Who ticks: `serve` does in place of an ingest that is not there, and knows nothing of it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; with `connected`, silence of an asset means something.

    `source` is the process that ticked. `trusted` tells whether the box's own clock can be
    believed. `notes` are standing faults to be told in the feed, by a stable code, such as
    `journal 80 %` or `disk full`, each with its words.
    """

    connected: bool
    source: str = INGEST
    trusted: bool = True
    notes: tuple[tuple[str, str], ...] = ()


class Link(IntEnum):
    """What happened on the connection to the broker, or on that to the centre's."""

    CONNECTED = 1
    DISCONNECTED = 2
    SESSION_LOST = 3
    TAKEN_OVER = 4
    CENTRE_AWAY = 5
    CENTRE_BACK = 6


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The connection to the broker changed; `detail` says it in words."""

    link: Link
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device said of itself, or the broker of it, that it is there or gone.

    `device` names it as its protocol does; `assets` are the ids of those that it speaks for. `at`
    is when that happened by our own clock. While it is gone, what its assets last said is stale.
    `on_change` lists the channels that it reports only when they change.
    """

    device: str
    online: bool
    at: Instant
    assets: tuple[str, ...] = ()
    on_change: tuple[str, ...] = ()
    detail: str = ""


class SiteTopic(StrEnum):
    """What a site tells its centre besides readings."""

    CASES = "cases"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class SiteSaid:
    """What a site told its centre: `body` as `core.site` writes it."""

    sender: str
    topic: SiteTopic
    body: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """What a person asked for. `verb` is `acknowledge`, `end` or `note`; `id` is its own key.

    `version`, where given, is the alert version the person saw.
    """

    id: str
    verb: str
    alert: str
    by: str
    note: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """Configuration or a `model` changed; `digest` identifies what is in force from here on."""

    what: str
    digest: str
    detail: str = ""
    model: ModelChange | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Readings of assets of one class from their past, in order of time, to learn from.

    The history has them already, and nothing is judged by them.
    """

    readings: Readings


Body: TypeAlias = (
    Readings
    | tuple[RejectionsSeen, ...]
    | Tick
    | Command
    | WorkEvent
    | Revision
    | LinkChanged
    | DeviceChanged
    | SiteSaid
    | Lesson
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has its place: when it was written and what it holds.

    `source` and `messages` tell of readings how many messages they came in, for the ledger.
    """

    at: Instant
    kind: Kind
    body: bytes
    source: str = ""
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in its place. Ids grow and are never used again, also after trimming."""

    id: int
    at: Instant
    kind: Kind
    body: bytes
    source: str = ""
    messages: int = 0


_TYPES: dict[Kind, Any] = {
    Kind.REJECTIONS: tuple[RejectionsSeen, ...],
    Kind.TICK: Tick,
    Kind.COMMAND: Command,
    Kind.WORK: WorkEvent,
    Kind.REVISION: Revision,
    Kind.LINK: LinkChanged,
    Kind.DEVICE: DeviceChanged,
    Kind.SITE: SiteSaid,
}
_KINDS: dict[type, Kind] = {
    tuple: Kind.REJECTIONS,
    Tick: Kind.TICK,
    Command: Kind.COMMAND,
    WorkEvent: Kind.WORK,
    Revision: Kind.REVISION,
    LinkChanged: Kind.LINK,
    DeviceChanged: Kind.DEVICE,
    SiteSaid: Kind.SITE,
}
_encoder = msgspec.msgpack.Encoder()
_decoders: dict[Kind, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(form) for kind, form in _TYPES.items()
}


def draft(at: Instant, body: Body) -> Draft:
    """Make an entry ready to be appended."""
    if isinstance(body, Readings):
        return Draft(at, Kind.READINGS, body.encode(), body.source, body.messages)
    if isinstance(body, Lesson):
        return Draft(at, Kind.LESSON, body.readings.encode())
    return Draft(at, _KINDS[type(body)], _encoder.encode(body))


def decode(entry: Entry) -> Body:
    """Read the body of an entry."""
    if entry.kind is Kind.READINGS:
        return Readings.decode(entry.body)
    if entry.kind is Kind.LESSON:
        return Lesson(Readings.decode(entry.body))
    body: Body = _decoders[entry.kind].decode(entry.body)
    return body


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the journal is. `oldest` is when its first entry was written.

    Entries up to the id `passed` are needed by nobody any more and make room by themselves.
    """

    bytes: int
    limit: int
    first_id: int
    last_id: int
    oldest: Instant | None
    passed: int = 0

    @property
    def needed(self) -> int:
        """Bytes of what is not yet consumed; entries count as large as they are on average."""
        held = self.last_id - self.first_id + 1
        if not self.first_id or self.passed < self.first_id:
            return self.bytes
        return self.bytes * max(0, self.last_id - self.passed) // held

    @property
    def share(self) -> float:
        """Needed part of the bound, 0 to 1."""
        return self.needed / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries that made room before history had stored them: ids `first` to `last`.

    `start` and `stop` are when the first and the last of them were written.
    """

    first: int
    last: int
    entries: int
    readings: int
    start: Instant
    stop: Instant


class Ledger(AccountingJournal, Protocol):
    """What became of the messages that came in, and what is known to be missing from history."""

    def gaps(self) -> list[Gap]:
        """List the gaps, oldest first."""
        ...

    def pair(self, kept: Kept) -> None:
        """Go on with the history whose account this is.

        With another one than before, what the two don't have in common is booked as settled: the
        sum begins anew and comes out even.
        """
        ...

    def settle(self, kept: Kept, reason: str) -> None:
        """Book what is missing as settled, after a person has looked at it."""
        ...

    def claim(self, after: int, last: int) -> bool:
        """Let no entry up to `last` make room: history is about to store those after `after`.

        What made room would otherwise be stored as well, and be told as a gap. Returns whether
        any of them had made room before.
        """
        ...


class Journal(Ledger, Protocol):
    """What producers and consumers need of the journal.

    Safe to use from several threads, and from several processes on one machine.
    """

    def append(
        self,
        drafts: Sequence[Draft],
        rejections: Sequence[Rejection] = (),
        account: Account = NOTHING,
        reached: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """Commit entries, dead letters and counts in one transaction; returns the last entry's id.

        When it returns, they are durable. A full journal or disk raises `Unavailable` and
        leaves nothing behind. `account` adds to the ledger what entries and rejections don't
        carry themselves: what was received, came again or was told. `reached` notes how far
        senders have come who number what they send.
        """
        ...

    def reached(self) -> dict[str, int]:
        """Return how far each sender has come that numbers what it sends."""
        ...

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        """Return up to `limit` entries with ids above `after`, in order; empty when none."""
        ...

    def last_id(self) -> int:
        """Return the id of the newest entry ever appended, 0 where there never was one."""
        ...

    def mark(self, consumer: str, position: int) -> None:
        """Note how far a consumer has come; a trailing copy used only for trimming."""
        ...

    def forget(self, consumer: str) -> None:
        """Wait no longer for a consumer that is no more."""
        ...

    def marks(self) -> dict[str, int]:
        """Return the trailing copies of the consumers' positions."""
        ...

    def trim(self, older_than: Instant) -> int:
        """Drop entries written before `older_than` that every marked consumer has passed.

        Returns how many were dropped.
        """
        ...

    def usage(self) -> Usage:
        """Tell how full the journal is."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class DeadLetters(Protocol):
    """The kept rejections, bounded by bytes and by source; the oldest of a source go first."""

    def rejected(self, limit: int = 100, reason: Reason | None = None) -> list[DeadLetter]:
        """List the newest kept rejections."""
        ...

    def letter(self, letter_id: int) -> DeadLetter | None:
        """Find one by its id."""
        ...

    def discard(self, letter_ids: Sequence[int]) -> int:
        """Remove some; returns how many were there."""
        ...

    def take_back(
        self, letter_ids: Sequence[int], drafts: Sequence[Draft], account: Account
    ) -> bool:
        """Put entries in place of rejections, all at once; false where one of those is gone."""
        ...

    def rejected_counts(self) -> dict[Reason, int]:
        """Count all rejections since the journal was made, by reason, kept or not."""
        ...

    def dropped(self) -> int:
        """Count the rejections that had to make room for newer ones, or were too many at once."""
        ...
