"""The port of degradation models: a health index per asset and the life that is left."""

from __future__ import annotations

from typing import Protocol

from core.life import Outlook
from core.readings import Floats
from models.detector import Round, State, Verdicts


class Degradation(Protocol):
    """Follows wear from rounds and the detectors' verdicts on them.

    One object serves all assets of a class, as a detector does.
    """

    @property
    def failure_mode(self) -> str:
        """Name what the machines fail of when health reaches 0."""
        ...

    def observe(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Move the health of the rows' assets forward; returns it as it is after each row.

        Rows are in order of time, and assets may repeat.
        """
        ...

    def health(self) -> Floats:
        """Return the health index per asset: 1 as new, 0 at the threshold, NaN where unknown."""
        ...

    def remaining(self, asset: int) -> Outlook:
        """Return the time left to the threshold for one asset, in hours of calendar time."""
        ...

    def basis(self, asset: int) -> str:
        """Say in words what the estimate rests on: method, threshold, source."""
        ...

    def forget(self, asset: int) -> None:
        """Start one asset anew, after a repair."""
        ...

    def state(self) -> State:
        """Return everything needed to go on elsewhere exactly as here."""
        ...

    def restore(self, state: State) -> None:
        """Take over a state of the same class and the same assets."""
        ...
