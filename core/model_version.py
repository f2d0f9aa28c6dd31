"""Versions of what was learned of a machine: what each learned from, how it was tried, its state.

A version is of one asset, all its learned detectors together: they are judged, promoted and taken
back as the cases of a machine are, as one. A version never changes once it is kept; which one is in
service stands with the cases, and changes by the journal only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.clock import Instant


class Cause(StrEnum):
    """Why a version was made."""

    ASKED = "asked"
    SCHEDULE = "schedule"
    LOST = "lost"
    SERVED = "served"


class Verb(StrEnum):
    """What is done with a version."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a version was learned from: readings within `start <= at < stop`.

    Of `rows` readings `used` taught something; `left_out` counts the others by why. `grades` say
    of each channel what it was worth and why. `source` is `history`, `live` or a folder.
    """

    source: str
    start: Instant = 0
    stop: Instant = 0
    rows: int = 0
    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Results:
    """What one model came to over history that was held out of learning.

    `false` alerts within `months` of healthy time; failures `found` and `missed`, by name; of the
    faults that the drill laid, by channel and kind, how many it `caught` of how many were `laid`.
    `judged` is the share of readings while it ran that it could judge, None where none was or an
    older release made it; `months` count only so much of the time.
    """

    ready: float
    false: int = 0
    months: float = 0.0
    found: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    caught: Mapping[str, int] = field(default_factory=dict)
    laid: Mapping[str, int] = field(default_factory=dict)
    judged: float | None = None


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of an asset's models; `number` is given by the store, from 1 on.

    `signatures` tell what each detector was made for. `results` are beside those of what was in
    service then, `against`. `fit` tells whether it may be promoted, `reasons` why or why not.
    `digest` is that of its state's file.
    """

    asset: str
    asset_class: str
    made: Instant
    cause: Cause
    learned: Learned
    signatures: Mapping[str, str]
    fit: bool
    reasons: tuple[str, ...] = ()
    results: Results | None = None
    against: Results | None = None
    release: str = ""
    number: int = 0
    digest: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A version goes into service, or could not: what the journal carries, state and all.

    `id` is its own key. `replaces` is the version under which is kept what it takes the place of,
    0 where that is not kept. `file` names where the state is from; `words` say why it is broken.
    """

    id: str
    asset: str
    version: int
    verb: Verb
    by: str
    file: str = ""
    signatures: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    replaces: int = 0
    words: str = ""


class ModelStore(Protocol):
    """Keeps versions. Many readers; writers take turns by a lock of their own.

    A version is there wholly or not at all, also after a crash while it was written.
    """

    def add(self, version: ModelVersion, body: bytes) -> ModelVersion:
        """Keep a version with its state; returns it with its number, digest and size.

        A number is never given twice.
        """
        ...

    def versions(self, asset: str | None = None) -> list[ModelVersion]:
        """List what is kept, by asset and number; what cannot be read is left out."""
        ...

    def version(self, asset: str, number: int) -> ModelVersion | None:
        """Find one; None where it is not kept. Refused, naming the file, where it is damaged."""
        ...

    def body(self, asset: str, number: int) -> bytes:
        """Return the state of a version as it was added.

        Refused, naming the file, where that is gone or not what was written.
        """
        ...

    def note(self, asset: str, at: Instant) -> None:
        """Note that it was tried to learn an asset anew, whatever came of it."""
        ...

    def noted(self) -> Mapping[str, Instant]:
        """Tell when that was last tried of each asset; empty where that cannot be read."""
        ...

    def place(self, asset: str, number: int) -> str:
        """Name the file of a version's state, for people."""
        ...

    def prune(self, asset: str, newest: int, but: Collection[int] = ()) -> int:
        """Let go of all but the newest and some others; returns how many that were."""
        ...
