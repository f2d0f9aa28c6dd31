"""Which version of MQTT to speak: 5, or 3.1.1 with a broker that knows no better."""

from __future__ import annotations

from typing import Literal

_CLOSED_TWICE = 2


class ProtocolChoice:
    """Starts with MQTT 5 and falls back where the broker refuses it, or closes without a word.

    Some brokers that know only 3.1.1 close the connection at a CONNECT of version 5; so may one
    that is just going down, which is why a single time does not count. What has once worked is
    kept until it fails twice.
    """

    def __init__(self, wanted: Literal["auto", "5", "3.1.1"]) -> None:
        self._auto = wanted == "auto"
        self.version_5 = wanted != "3.1.1"
        self._closed = 0

    def settle(self) -> None:
        """Take note that the version in use works."""
        self._closed = 0

    def failed(self, *, refused: bool, silent: bool) -> None:
        """Take note of a refusal of the version, or of an end without an answer to CONNECT."""
        if not self._auto or not (refused or silent):
            return
        self._closed += 1
        if refused or self._closed >= _CLOSED_TWICE:
            self.version_5 = not self.version_5
            self._closed = 0
