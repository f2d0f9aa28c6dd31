"""Notices: one per transition and notifier, held back while a backlog is being caught up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.alert import Alert, Change, Notice, Transition
from service.alertbook import AlertBook, Step


@dataclass(slots=True)
class Holding:
    """Which cases wait for their asset to catch up, and which were ever told to anyone.

    A held case goes out in its newest form. One that ended while it was held goes out only where
    it had been told before, so that nobody is left with a case that no longer stands; what work
    that ended a case came to goes out where the case did.
    """

    notifiers: tuple[str, ...] = ()
    waiting: dict[str, tuple[str, Transition]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def pass_on(self, steps: Sequence[Step]) -> list[Notice]:
        """Turn transitions into notices, or keep them for later."""
        notices: list[Notice] = []
        for alert, transition in steps:
            if transition is None:
                continue
            if alert.held:
                judged = transition.change is Change.REPAIR_JUDGED
                if not judged or alert.id in self.told or alert.id not in self.waiting:
                    self.waiting[alert.id] = (alert.asset, transition)
            else:
                notices += self._tell(alert, transition)
        return notices

    def release(
        self, asset: str, book: AlertBook, ended: Callable[[str], Alert | None]
    ) -> tuple[AlertBook, list[Step], list[Notice]]:
        """Let go what was held about an asset; gives the book without it being held.

        `ended` finds a case that is no longer in the book.
        """
        steps: list[Step] = []
        notices: list[Notice] = []
        waiting = [step for about, step in self.waiting.values() if about == asset]
        for transition in waiting:
            del self.waiting[transition.alert]
            case = book.cases.get(transition.alert)
            if case is not None:
                move = book.release(case)
                book = move.book
                steps += move.steps
                notices += self._tell(move.steps[0][0], transition)
            elif transition.alert in self.told or transition.change is Change.REPAIR_JUDGED:
                past = ended(transition.alert)
                if past is not None:
                    past = replace(past, held=False)
                    steps.append((past, None))
                    notices += self._tell(past, transition)
        return book, steps, notices

    def _tell(self, alert: Alert, transition: Transition) -> list[Notice]:
        self.told.add(alert.id)
        if not alert.state.is_open:
            self.told.discard(alert.id)
        return [
            Notice(name, f"{name}:{alert.id}:{transition.version}", alert, transition)
            for name in self.notifiers
        ]
