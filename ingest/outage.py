"""An outage of something outside: logged once when it starts and once when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from core.errors import DiskTrouble, Unavailable

_log = structlog.get_logger("ingest")
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0


class Outage:
    """Follows one thing that may be away, and says how long to wait before trying again.

    `of_the_disk` tells whether the last attempt failed for the disk of this machine, `known`
    whether there was any attempt yet.
    """

    def __init__(self, what: str, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.what = what
        self._elapsed = elapsed
        self._since: float | None = None
        self._wait = FIRST_WAIT
        self.words = ""
        self.of_the_disk = False
        self.known = False

    @property
    def lasts(self) -> bool:
        """Whether it is away now."""
        return self._since is not None

    @property
    def age(self) -> float:
        """How many seconds it has been away, 0 where it is there."""
        return 0.0 if self._since is None else self._elapsed() - self._since

    def failed(self, error: Exception) -> float:
        """Take note of a failed attempt; returns the seconds to wait before the next."""
        self.known = True
        self.words = str(error) or type(error).__name__
        self.of_the_disk = isinstance(error, DiskTrouble)
        if self._since is None:
            self._since = self._elapsed()
            expected = isinstance(error, Unavailable)
            _log.warning(f"{self.what}_became_unavailable", why=self.words, exc_info=not expected)
        wait, self._wait = self._wait, min(2 * self._wait, LONGEST_WAIT)
        return getattr(error, "retry_after", None) or wait

    def worked(self) -> None:
        """Take note of a success."""
        self.known = True
        if self._since is not None:
            lasted = round(self._elapsed() - self._since, 1)
            _log.info(f"{self.what}_came_back", after_seconds=lasted)
            self._since = None
            self.words = ""
        self._wait = FIRST_WAIT
