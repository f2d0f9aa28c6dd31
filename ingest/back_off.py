"""How long to wait before the next try to connect."""

from __future__ import annotations

import random

from core.clock import SECOND, Span

_FIRST_WAIT = 0.25


class BackOff:
    """Waits longer after each failure, up to `longest`, and never in step with others."""

    def __init__(self, longest: Span) -> None:
        self._longest = longest / SECOND
        self.failures = 0

    def failed(self) -> float:
        """Take note of a failure; returns the seconds to wait."""
        wait = min(self._longest, _FIRST_WAIT * 2.0 ** min(self.failures, 20))
        self.failures += 1
        return wait * random.uniform(0.5, 1.0)

    def worked(self) -> None:
        """Begin with short waits again."""
        self.failures = 0
