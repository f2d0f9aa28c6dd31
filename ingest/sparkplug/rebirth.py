"""Asking nodes for a rebirth: only where allowed, seldom for each, and slowly for all together."""

from __future__ import annotations

from collections.abc import Container

from core.clock import MINUTE, Instant
from ingest.sparkplug.settings import RebirthSettings
from ingest.sparkplug.topic import Place

_BURST_SHARE = 6


class Rebirths:
    """The nodes that should be asked, in the order in which it was noticed.

    A thousand nodes at once wait here, each one only once; none is asked while another request
    to it is younger than `per_node`, and all together get `per_minute`.
    """

    def __init__(self, settings: RebirthSettings) -> None:
        self._settings = settings
        self._most = max(1.0, settings.per_minute / _BURST_SHARE)
        self._left = self._most
        self._filled: Instant | None = None
        self._asked: dict[Place, Instant] = {}
        self.wanted: dict[Place, str] = {}

    def ask(self, node: Place, why: str) -> None:
        """Note that a node's births are needed; why, in words, for people."""
        self.wanted.setdefault(node, why)

    def born(self, node: Place) -> None:
        """Note that a node was born: what was wanted of it is there."""
        self.wanted.pop(node, None)

    def clear(self) -> None:
        """Forget what is wanted, as when the connection is lost; not what was asked lately."""
        self.wanted.clear()

    def release(self, now: Instant, strangers: Container[Place] = ()) -> list[Place]:
        """Take those that may be asked now, `strangers` only after all others."""
        if not self._settings.allowed or not self.wanted:
            return []
        self._fill(now)
        if self._left < 1:
            return []
        chosen: list[Place] = []
        for node in sorted(self.wanted, key=lambda node: node in strangers):
            if self._left - len(chosen) < 1:
                break
            last = self._asked.get(node)
            if last is None or not 0 <= now - last < self._settings.per_node:
                chosen.append(node)
        self._left -= len(chosen)
        for node in chosen:
            del self.wanted[node]
            self._asked[node] = now
        return chosen

    def _fill(self, now: Instant) -> None:
        passed = 0 if self._filled is None else max(0, now - self._filled)
        self._left = min(self._most, self._left + self._settings.per_minute * passed / MINUTE)
        self._filled = now
        if len(self._asked) > 2 * len(self.wanted) + 1000:
            self._asked = {
                node: at
                for node, at in self._asked.items()
                if 0 <= now - at < self._settings.per_node
            }
