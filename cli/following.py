"""Follows the demo: its progress, each alert as it comes, and the one that it is about."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from cli.progress import Progress
from core.clock import HOUR, iso
from core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from cli.runtime import Runtime
    from core.alert import Alert, Transition
    from core.clock import Instant
    from simulators.fleet import Fleet


def follow(
    runtime: Runtime,
    fleet: Fleet,
    machines: subprocess.Popen[bytes],
    begun: float,
    *,
    until_alert: bool,
) -> bool | None:
    """Print each alert until stopped, or with `until_alert` until one about a wearing machine.

    Returns whether that one came before the machine's failure, None where it was stopped first.
    Unavailable where the machines' process ended by itself.
    """
    failures = _failures(fleet)
    if until_alert and not failures:
        msg = "no machine of this scenario fails, so no alert can come before its failure"
        raise Refused(msg)
    seen, history = 0, _History(runtime, fleet.count)
    with Progress("readings", fleet.count) as progress:
        while not runtime.stop.wait(0.1):
            for step, alert in runtime.casefile.events(seen):
                seen = step.id
                _print(progress, _line(step, alert))
                if until_alert and alert.asset in failures and alert.group == "machine":
                    _print(progress, _verdict(alert, failures[alert.asset], begun))
                    return alert.opened_at < failures[alert.asset]
            if history.look(progress):
                _print(progress, "history: played; the machines go on live, Ctrl-C ends it")
            if until_alert and history.over:
                names = ", ".join(sorted(failures))
                _print(progress, f"history was played and scored, and no alert came about {names}")
                return False
            if machines.poll() is not None and not runtime.stop.is_set():
                msg = f"the machines' process ended ({machines.returncode}); see simulate.log"
                raise Unavailable(msg)
    return None


class _History:
    """Whether the played history has come in, and was scored."""

    def __init__(self, runtime: Runtime, count: int) -> None:
        self._runtime, self._count = runtime, count
        self._last: int | None = None
        self._scored = False

    @property
    def over(self) -> bool:
        """Whether all of it was scored when this was asked before: nothing more comes of it."""
        scored, scoring = self._scored, self._runtime.scoring
        if self._last is not None and scoring is not None:
            self._scored = scoring.position >= self._last
        return scored

    def look(self, progress: Progress) -> bool:
        """Tell the progress; true once, when all of it is in."""
        if self._last is not None or self._runtime.pipeline is None:
            return False
        kept = self._runtime.pipeline.status().acknowledged
        if kept < self._count:
            progress.tell(kept)
            return False
        self._last = self._runtime.journal.last_id()
        return True


def _failures(fleet: Fleet) -> dict[str, Instant]:
    from simulators.truth import truths

    return {fault.asset: fault.failure for fault in truths(fleet) if fault.failure is not None}


def _line(step: Transition, alert: Alert) -> str:
    from cli.wording import event_row

    return str(event_row(step, alert)["line"])


def _verdict(alert: Alert, failure: Instant, begun: float) -> str:
    ahead = (failure - alert.opened_at) / HOUR
    return (
        f"first alert about {alert.asset}: {time.monotonic() - begun:.1f} s after start; "
        f"failure at {iso(failure)}, alert {abs(ahead):.0f} h {'before' if ahead > 0 else 'after'} "
        "it"
    )


def _print(progress: Progress, line: str) -> None:
    progress.clear()
    print(line, flush=True)
