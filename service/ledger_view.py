"""The ledger as the page, the API and the metrics show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily

from core.ledger import Fate, Line


def form(line: Line) -> dict[str, Any]:
    """Write a source's line as JSON."""
    return {
        "source": line.source,
        "received": line.received,
        "stored": line.stored,
        "rejected": dict(line.rejected),
        "duplicate": line.duplicate,
        "dropped": dict(line.dropped),
        "told": line.told,
        "waiting": line.waiting,
        "settled": dict(line.settled),
        "missing": line.missing,
        "in_part": line.in_part,
        "lost_upstream": line.lost_upstream,
    }


def reasons(line: Line) -> list[tuple[str, str, int]]:
    """List why messages of a source are not stored, as fate, reason and count."""
    found: list[tuple[str, Mapping[str, int]]] = [
        ("refused", line.rejected),
        ("dropped", line.dropped),
        ("settled", line.settled),
    ]
    return [(what, why, count) for what, counts in found for why, count in counts.items()]


def metrics(lines: Iterable[Line]) -> Iterator[GaugeMetricFamily]:
    """Write the ledger for Prometheus: every part, and what is missing."""
    parts = GaugeMetricFamily(
        "millwright_ledger_messages",
        "What became of messages since counting began.",
        labels=["source", "fate", "reason"],
    )
    missing = GaugeMetricFamily(
        "millwright_ledger_missing_messages",
        "Messages that came in and cannot be found again.",
        labels=["source"],
    )
    for line in lines:
        for fate, reason, count in _parts(line):
            parts.add_metric([line.source, fate, reason], count)
        missing.add_metric([line.source], line.missing)
    yield parts
    yield missing


def _parts(line: Line) -> Iterator[tuple[str, str, int]]:
    yield Fate.RECEIVED.value, "", line.received
    yield "stored", "", line.stored
    yield "waiting", "", line.waiting
    yield Fate.DUPLICATE.value, "", line.duplicate
    yield Fate.TOLD.value, "", line.told
    yield Fate.LOST.value, "", line.lost_upstream
    for fate, counts in (
        (Fate.REJECTED, line.rejected),
        (Fate.DROPPED, line.dropped),
        (Fate.SETTLED, line.settled),
    ):
        for reason, count in counts.items():
            yield fate.value, reason, count
