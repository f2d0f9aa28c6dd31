"""What says something and is not in the plant: proposed, until an engineer accepts it or not.

Nothing of it reaches journal, history or scoring. All of it is bounded: so many assets, channels
and bytes, whatever somebody publishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.clock import DAY, Instant

MOST_ASSETS = 1000
MOST_CHANNELS = 200
MOST_WORDS = 10
MOST_KEPT = 3
KEPT_BYTES = 16_000
LONGEST_NAME = 80
GONE_AFTER = DAY
"""What has said nothing for so long makes room first."""


def storable(text: str) -> str:
    """Return a text that can be encoded: JSON can say halves of characters, which cannot."""
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one channel, in the payload's own unit, empty where it names none.

    `low`, `high` and `last` are None where there never was a number; `words` are the states that
    it was in, where it says words or true and false.
    """

    unit: str = ""
    count: int = 0
    low: float | None = None
    high: float | None = None
    last: float | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: float | bool | str, unit: str = "") -> Observed:
        """Take one value."""
        unit = storable(unit)
        if isinstance(value, bool | str):
            word = storable(value) if isinstance(value, str) else str(value).lower()
            return cls(unit, 1, words=(word[:LONGEST_NAME],))
        return cls(unit, 1, value, value, value)

    def merged(self, later: Observed) -> Observed:
        """Add what was seen later."""
        lows = [low for low in (self.low, later.low) if low is not None]
        highs = [high for high in (self.high, later.high) if high is not None]
        return Observed(
            later.unit or self.unit,
            self.count + later.count,
            min(lows, default=None),
            max(highs, default=None),
            self.last if later.last is None else later.last,
            tuple(dict.fromkeys((*self.words, *later.words)))[:MOST_WORDS],
        )


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A whole message, to be tried again once its asset is known."""

    topic: str
    payload: bytes
    at: Instant


@dataclass(frozen=True, slots=True)
class Proposal:
    """An asset that is not in the plant, and what is known of it.

    `asset` is the id it would have, `source` how it came. `messages` counts those that were
    looked at, which is a sample of those that came. `on_change` tells that it reports changes
    only.
    """

    asset: str
    source: str
    first: Instant
    last: Instant
    messages: int = 1
    channels: Mapping[str, Observed] = field(default_factory=dict)
    kept: tuple[KeptMessage, ...] = ()
    on_change: bool = False

    def merged(self, later: Proposal) -> Proposal:
        """Add what was seen later, within the bounds."""
        channels = dict(self.channels)
        for name, seen in later.channels.items():
            known = channels.get(name)
            channels[name] = seen if known is None else known.merged(seen)
        return replace(
            self,
            source=later.source,
            first=min(self.first, later.first),
            last=max(self.last, later.last),
            messages=self.messages + later.messages,
            channels=channels,
            kept=(*self.kept, *later.kept),
            on_change=self.on_change or later.on_change,
        ).bounded()

    def bounded(self) -> Proposal:
        """Leave out what is beyond the bounds; of messages the newest stay."""
        channels = list(self.channels.items())[:MOST_CHANNELS]
        kept: list[KeptMessage] = []
        size = 0
        for message in reversed(self.kept):
            size += len(message.payload) + len(message.topic)
            if size > KEPT_BYTES or len(kept) == MOST_KEPT:
                break
            kept.insert(0, message)
        short = {storable(name)[:LONGEST_NAME]: seen for name, seen in channels}
        return replace(self, channels=short, kept=tuple(kept))


class Proposals(Protocol):
    """Keeps proposals; safe to use from several threads and processes."""

    def note(self, seen: Sequence[Proposal]) -> None:
        """Add what was seen to what is known.

        Beyond `MOST_ASSETS`, those go that have been quiet for a day, or were heard the least.
        """
        ...

    def listed(self, limit: int = MOST_ASSETS) -> list[Proposal]:
        """List what is known, most often heard first."""
        ...

    def find(self, asset: str) -> Proposal | None:
        """Find one by the id it would have."""
        ...

    def discard(self, assets: Sequence[str]) -> int:
        """Forget some, because they are known now; returns how many were there."""
        ...

    def forgotten(self) -> int:
        """Count those that had to make room."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
