"""Stores in memory that fail when told to: a disk that is full, a database that is away."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.journal import Draft
from core.ledger import NOTHING, Account
from core.readings import Readings
from core.rejection import Rejection
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal


class StubbornJournal(MemoryJournal):
    """Raises `trouble`, where there is any, and keeps nothing meanwhile."""

    trouble: Exception | None = None

    def append(
        self,
        drafts: Sequence[Draft],
        rejections: Sequence[Rejection] = (),
        account: Account = NOTHING,
        reached: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        if self.trouble is not None:
            raise self.trouble
        return super().append(drafts, rejections, account, reached)


class StubbornHistory(MemoryHistory):
    """Raises `trouble` before it writes, or `after` once it has.

    A write waits until `free`, and `held` is set meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None
        self.after: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.held = threading.Event()
        self.writes: list[int] = []

    def write(self, batches: Sequence[Readings], position: int) -> None:
        self.held.set()
        self.free.wait(30)
        self.held.clear()
        if self.trouble is not None:
            raise self.trouble
        super().write(batches, position)
        self.writes.append(sum(map(len, batches)))
        if self.after is not None:
            raise self.after
