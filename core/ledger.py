"""The ledger: what became of every message that came in, by source.

    received = stored + rejected + duplicate + dropped + told + waiting + settled

Each part is counted where it becomes true, and durable with it: the journal counts what it takes
and refuses, the history what it stores. So the sum can fail, and where it does, something is lost
or counted that never came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeAlias

from core.errors import Unavailable
from core.readings import Readings

DEFAULT_SOURCE = "telemetry"
"""The source of what comes by the default topic."""

REFUSED = "refused by store"
"""Why a message was dropped that the history will never take."""

GIVEN_UP = "not stored in time"
"""Why a message was dropped that made room in a full journal."""

ASIDE = -1
"""Stands for a position where what is written did not come by the journal, as an imported past."""

_LOOKS = 3


class Fate(StrEnum):
    """What became of a message. The last two stand beside the sum, not in it."""

    RECEIVED = "received"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    TOLD = "told"
    SETTLED = "settled"
    IN_PART = "in part"
    LOST = "lost upstream"


Account: TypeAlias = Mapping[tuple[str, Fate, str], int]
"""Messages by source, fate and reason (empty where the fate says it all)."""

NOTHING: Account = {}


@dataclass(frozen=True, slots=True)
class Booked:
    """The journal's side, as of one moment: its counts, and what it holds beyond a position.

    `history` names the history that these counts go with, empty before there was one.
    """

    counts: Account
    waiting: Mapping[str, int]
    history: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The history's side, as of one moment: messages stored and refused up to `position`.

    `history` names it; another file, or another store, has another name.
    """

    history: str
    position: int = 0
    stored: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)

    def after(
        self, batches: Sequence[Readings], position: int, refused: Sequence[int] = ()
    ) -> Kept:
        """Count batches that were written up to `position`, which must lie ahead to count.

        What was written `ASIDE` changes neither counts nor position.

        `refused` tells for each batch how many of its rows can never be stored. A message counts
        as refused where a row of it was; one without any row cannot have been stored either.
        """
        if position == ASIDE:
            return self
        if position <= self.position:
            return replace(self, position=position)
        stored, lost = Counter(self.stored), Counter(self.refused)
        for number, batch in enumerate(batches):
            rows = refused[number] if number < len(refused) else 0
            out = min(batch.messages, rows) if len(batch) else batch.messages
            stored[batch.source] += batch.messages - out
            lost[batch.source] += out
        return Kept(self.history, position, dict(+stored), dict(+lost))


@dataclass(frozen=True, slots=True)
class Line:
    """One source's messages, and what became of them."""

    source: str
    received: int
    stored: int
    rejected: Mapping[str, int]
    duplicate: int
    dropped: Mapping[str, int]
    told: int
    waiting: int
    settled: Mapping[str, int]
    in_part: int
    lost_upstream: int

    @property
    def accounted(self) -> int:
        """What received should come to."""
        listed = (*self.rejected.values(), *self.dropped.values(), *self.settled.values())
        return self.stored + self.duplicate + self.told + self.waiting + sum(listed)

    @property
    def missing(self) -> int:
        """Messages that came in and are nowhere; below zero where there are more than came."""
        return self.received - self.accounted


class AccountingJournal(Protocol):
    """The journal's side of the ledger."""

    def booked(self, position: int) -> Booked:
        """Read the counts, and the messages of entries beyond `position`, as of one moment."""
        ...


class AccountingHistory(Protocol):
    """The history's side of the ledger."""

    def account(self) -> Kept:
        """Read what was stored and up to where, as of one moment."""
        ...


def balance(kept: Kept, booked: Booked) -> tuple[Line, ...]:
    """Set both sides against each other, a line per source."""
    names = {source for source, _, _ in booked.counts} | {*booked.waiting, *kept.stored}
    return tuple(_line(name, kept, booked) for name in sorted(names | {*kept.refused}))


def look(history: AccountingHistory, journal: AccountingJournal) -> tuple[Line, ...]:
    """Read and balance both sides, again where they moved meanwhile.

    The history is read first: what it stores in between still counts as waiting. `Unavailable`
    where the journal's counts belong to another history.
    """
    lines: tuple[Line, ...] = ()
    for _ in range(_LOOKS):
        kept = history.account()
        booked = journal.booked(kept.position)
        if booked.history != kept.history:
            msg = "the ledger belongs to another history; it begins anew when ingest starts"
            raise Unavailable(msg)
        lines = balance(kept, booked)
        if not any(line.missing for line in lines):
            break
    return lines


def differences(kept: Kept, booked: Booked, reason: str) -> Account:
    """Return what has to be booked as settled so that every line comes out even."""
    lines = balance(kept, booked)
    return {(line.source, Fate.SETTLED, reason): line.missing for line in lines if line.missing}


def _line(source: str, kept: Kept, booked: Booked) -> Line:
    dropped = _reasons(booked.counts, source, Fate.DROPPED)
    if refused := kept.refused.get(source, 0):
        dropped[REFUSED] = dropped.get(REFUSED, 0) + refused
    return Line(
        source,
        received=_sum(booked.counts, source, Fate.RECEIVED),
        stored=kept.stored.get(source, 0),
        rejected=_reasons(booked.counts, source, Fate.REJECTED),
        duplicate=_sum(booked.counts, source, Fate.DUPLICATE),
        dropped=dropped,
        told=_sum(booked.counts, source, Fate.TOLD),
        waiting=booked.waiting.get(source, 0),
        settled=_reasons(booked.counts, source, Fate.SETTLED),
        in_part=_sum(booked.counts, source, Fate.IN_PART),
        lost_upstream=_sum(booked.counts, source, Fate.LOST),
    )


def _reasons(counts: Account, source: str, fate: Fate) -> dict[str, int]:
    found = {why: n for (whose, what, why), n in counts.items() if (whose, what) == (source, fate)}
    return {why: count for why, count in sorted(found.items()) if count}


def _sum(counts: Account, source: str, fate: Fate) -> int:
    return sum(_reasons(counts, source, fate).values())
