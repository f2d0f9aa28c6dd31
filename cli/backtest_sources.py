"""Where the past of a backtest comes from: the configured history, or a folder of CSV files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.clock import Instant
    from core.history import Columns, TelemetryHistory
    from core.plant import Plant
    from core.work import WorkEvent
    from service.backtest_past import PastReader


@dataclass(frozen=True, slots=True)
class Source:
    """A past: who reads it, whose it is, what it reaches over, and what is known of failures."""

    reader: PastReader
    plant: Plant
    spans: dict[str, tuple[Instant, Instant]]
    counts: dict[str, int]
    work: tuple[WorkEvent, ...]
    stretches: dict[str, list[tuple[Instant, Instant]]]

    @property
    def reader_assets(self) -> tuple[str, ...]:
        """The assets of which there is any past."""
        return tuple(sorted(self.spans))


class Reopened:
    """Reads the history of a configuration, and opens it where it is: in any process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._history: TelemetryHistory | None = None

    def __reduce__(self) -> tuple[type[Reopened], tuple[Path]]:
        """Go to another process without what is open here."""
        return Reopened, (self._folder,)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`, oldest first."""
        if self._history is None:
            from cli.adapters import open_history
            from cli.configuration import load

            self._history = open_history(load(self._folder))
        return self._history.read(asset, channels, start, stop)


def of_folder(
    folder: Path, loaded: Configuration, asset_class: str | None, column: str | None
) -> Source:
    """Take a folder of CSV files."""
    from cli.backtest_folder import read_folder

    found = read_folder(folder, loaded.plant, asset_class, column)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    spans = {asset: (int(rows.at[0]), int(rows.at[-1])) for asset, rows in found.rows.items()}
    counts = {asset: len(rows) for asset, rows in found.rows.items()}
    return Source(found, found.plant, spans, counts, tuple(found.work), found.wrong)


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
        counts = {asset: history.count(asset) for asset in spans}
        begun = _begun(history, plant, spans)
        yield Source(Reopened(loaded.folder), plant, begun, counts, work, {})
    finally:
        history.close()


def _begun(
    history: TelemetryHistory, plant: Plant, spans: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Find when each asset's readings begin, to the hour: halve what has nothing before it."""
    from core.clock import HOUR

    found = {}
    for asset, (first, last) in spans.items():
        names, low, high = plant.class_of(asset).channel_names, first, last
        while high - low > HOUR:
            middle = (low + high) // 2
            if len(history.read(asset, names, first, middle, 1)):
                high = middle
            else:
                low = middle
        found[asset] = (low, last)
    return found
