"""Numbers that senders count their messages by: each left out is a message lost upstream."""

from __future__ import annotations

from collections.abc import Hashable

MOST_SENDERS = 10_000
FURTHEST = 100_000
"""A sender that leaps further than this began to count anew."""


class Sequences:
    """Remembers the last number of each sender; of too many senders it forgets all."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def take(self, sender: Hashable, number: int, *, again: bool = False) -> int:
        """Take a sender's next number and return how many before it are missing.

        A number that goes back is a sender that counts anew, unless it is delivered `again`.
        """
        key = hash(sender)  # names from outside may be long, and are not kept
        last = self._last.get(key)
        if last is None and len(self._last) >= MOST_SENDERS:
            self._last.clear()
        if last is not None and number <= last and again:
            return 0
        self._last[key] = number
        if last is None or not 0 < number - last <= FURTHEST:
            return 0
        return number - last - 1
