"""Notices: one per transition and notifier, held back while a backlog is being caught up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.alert import Alert, Notice, Transition
from service.alertbook import AlertBook, Step


@dataclass(slots=True)
class Holding:
    """Which cases wait for their asset to catch up, and which were ever told to anyone.

    A held case goes out in its newest form. One that ended while it was held goes out only where
    it had been told before, so that nobody is left with a case that no longer stands.
    """

    notifiers: tuple[str, ...] = ()
    waiting: dict[str, tuple[Alert, Transition]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def pass_on(self, steps: Sequence[Step]) -> list[Notice]:
        """Turn transitions into notices, or keep them for later."""
        notices: list[Notice] = []
        for alert, transition in steps:
            if transition is None:
                continue
            if alert.held:
                self.waiting[alert.id] = (alert, transition)
            else:
                notices += self._tell(alert, transition)
        return notices

    def release(self, asset: str, book: AlertBook) -> tuple[AlertBook, list[Step], list[Notice]]:
        """Let go what was held about an asset; gives the book without it being held."""
        steps: list[Step] = []
        notices: list[Notice] = []
        waiting = [item for item in self.waiting.values() if item[0].asset == asset]
        for alert, transition in waiting:
            del self.waiting[alert.id]
            case = book.cases.get(alert.id)
            if case is not None:
                move = book.release(case)
                book = move.book
                steps += move.steps
                notices += self._tell(move.steps[0][0], transition)
            elif alert.id in self.told:
                notices += self._tell(alert, transition)
        return book, steps, notices

    def _tell(self, alert: Alert, transition: Transition) -> list[Notice]:
        self.told.add(alert.id)
        if not alert.state.is_open:
            self.told.discard(alert.id)
        return [
            Notice(name, f"{name}:{alert.id}:{transition.version}", alert, transition)
            for name in self.notifiers
        ]
