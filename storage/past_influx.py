"""A plant's past in a bucket of InfluxDB 2, read a stretch of time after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from core.clock import DAY, MINUTE, SECOND, Clock, Instant
from core.past import Chunk, PastRows
from core.quantity import Duration, within
from core.secret import Secret
from core.settings import Settings
from core.tls import FileReference
from storage.flux_csv import FluxTable
from storage.influx_server import InfluxServer
from storage.line_protocol import EARLIEST
from storage.settings import check_url

_MANY, _FEW = 500_000, 50_000
"""Values in one answer, from which on the next stretch is halved, and up to which it is doubled."""

_OURS = {"_measurement", "_field", "_value", "result"}

_READ = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
{chosen}  |> drop(columns: ["_start", "_stop"])
"""
_BEGIN = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
{chosen}  |> first()
  |> keep(columns: ["_time"])
  |> group()
  |> min(column: "_time")
"""


def _check_time(text: str) -> str:
    _instant(text)
    return text


def _instant(text: str) -> Instant:
    try:
        if not text.endswith("Z"):
            raise ValueError  # noqa: TRY301 - all that is wrong is said in one way
        return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))
    except ValueError:
        msg = f"{text!r} is no time in UTC; write it like 2024-01-01T00:00:00Z"
        raise ValueError(msg) from None


_Time = Annotated[str, AfterValidator(_check_time)]


class PastInfluxSettings(Settings):
    """A bucket of InfluxDB 2. Fields that are no numbers are counted and left out.

    Without `measurements` all are read, and without `start` from the earliest that there is. A
    `window` is the longest stretch that is asked for at once.
    """

    kind: Literal["influxdb"] = "influxdb"
    url: Annotated[str, AfterValidator(check_url)]
    org: str = Field(min_length=1)
    bucket: str = Field(min_length=1)
    token: Secret
    ca: FileReference | None = None
    timeout: Annotated[Duration, within("1s", "10min")] = 120 * SECOND
    measurements: tuple[str, ...] = Field(default=(), max_length=100)
    start: _Time | None = None
    stop: _Time | None = None
    window: Annotated[Duration, within("1min", "366d")] = DAY


class InfluxPast:
    """Implements `core.past.PastSource`; a position is the moment up to which all is read.

    What the source stores later than that, with an earlier time, is not seen any more.
    """

    def __init__(self, settings: PastInfluxSettings, server: InfluxServer, clock: Clock) -> None:
        self._settings = settings
        self._server = server
        self._clock = clock
        names = {f"name{k}": name for k, name in enumerate(settings.measurements)}
        any_of = " or ".join(f"r._measurement == {key}" for key in names)
        self._chosen = f"  |> filter(fn: (r) => {any_of})\n" if names else ""
        self._params = {"bucket": settings.bucket, **names}

    def read(self, after: str = "") -> Iterator[Chunk]:
        """Read on behind a position, up to now."""
        last = self._settings.stop
        stop = self._clock() if last is None else min(_instant(last), self._clock())
        begin = int(after) if after else self._begin(stop)
        width, at = self._settings.window, begin
        while at < stop:
            until = min(at + width, stop)
            found = self._ask(_READ, at, until)
            yield Chunk(tuple(_joined(found)), str(until), (until - begin) / (stop - begin))
            at = until
            count = sum(len(table.at) for table in found)
            if count > _MANY:
                width = max(width // 2, MINUTE)
            elif count < _FEW:
                width = min(2 * width, self._settings.window)

    def _begin(self, stop: Instant) -> Instant:
        """Find where to begin: where it was said, else at the earliest that there is."""
        first = self._settings.start
        if first is not None:
            return _instant(first)
        found = self._ask(_BEGIN, EARLIEST, stop) if stop > EARLIEST else []
        return min((int(table.at.min()) for table in found if len(table.at)), default=stop)

    def _ask(self, flux: str, start: Instant, stop: Instant) -> list[FluxTable]:
        text = flux.format(chosen=self._chosen)
        return self._server.query(text, **self._params, start=start, stop=stop)


def _joined(found: Sequence[FluxTable]) -> Iterator[PastRows]:
    """Put the fields of each measurement and its tags side by side."""
    series: dict[tuple[str, tuple[tuple[str, str], ...]], list[FluxTable]] = {}
    for table in found:
        tags = tuple(sorted((k, v) for k, v in table.labels.items() if k not in _OURS))
        series.setdefault((table.labels["_measurement"], tags), []).append(table)
    for (measurement, tags), tables in series.items():
        at = np.unique(np.concatenate([table.at for table in tables]))
        fields = tuple(dict.fromkeys(table.labels["_field"] for table in tables))
        values, unread = np.full((len(at), len(fields)), np.nan), 0
        for table in tables:
            if len(table.value) != len(table.at):  # text, or true and false
                unread += len(table.at)
                continue
            values[np.searchsorted(at, table.at), fields.index(table.labels["_field"])] = (
                table.value
            )
        told = {"not a number": unread} if unread else {}
        yield PastRows(measurement, dict(tags), fields, at, values, told)
