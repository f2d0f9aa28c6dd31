"""Downsampled history in InfluxDB: a bucket of minutes and one of hours beside the telemetry.

A summary has the measurement, tags and fields of what it was made of, and the tag `statistic`:
mean, min, max or count, all floats. InfluxDB sums samples up to minutes where they lie; only assets
with bad values within the span are fetched and judged value by value. Hours are made from minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from core.clock import HOUR, MINUTE, Instant, Span
from core.history import Summary
from core.readings import Floats, Instants, Quality
from storage import history_steps as steps
from storage.flux_csv import FluxTable
from storage.influx_columns import class_columns, classes_in
from storage.influx_server import InfluxServer
from storage.line_block import TAGS, asset_of
from storage.line_protocol import field_key, line, prefix

SUFFIX = {MINUTE: "_1m", HOUR: "_1h"}
_PARTS = {"mean": "mean", "min": "low", "max": "high", "count": "count"}
_SPAN = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
"""
_KEPT = """
  |> keep(columns: ["_time", "_value", "_field", "_measurement", "site", "area", "asset",
      "statistic"])
"""
_DOUBT = f"""{_SPAN}  |> filter(fn: (r) => r._field =~ /_quality$/)
  |> max(){_KEPT}"""
_SUMMED = f"""{_SPAN}  |> filter(fn: (r) => r._field !~ /_quality$/)
  |> aggregateWindow(every: duration(v: step), fn: {{fn}}, createEmpty: false, timeSrc: "_start")
{_KEPT}"""
_RAW = f"""{_SPAN}  |> filter(fn: (r) => r.asset == asset){_KEPT}"""
_ALL = f"{_SPAN}{_KEPT}"
_COUNT = f"""{_SPAN}  |> filter(fn: (r) => r.statistic == "count")
  |> filter(fn: (r) => r._value > 0.0)
  |> keep(columns: ["_time", "site", "area", "asset"])
  |> group(columns: ["site", "area", "asset"])
  |> unique(column: "_time")
  |> map(fn: (r) => ({{r with _value: 1}}))
  |> sum()
"""


