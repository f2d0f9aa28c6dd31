"""A thread that must not die: what kills it is logged, and it is started again.

Only what will never succeed ends it for good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from core.errors import Refused

_log = structlog.get_logger("ingest")
_PAUSE = 1.0
_ROUND = 1.0


def rest(stop: threading.Event, beat: Callable[[], None], seconds: float) -> bool:
    """Wait so long, coming round each second meanwhile; false where it is time to end."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        beat()
        if stop.wait(min(left, _ROUND)):
            return False
    return not stop.is_set()


class Worker:
    """Runs `task(stop, beat)` in a thread of its own until `stop` is set.

    The task calls `beat` whenever it comes round, so that a thread that hangs can be seen.
    `refusal` is what ended it for good: a file that is damaged does not mend by trying again.
    """

    def __init__(
        self,
        name: str,
        task: Callable[[threading.Event, Callable[[], None]], None],
        pause: float = _PAUSE,
    ) -> None:
        self.name = name
        self._task = task
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ingest-{name}", daemon=True)
        self._beat = time.monotonic()
        self.restarts = 0
        self.refusal: Refused | None = None

    @property
    def age(self) -> float:
        """Seconds since it last came round."""
        return time.monotonic() - self._beat

    def start(self) -> None:
        """Start the thread."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """Say that it is alive."""
        self._beat = time.monotonic()

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait for its end; false where it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._task(self._stop, self.beat)
            except Refused as error:
                self.refusal = error
                _log.critical("thread_ended", thread=self.name, why=str(error))
                return
            except Exception:
                self.restarts += 1
                _log.exception("thread_failed", thread=self.name, restarts=self.restarts)
                self._stop.wait(self._pause)
