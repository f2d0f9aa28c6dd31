"""The sequence numbers of a node: which message is next, which are missing, which come late."""

from __future__ import annotations

from enum import Enum

_ALL = 256
_HALF = _ALL // 2


class Order(Enum):
    """How a message stands to those before it."""

    NEXT = "next"
    AHEAD = "ahead"
    LATE = "late"


class Sequence:
    """Counts 0 to 255 and round again.

    A number that is up to half a round ahead is ahead of missing ones; one that was missed and
    comes later is late; any other is out of order, and treated as ahead.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._missing: set[int] = set()

    def start(self, seq: int | None) -> None:
        """Begin anew after the message `seq`; None where it said none."""
        self._next = None if seq is None else (seq + 1) % _ALL
        self._missing.clear()

    def judge(self, seq: int | None) -> Order:
        """Tell how a message stands to those before it, without taking it."""
        if seq is None or self._next is None or seq == self._next:
            return Order.NEXT
        return Order.LATE if seq in self._missing else Order.AHEAD

    def ahead(self, seq: int | None) -> int:
        """Tell how far a number is from the next one: 0 where it is the next."""
        return 0 if seq is None or self._next is None else (seq - self._next) % _ALL

    def take(self, seq: int | None) -> int:
        """Take a message as the next one; returns how many were passed over."""
        if seq is None:
            return 0
        passed = self.ahead(seq)
        if passed >= _HALF:  # the node began to count anew, and nobody knows what was lost
            passed = 0
            self._missing.clear()
        elif self._next is not None:
            self._missing.update((self._next + k) % _ALL for k in range(passed))
        self._missing.discard(seq)
        self._next = (seq + 1) % _ALL
        return passed

    def found(self, seq: int) -> None:
        """Take a message that had been given up."""
        self._missing.discard(seq)