class InfluxSteps:
    """Makes, reads and drops the steps of the telemetry in `bucket`."""

    def __init__(self, server: InfluxServer, bucket: str) -> None:
        self._server = server
        self._bucket = bucket

    def make_minutes(self, start: Instant, stop: Instant) -> None:
        """Sum samples up to minutes; both ends are whole minutes."""
        span = {"bucket": self._bucket, "start": start, "stop": stop}
        doubtful = {
            tuple(table.labels.get(tag, "") for tag in TAGS)
            for table in self._server.query(_DOUBT, **span)
            if not table.whole or table.value.max() >= Quality.BAD
        }
        lines: list[bytes] = []
        for statistic in _PARTS:
            for table in self._server.query(_SUMMED.format(fn=statistic), **span, step=MINUTE):
                if tuple(table.labels.get(tag, "") for tag in TAGS) not in doubtful:
                    lines += _lines(
                        table.labels, statistic, table.at, table.value.astype(np.float64)
                    )
        for asset in sorted({tags[TAGS.index("asset")] for tags in doubtful}):
            lines += self._judged(asset, doubtful, span)
        self._write(MINUTE, lines)

    def make_hours(self, start: Instant, stop: Instant) -> None:
        """Sum minutes up to hours; both ends are whole hours."""
        bucket = self._bucket + SUFFIX[MINUTE]
        found = self._server.query(_ALL, bucket=bucket, start=start, stop=stop)
        lines: list[bytes] = []
        for labels, minutes in _series(found):
            hours = steps.combined(minutes.channels, (minutes,), HOUR)
            known = np.unique(minutes.at // HOUR * HOUR)
            lines += _summary_lines(labels, hours, known)
        self._write(HOUR, lines)

    def read(self, flux: str, step: Span, **params: object) -> Iterator[Summary]:
        """Read steps, a summary for each class and channel; `flux` goes on from range."""
        bucket = self._bucket + SUFFIX[step]
        found = self._server.query(f"{_SPAN}{flux}{_KEPT}", bucket=bucket, **params)
        return (summary for _, summary in _series(found))

    def drop(self, step: Span, start: Instant, stop: Instant) -> int:
        """Drop the steps of one width within a span; returns how many went."""
        bucket = self._bucket + SUFFIX[step]
        found = self._server.query(_COUNT, bucket=bucket, start=start, stop=stop)
        count = sum(int(table.value.sum()) for table in found)
        if count:
            self._server.delete(bucket, start, stop - 1)
        return count

    def _judged(
        self, name: str, doubtful: set[tuple[str, ...]], span: dict[str, object]
    ) -> Iterator[bytes]:
        """Sum up the assets of one name value by value."""
        assets: dict[str, list[FluxTable]] = {}
        for table in self._server.query(_RAW, asset=name, **span):
            if tuple(table.labels.get(tag, "") for tag in TAGS) in doubtful:
                assets.setdefault(asset_of(table.labels), []).append(table)
        for tables in assets.values():
            for _, of_class in classes_in(tables):
                channels = tuple(t.labels["_field"] for t in of_class if not t.whole)
                columns = class_columns(channels, of_class)
                known = np.unique(columns.at // MINUTE * MINUTE)
                yield from _summary_lines(of_class[0].labels, steps.summed(columns, MINUTE), known)

    def _write(self, step: Span, lines: Sequence[bytes]) -> None:
        body = b"".join(each + b"\n" for each in lines)
        self._server.write(self._bucket + SUFFIX[step], body)


def _series(found: Iterable[FluxTable]) -> Iterator[tuple[dict[str, str], Summary]]:
    """Put the four statistics of each series together."""
    gathered: dict[tuple[str, ...], dict[str, FluxTable]] = {}
    for table in found:
        names = ("_measurement", *TAGS, "_field")
        key = tuple(table.labels.get(name, "") for name in names)
        gathered.setdefault(key, {})[table.labels["statistic"]] = table
    for parts in gathered.values():
        if "count" not in parts:
            continue
        counted = parts["count"]
        count = counted.value.astype(np.int64)
        cells = {}
        for statistic, part in _PARTS.items():
            if statistic != "count":
                cells[part] = _aligned(parts.get(statistic), counted.at)
                cells[part][count == 0] = np.nan
        channels = (counted.labels["_field"],)
        columns = {part: column[:, None] for part, column in cells.items()}
        yield counted.labels, Summary(channels, counted.at, count=count[:, None], **columns)


def _aligned(table: FluxTable | None, at: Instants) -> Floats:
    """Lay one statistic along the times of another."""
    values = np.full(len(at), np.nan)
    if table is not None and len(at):
        rows = np.minimum(np.searchsorted(at, table.at), len(at) - 1)
        same = at[rows] == table.at
        values[rows[same]] = table.value[same]
    return values


def _summary_lines(labels: dict[str, str], summary: Summary, known: Instants) -> Iterator[bytes]:
    """Write a summary; a channel that has nothing good in a step that is known has the count 0."""
    rows = np.searchsorted(known, summary.at)
    for k, channel in enumerate(summary.channels):
        count = np.zeros(len(known))
        count[rows] = summary.count[:, k]
        own = labels | {"_field": channel}
        yield from _lines(own, "count", known, count)
        told = summary.count[:, k] > 0
        for statistic, part in _PARTS.items():
            if statistic != "count":
                yield from _lines(own, statistic, summary.at[told], getattr(summary, part)[told, k])


def _lines(labels: dict[str, str], statistic: str, at: Instants, value: Floats) -> Iterator[bytes]:
    tags = [(tag, labels[tag]) for tag in TAGS if labels.get(tag)]
    begin = prefix(labels["_measurement"], [*tags, ("statistic", statistic)])
    key = field_key(labels["_field"])
    for moment, number in zip(at.tolist(), value.tolist(), strict=True):
        yield line(begin, ((key, float(number)),), b"", moment)
