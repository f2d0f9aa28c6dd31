"""Brings a past into the history, chunk by chunk, and goes on where it stopped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from core.clock import Clock, Instant
from core.errors import PartlyRefused, Refused
from core.history import TelemetryHistory
from core.ledger import ASIDE
from core.past import Chunk, PastRows, PastSource
from core.readings import Readings
from ingest.past_mapping import Mapped, PastMapping

_MOST_SERIES = 5_000
_OTHERS = "(others)"


class Found(msgspec.Struct):
    """What was found of one series: its rows, when they were, and what became of its fields.

    `asset` is empty, and `why` says why, where it is nobody's. `low` and `high` are what each
    field ranged over, in its own unit.
    """

    asset: str = ""
    why: str = ""
    rows: int = 0
    kept: int = 0
    first: Instant | None = None
    last: Instant | None = None
    taken: dict[str, str] = {}
    unmapped: tuple[str, ...] = ()
    low: dict[str, float] = {}
    high: dict[str, float] = {}


class Progress(msgspec.Struct):
    """How far an import has come.

    `digest` names what it reads and how. It is `taught` where models were told of what is there.
    """

    digest: str
    position: str = ""
    share: float = 0.0
    done: bool = False
    taught: bool = True
    refused: dict[str, int] = {}
    series: dict[str, Found] = {}

    @property
    def kept(self) -> int:
        """Count the readings that were taken."""
        return sum(one.kept for one in self.series.values())


class ProgressFile:
    """Keeps a `Progress`; what is saved is on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, digest: str, *, again: bool = False) -> Progress:
        """Take up an import, or begin it; `Refused` where it was begun with another mapping."""
        if again or not self._path.exists():
            return Progress(digest)
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except (OSError, msgspec.MsgspecError) as error:
            msg = f"{self._path} cannot be read: {error}; --again begins anew, and doubles nothing"
            raise Refused(msg) from error
        if found.digest != digest:
            msg = (
                "this import was begun with another mapping or source;"
                " --again begins anew, and doubles nothing"
            )
            raise Refused(msg)
        return found

    def save(self, progress: Progress) -> None:
        """Put it in the place of the one before."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(progress))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


class PastImport:
    """Reads a source behind a position, maps it and writes it; or only looks.

    A chunk is written before its position is saved. So a crash between the two writes it again,
    which changes nothing: asset, time and channel name a sample.
    """

    def __init__(
        self, source: PastSource, mapping: PastMapping, clock: Clock, progress: Progress
    ) -> None:
        self._source = source
        self._mapping = mapping
        self._clock = clock
        self.progress = progress

    def look(self) -> Iterator[Progress]:
        """Read all that is left and write nothing; gives the progress after each chunk."""
        for chunk in self._source.read(self.progress.position):
            self._take(chunk)
            yield self.progress

    def run(
        self, history: TelemetryHistory, save: Callable[[Progress], None]
    ) -> Iterator[Progress]:
        """Bring all that is left into the history; gives the progress after each chunk."""
        for chunk in self._source.read(self.progress.position):
            readings = self._take(chunk)
            if readings:
                self.progress.taught = False
                try:
                    history.write(readings, ASIDE)
                except PartlyRefused as error:
                    self._refuse({f"refused by the store: {error}": error.refused})
            save(self.progress)
            yield self.progress
        self.progress.done, self.progress.share = True, 1.0
        save(self.progress)

    def _take(self, chunk: Chunk) -> list[Readings]:
        now, taken = self._clock(), []
        for rows in chunk.rows:
            mapped = self._mapping.map(rows, now)
            self._refuse(mapped.refused)
            found = self._found(rows)
            _note(found, mapped)
            _measure(found, rows)
            if mapped.readings is not None:
                taken.append(mapped.readings)
        self.progress.position, self.progress.share = chunk.position, chunk.share
        return taken

    def _found(self, rows: PastRows) -> Found:
        tags = (f"{tag}={value}" for tag, value in sorted(rows.tags.items()))
        name, series = ",".join([rows.measurement, *tags]), self.progress.series
        if name not in series and len(series) >= _MOST_SERIES:
            name = _OTHERS
        return series.setdefault(name, Found())

    def _refuse(self, refused: dict[str, int]) -> None:
        self.progress.refused = dict(Counter(self.progress.refused) + Counter(refused))


def _note(found: Found, mapped: Mapped) -> None:
    found.asset, found.why = mapped.asset, mapped.why
    found.taken |= mapped.taken
    found.unmapped = tuple(sorted({*found.unmapped, *mapped.unmapped}))
    if mapped.readings is not None:
        found.kept += len(mapped.readings)


def _measure(found: Found, rows: PastRows) -> None:
    """Widen what is known of a series by some rows."""
    if len(rows.at):
        first, last = int(rows.at[0]), int(rows.at[-1])
        found.rows += len(rows.at)
        found.first = first if found.first is None else min(first, found.first)
        found.last = last if found.last is None else max(last, found.last)
    for k, field in enumerate(rows.fields):
        values = rows.values[:, k]
        values = values[~np.isnan(values)]
        if len(values):
            low, high = float(values.min()), float(values.max())
            found.low[field] = min(low, found.low.get(field, low))
            found.high[field] = max(high, found.high.get(field, high))
