"""A link in memory that can be cut before a message arrives, or before that is confirmed."""

from __future__ import annotations

from core.errors import Unavailable


class MemoryLink:
    """Keeps what arrives. `trouble` cuts it before, `after` once it has arrived; both stay."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, bytes]] = []
        self.trouble: Exception | None = None
        self.after: Exception | None = None
        self.tries = self.looks = 0
        self.closed = False

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        assert not retain
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble
        self.arrived.append((topic, body))
        if self.after is not None:
            raise self.after

    def look(self) -> None:
        self.looks += 1
        if self.trouble is not None:
            raise Unavailable(str(self.trouble))

    def close(self) -> None:
        self.closed = True
