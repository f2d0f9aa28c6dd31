"""Linear path: wear that goes on at one pace."""

from __future__ import annotations

from core.readings import Floats


class Linear:
    """Grows as time does; it has one shape only."""

    shapes = (1.0,)

    def grown(self, time: Floats, shape: Floats) -> Floats:
        """Tell how far it has grown by each time."""
        return time * shape

    def reached(self, grown: Floats, shape: Floats) -> Floats:
        """Tell when it has grown so far."""
        return grown / shape
