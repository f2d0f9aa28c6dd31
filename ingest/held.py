"""Tells which messages the broker sends again although the journal has them already.

That happens where the connection or the service ended between a commit and its acknowledgement.
Such a message is put into the journal again all the same, since to store a reading twice is
harmless and to leave out the wrong one is not; it is only counted as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.clock import Instant
from core.errors import Refused, Unavailable
from core.journal import Journal, Kind
from core.readings import Readings
from ingest.packets import DUPLICATE, Packet

WATCHED = 65_535
"""So many messages can be in flight at once, and so be sent again, after a connection was lost."""

_ROWS = 20_000
_ENTRIES = 256
_STEPS = 8


class Held:
    """Knows the newest readings of the journal, once that is asked for after a connection."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: set[tuple[str, Instant]] | None = None
        self._left = WATCHED

    def reconnected(self) -> None:
        """Look out for messages that are sent again, and read the journal anew."""
        self._known, self._left = None, WATCHED

    def again(self, packets: Sequence[Packet]) -> set[int]:
        """Return the numbers of the messages of a batch that the broker calls sent again."""
        if self._left <= 0:
            self._known = None
            return set()
        self._left -= len(packets)
        return {number for number, packet in enumerate(packets) if packet[2] & DUPLICATE}

    def has(self, asset: str, at: Instant) -> bool:
        """Tell whether the newest journal entries hold a reading of this asset and time."""
        if self._known is None:
            try:
                self._known = self._newest()
            except (Unavailable, Refused):
                return False
        return (asset, at) in self._known

    def _newest(self) -> set[tuple[str, Instant]]:
        found: set[tuple[str, Instant]] = set()
        last = self._journal.last_id()
        for _ in range(_STEPS):
            after = max(0, last - _ENTRIES)
            for entry in self._journal.read(after, last - after):
                if entry.kind is Kind.READINGS and entry.id <= last:
                    found |= _keys(entry.body)
            last = after
            if not last or len(found) >= _ROWS:
                break
        return found


def _keys(body: bytes) -> set[tuple[str, Instant]]:
    try:
        block = Readings.decode(body)
    except (ValueError, msgspec.MsgspecError):
        return set()
    names = [block.assets[k] for k in block.asset.tolist()]
    return set(zip(names, block.at.tolist(), strict=True))
