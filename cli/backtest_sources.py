"""Where the past of a backtest comes from: the configured history, or a folder of CSV files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.clock import Instant
    from core.plant import Plant
    from core.work import WorkEvent
    from service.backtest_past import PastReader


@dataclass(frozen=True, slots=True)
class Source:
    """A past: who reads it, whose it is, what it reaches over, and what is known of failures."""

    reader: PastReader
    plant: Plant
    spans: dict[str, tuple[Instant, Instant]]
    work: tuple[WorkEvent, ...]
    stretches: dict[str, list[tuple[Instant, Instant]]]

    @property
    def reader_assets(self) -> tuple[str, ...]:
        """The assets of which there is any past."""
        return tuple(sorted(self.spans))


def of_folder(
    folder: Path, loaded: Configuration, asset_class: str | None, column: str | None
) -> Source:
    """Take a folder of CSV files."""
    from cli.backtest_folder import read_folder

    found = read_folder(folder, loaded.plant, asset_class, column)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    spans = {asset: (int(rows.at[0]), int(rows.at[-1])) for asset, rows in found.rows.items()}
    return Source(found, found.plant, spans, tuple(found.work), found.wrong)


@contextmanager
def of_store(loaded: Configuration) -> Iterator[Source]:
    """Take the configured history and the work that the service has recorded."""
    from cli.adapters import existing, open_casefile, open_history

    plant = loaded.plant
    work: tuple[WorkEvent, ...] = ()
    if (loaded.data / "cases.db").exists():
        casefile = open_casefile(loaded)
        try:
            work = casefile.work(limit=1_000_000)
        finally:
            casefile.close()
    elif loaded.service.history.kind != "influxdb":
        existing(loaded, "history.db")
    history = open_history(loaded)
    try:
        spans: dict[str, tuple[int, int]] = {}
        for asset in plant.assets:
            last = history.latest(asset) if plant.judges(asset) else None
            if last is not None:
                spans[asset] = (max(0, last - plant.retention), last)
        yield Source(history, plant, _begun(history, plant, spans), work, {})
    finally:
        history.close()


def _begun(
    history: Any, plant: Plant, spans: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Find when each asset's readings begin: the first hour of which there is a summary."""
    from core.clock import HOUR

    found = {}
    for asset, (first, last) in spans.items():
        names = plant.class_of(asset).channel_names
        steps = history.summary(asset, names, first // HOUR * HOUR, last + 1, HOUR)
        found[asset] = (int(steps.at[0]) if len(steps) else first, last)
    return found
