"""The port of degradation models: a health index per asset and the life that is left."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from core.life import Outlook
from core.readings import Floats
from models.detector import Round, State, Verdicts

SURE = 3.0
"""At how many standard errors a course leads to its end."""

WIDEST = 30.0
"""How many times the early end of an interval the late end may be."""


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


@runtime_checkable
class Mendable(Protocol):
    """A degradation model that follows one signal, so that repairs can be judged by it."""

    @property
    def steady(self) -> bool:
        """Tell whether the signal means the same before and after work: else none is judged."""
        ...

    @property
    def failure_mode(self) -> str:
        """Name what the machines fail of."""
        ...

    def signal(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Return the signal of each row, NaN where it is missing."""
        ...

    def remaining(self, asset: int) -> Outlook:
        """Return the time left to the threshold for one asset, in hours of calendar time."""
        ...

    def way(self, asset: int) -> tuple[float, float] | None:
        """Return the healthy level of an asset and its end; None while either is not known."""
        ...

    def mend(self, asset: int) -> None:
        """Begin a new course after work, by the healthy level that was known before."""
        ...

    def rebase(self, asset: int, healthy: float) -> None:
        """Take another level as the healthy one of an asset."""
        ...
