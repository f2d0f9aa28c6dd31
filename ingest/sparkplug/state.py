"""What the host says of itself: birth and death certificates on its STATE topic."""

from __future__ import annotations

import json

from core.clock import Instant
from ingest.sparkplug.effect import Publish
from ingest.sparkplug.topic import state_topic

_MILLISECOND = 1_000_000
_QOS = 1
_LONGEST = 10_000


class HostState:
    """The certificates of one connection after the other.

    A birth has the time that stood in the will of its connection. Times only grow, since edge
    nodes believe the latest.
    """

    def __init__(self, host_id: str) -> None:
        self.topic = state_topic(host_id)
        self._at = 0

    def will(self, now: Instant) -> Publish:
        """Make the will of a connection that is about to be opened."""
        self._at = max(now // _MILLISECOND, self._at + 1)
        return self._certificate(online=False, at=self._at)

    def birth(self) -> Publish:
        """Make the birth that belongs to the last will."""
        return self._certificate(online=True, at=self._at)

    def death(self, now: Instant) -> Publish:
        """Make the death to publish before an intended end."""
        return self._certificate(online=False, at=max(now // _MILLISECOND, self._at))

    def denies(self, payload: bytes) -> bool:
        """Tell whether a message on our own topic says that we are gone while we are here."""
        try:
            said = json.loads(payload) if len(payload) <= _LONGEST else None
        except (ValueError, RecursionError):
            return False
        return isinstance(said, dict) and said.get("online") is False

    def _certificate(self, *, online: bool, at: int) -> Publish:
        said = json.dumps({"online": online, "timestamp": at}).encode()
        return Publish(self.topic, said, _QOS, retain=True)
