"""Judgements in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from core.condition_store import ConditionPoint


class MemoryConditions:
    """Implements `core.condition_store.ConditionStore` for one process; nothing lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[object, ConditionPoint] = {}

    def write(self, points: Sequence[ConditionPoint]) -> None:
        """Store points."""
        with self._lock:
            for one in points:
                key = (one.measurement, one.asset, tuple(sorted(one.tags.items())), one.at)
                kept = self._points.get(key)
                fields = {**(kept.fields if kept else {}), **one.fields}
                self._points[key] = ConditionPoint(
                    one.measurement, one.asset, one.at, dict(one.tags), fields
                )

    def points(self) -> tuple[ConditionPoint, ...]:
        """Return all points, in order of time."""
        with self._lock:
            return tuple(sorted(self._points.values(), key=lambda one: one.at))

    def close(self) -> None:
        """Do nothing: there is no file."""
