"""The desk: puts what a person asks for into the journal and waits for what scoring makes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync

from core.casefile import CaseFile, Outcome
from core.clock import SECOND, Clock, Span
from core.journal import Command, Journal, draft
from core.work import WorkEvent
from service.metrics import COMMANDS

LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Desk:
    """Nothing is decided here: only scoring writes the book of alerts."""

    journal: Journal
    casefile: CaseFile
    clock: Clock
    patience: Span = 5 * SECOND

    async def ask(self, request: Command | WorkEvent) -> Outcome | None:
        """Return what became of a request; None where that is not decided in time.

        A request that was made before, by its id, is answered as it was then.
        """
        known = await run_sync(self.casefile.outcome, request.id)
        if known is not None:
            return known
        await run_sync(self.journal.append, [draft(self.clock(), request)])
        outcome = await self._wait(request.id)
        verb = request.verb if isinstance(request, Command) else "work"
        COMMANDS.labels(verb, _word(outcome)).inc()
        return outcome

    async def _wait(self, key: str) -> Outcome | None:
        deadline = time.monotonic() + self.patience / SECOND
        while True:
            outcome = await run_sync(self.casefile.outcome, key)
            if outcome is not None or time.monotonic() >= deadline:
                return outcome
            await anyio.sleep(LOOK_EVERY)


def _word(outcome: Outcome | None) -> str:
    if outcome is None:
        return "undecided"
    return "accepted" if outcome.accepted else "refused"
