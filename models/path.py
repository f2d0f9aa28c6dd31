"""The port of degradation paths: how a signal goes from healthy to its end.

Each kind of path is one file with one parameter, its shape: W. Q. Meeker, L. A. Escobar:
Statistical Methods for Reliability Data, 1998, chapter 13. Where a path starts and how fast it goes
are effects of the single unit, drawn at random (C. J. Lu, W. Q. Meeker, Technometrics 35, 1993).
"""

from __future__ import annotations

from typing import Protocol

from core.readings import Floats


class Path(Protocol):
    """One kind of path. Growth is 0 at time 0 and rises with time."""

    @property
    def shapes(self) -> tuple[float, ...]:
        """List the shapes that are tried."""
        ...

    def grown(self, time: Floats, shape: Floats) -> Floats:
        """Tell how far it has grown by each time, which is 0 or later."""
        ...

    def reached(self, grown: Floats, shape: Floats) -> Floats:
        """Tell when it has grown so far."""
        ...
