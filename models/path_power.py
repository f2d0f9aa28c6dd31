"""Power path: wear that slows as it goes (running in, films that grow) or hastens."""

from __future__ import annotations

from core.readings import Floats


class Power:
    """Grows as time to the power of `shape`: below 1 it slows, above it hastens."""

    shapes = (0.5, 0.7, 1.4, 2.0, 3.0)

    def grown(self, time: Floats, shape: Floats) -> Floats:
        """Tell how far it has grown by each time."""
        grown: Floats = time**shape
        return grown

    def reached(self, grown: Floats, shape: Floats) -> Floats:
        """Tell when it has grown so far."""
        time: Floats = grown ** (1 / shape)
        return time
