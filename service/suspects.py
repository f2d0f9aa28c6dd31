"""Suspects: for each rule that is on, the channel that carries the blame for it.

How they are found stands in `service/latch.py`; this is their part of the checkpoint.
"""

from __future__ import annotations

from models.detector import State
from service.rules import RuleLatch


class Suspects:
    """Keeps and takes over the suspects of a class's rules."""

    def __init__(self, rules: RuleLatch) -> None:
        self._rules = rules

    def state(self) -> State:
        """Return what a restart needs, each rule under its name so that rules may come and go."""
        return self._rules.suspects()

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._rules.suspect(state)
