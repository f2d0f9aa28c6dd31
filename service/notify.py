"""The outbox: sends what scoring left in the case file, again and again until it has gone out."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.alert import Notice
from core.casefile import CaseFile
from core.errors import Refused, Unavailable
from service.metrics import NOTICES

LOOK_EVERY = 0.1
BATCH = 100
SLOWEST = 30.0
"""Seconds between two tries at most, however long the other side has been away."""

_log = structlog.get_logger("notify")


class Notifier(Protocol):
    """One way in which notices go out. `name` is unique and tells its notices apart."""

    @property
    def name(self) -> str:
        """The name its notices are kept under."""
        ...

    def send(self, notices: Sequence[Notice]) -> None:
        """Send notices in their order; when it returns, the other side has them all.

        Raises `Unavailable` where it may not have all of them: they are sent again, with the same
        dedup keys.
        """
        ...

    def close(self) -> None:
        """Let go of the other side."""
        ...


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sends each notifier's notices in a thread of its own, so that none waits for another."""

    casefile: CaseFile
    notifiers: tuple[Notifier, ...]

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop."""
        threads = [
            threading.Thread(target=self._serve, args=(one, stop), name=f"notify {one.name}")
            for one in self.notifiers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def flush(self, notifier: Notifier) -> int:
        """Send what waits now; returns how many notices went out."""
        count = 0
        while waiting := self.casefile.pending(notifier.name, BATCH):
            notifier.send(waiting)
            self.casefile.sent([notice.id for notice in waiting])
            NOTICES.labels(notifier.name, "sent").inc(len(waiting))
            count += len(waiting)
        return count

    def _serve(self, notifier: Notifier, stop: threading.Event) -> None:
        waits = LOOK_EVERY
        since = None
        while not stop.wait(waits):
            why = self._try(notifier)
            if why is None:
                if since is not None:
                    seconds = round(time.monotonic() - since, 1)
                    _log.info("notices_resumed", notifier=notifier.name, after_seconds=seconds)
                waits, since = LOOK_EVERY, None
                continue
            if since is None:
                since = time.monotonic()
                _log.warning("notices_waiting", notifier=notifier.name, why=why)
            waits = min(max(waits, 0.5) * 2, SLOWEST)
        with contextlib.suppress(Exception):
            notifier.close()

    def _try(self, notifier: Notifier) -> str | None:
        """Send what waits; gives the reason where something did not go out."""
        try:
            self.flush(notifier)
        except (Unavailable, Refused) as error:
            NOTICES.labels(notifier.name, "failed").inc()
            return str(error)
        except Exception as error:
            # a notifier that fails in an unforeseen way must neither end nor lose its notices
            _log.exception("notifier_failed", notifier=notifier.name)
            NOTICES.labels(notifier.name, "failed").inc()
            return f"{type(error).__name__}: {error}"
        return None
