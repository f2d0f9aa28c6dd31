"""What the broker says of itself under `$SYS/`: metrics, and a note where it loses messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest import metrics
from ingest.heartbeat import Note

LOSSES = ("messages/dropped",)
"""Figures that count messages which the broker let go, by how their names end."""

LASTS = 600.0
"""Seconds for which a loss is told after the count has risen."""


class BrokerWatch:
    """Looks at the figures that the decoder keeps; a count of losses that rises is a fault."""

    def __init__(self, figures: Mapping[str, float | str]) -> None:
        self._figures = figures
        self._lost: dict[str, float] = {}
        self._rose: dict[str, tuple[float, float]] = {}

    def notes(self, now: float) -> Iterator[Note]:
        """Say which losses have grown lately; `now` is in seconds of a clock that only goes on.

        A count that falls is that of a broker that was started again.
        """
        for name, value in list(self._figures.items()):
            if isinstance(value, str):
                continue
            metrics.BROKER.labels(name).set(value)
            if name.endswith(LOSSES):
                before = self._lost.get(name, value)
                self._lost[name] = value
                if value > before:
                    self._rose[name] = (now, value - before)
        for name, (at, lost) in list(self._rose.items()):
            if now - at > LASTS:
                del self._rose[name]
                continue
            words = (
                f"the broker let go of {lost:,.0f} messages ({name}): its queues are full, or"
                " somebody is too slow; give it larger queues"
            )
            yield "broker drops messages", words
