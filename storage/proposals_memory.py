"""Proposed assets in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from core.proposal import GONE_AFTER, MOST_ASSETS, Proposal


class MemoryProposals:
    """Implements `core.proposal.Proposals` for one process; nothing lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Proposal] = {}
        self._forgotten = 0

    def note(self, seen: Sequence[Proposal]) -> None:
        """Add what was seen."""
        with self._lock:
            for one in seen:
                before = self._known.get(one.asset)
                self._known[one.asset] = one.bounded() if before is None else before.merged(one)
            self._make_room()

    def listed(self, limit: int = MOST_ASSETS) -> list[Proposal]:
        """List what is known, most often heard first."""
        with self._lock:
            ordered = sorted(self._known.values(), key=lambda one: (-one.messages, one.asset))
            return ordered[:limit]

    def find(self, asset: str) -> Proposal | None:
        """Find one."""
        with self._lock:
            return self._known.get(asset)

    def discard(self, assets: Sequence[str]) -> int:
        """Forget some; returns how many were there."""
        with self._lock:
            return sum(self._known.pop(asset, None) is not None for asset in assets)

    def forgotten(self) -> int:
        """Count those that had to make room."""
        with self._lock:
            return self._forgotten

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _make_room(self) -> None:
        excess = len(self._known) - MOST_ASSETS
        if excess <= 0:
            return
        gone = max(one.last for one in self._known.values()) - GONE_AFTER
        order = sorted(
            self._known.values(), key=lambda one: (one.last >= gone, one.messages, one.last)
        )
        for one in order[:excess]:
            del self._known[one.asset]
        self._forgotten += excess
