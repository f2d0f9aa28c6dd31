"""Telemetry history in InfluxDB 2, the schema of which others may read too.

One bucket; measurement is the asset class; tags `site`, `area` and `asset`; one float field per
channel, and `<channel>_quality`, a whole number, only where a value is not good.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.clock import Instant
from core.history import Columns
from core.ledger import Kept
from core.readings import Readings
from storage.flux_csv import FluxTable
from storage.history_block import blocks
from storage.history_join import joined
from storage.influx_account import InfluxAccount
from storage.influx_marks import QUERY as MARKS
from storage.influx_marks import MarkSpans
from storage.influx_refusals import Refusals
from storage.influx_server import InfluxPlace, InfluxServer
from storage.line_block import LineWriter, tags_of
from storage.line_protocol import EARLIEST, LATEST, MARK

_ASSET = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
  |> filter(fn: (r) => {asset})
"""
_COUNT = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
  |> filter(fn: (r) => {asset})
  |> keep(columns: ["_time", "site", "area", "asset"])
  |> group(columns: ["site", "area", "asset"])
  |> unique(column: "_time")
  |> map(fn: (r) => ({{r with _value: 1}}))
  |> sum()
"""
_KEPT = """
  |> keep(columns: ["_time", "_value", "_field", "_measurement"])
"""


class InfluxHistory:
    """Implements `core.history.TelemetryHistory`; position and counts lie in a file of ours.

    `write` raises `Unavailable` for whatever may pass or can be mended, also for a token that is
    not let in; `PartlyRefused` names every row that InfluxDB will never take.
    """

    def __init__(self, place: InfluxPlace, bucket: str, folder: Path) -> None:
        self._server = InfluxServer(place)
        self._bucket = bucket
        self._account = InfluxAccount(folder, f"{place.url} {place.org} {bucket}")
        self._lines = LineWriter()
        self._marks: MarkSpans | None = None

    def write(self, batches: Sequence[Readings], position: int) -> None:
        """Store batches, then the position they reach to."""
        refusals = Refusals()
        body, written = [], []
        for block in blocks(batches):
            storable, told = self._lines.storable(block)
            refusals.before(block, storable, told)
            single = storable.single()
            body.append(self._lines.write(single, self._known_marks().marks(single)))
            written.append(single)
        stored, lines = self._server.write(self._bucket, b"".join(body))
        if lines:
            refusals.after(lines, written)
        self._account.write(batches, position, refusals.of(batches))
        refusals.raise_any(stored)

    def position(self) -> int:
        """Return the journal position up to which all is stored."""
        return self._account.position()

    def account(self) -> Kept:
        """Read what was stored and up to where."""
        return self._account.kept()

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        """Read the rows that hold any of the channels."""
        span = _span(start, stop)
        if not channels or limit == 0 or span["start"] >= span["stop"]:
            return joined(tuple(channels), (), limit)
        fields = [name for channel in channels for name in (channel, channel + MARK)]
        named = {f"field{k}": name for k, name in enumerate(dict.fromkeys(fields))}
        any_of = " or ".join(f"r._field == {name}" for name in named)
        newest = "" if limit is None else "  |> tail(n: limit)"
        found = self._ask(
            f"{_ASSET}  |> filter(fn: (r) => {any_of})\n{newest}{_KEPT}",
            asset,
            **span,
            **named,
            **({} if limit is None else {"limit": limit}),
        )
        classes = dict.fromkeys(table.labels["_measurement"] for table in found)
        if len(classes) > 1:
            classes = self._by_age(asset)
        parts = [
            _columns(tuple(channels), [t for t in found if t.labels["_measurement"] == name])
            for name in classes
        ]
        return _newest(joined(tuple(channels), parts, limit), limit)

    def latest(self, asset: str) -> Instant | None:
        """Return when the asset's newest sample is from."""
        found = self._ask(f"{_ASSET}  |> last(){_KEPT}", asset, **_ever())
        return max((int(table.at.max()) for table in found if len(table.at)), default=None)

    def count(self, asset: str | None = None) -> int:
        """Count stored readings; this looks at every row."""
        return self._count(asset, **_ever())

    def trim(self, older_than: Instant) -> int:
        """Drop old samples; returns how many readings went."""
        span = _span(EARLIEST, older_than)
        if span["start"] >= span["stop"] or not (count := self._count(None, **span)):
            return 0
        self._server.delete(self._bucket, span["start"], span["stop"] - 1)
        return count

    def close(self) -> None:
        """Let go of the connections and of the file."""
        self._server.close()
        self._account.close()

    def _count(self, asset: str | None, **span: int) -> int:
        found = self._ask(_COUNT, asset, **span)
        return sum(int(table.value.sum()) for table in found)

    def _ask(self, flux: str, asset: str | None, **params: object) -> list[FluxTable]:
        """Ask about one asset or all; the text of Flux never holds anything from outside."""
        tags = dict(tags_of(asset)) if asset is not None else {}
        tests = [f"r.{tag} == {tag}" if tag in tags else f"not exists r.{tag}" for tag in _TAGS]
        where = " and ".join(tests) if tags else "true"
        text = flux.format(asset=where)
        return self._server.query(text, bucket=self._bucket, **tags, **params)

    def _by_age(self, asset: str) -> dict[str, None]:
        """Name the classes that an asset has been of, the newest last."""
        last = self._ask(f"{_ASSET}  |> last(){_KEPT}", asset, **_ever())
        newest: dict[str, int] = {}
        for table in last:
            name = table.labels["_measurement"]
            newest[name] = max(newest.get(name, EARLIEST), int(table.at.max()))
        return dict.fromkeys(sorted(newest, key=lambda name: (newest[name], name)))

    def _known_marks(self) -> MarkSpans:
        if self._marks is None:
            marks = MarkSpans()
            for pick in ("first", "last"):
                marks.learn(
                    self._server.query(MARKS.format(pick=pick), bucket=self._bucket, **_ever())
                )
            self._marks = marks
        return self._marks


_TAGS = ("site", "area", "asset")


def _span(start: Instant, stop: Instant) -> dict[str, int]:
    return {"start": max(start, EARLIEST), "stop": min(stop, LATEST)}


def _ever() -> dict[str, int]:
    return _span(EARLIEST, LATEST)


def _columns(channels: tuple[str, ...], found: Sequence[FluxTable]) -> Columns:
    """Join the series of one class by time."""
    at = np.unique(np.concatenate([t.at for t in found if not t.whole] or [np.empty(0, np.int64)]))
    values = np.full((len(at), len(channels)), np.nan)
    quality = np.zeros(values.shape, np.uint8)
    for table in found:
        rows = np.searchsorted(at, table.at)
        name = table.labels["_field"]
        if not table.whole:
            for k in (k for k, channel in enumerate(channels) if channel == name):
                values[rows, k] = table.value
            continue
        held = rows < len(at)
        held[held] &= at[rows[held]] == table.at[held]
        for k in (k for k, channel in enumerate(channels) if channel + MARK == name):
            quality[rows[held], k] = table.value[held]
    empty = np.isnan(values).all(axis=1)
    marks = quality[~empty]
    return Columns(channels, at[~empty], values[~empty], marks if marks.any() else None)


def _newest(columns: Columns, limit: int | None) -> Columns:
    """Keep the newest rows: each series came with as many."""
    if limit is None or len(columns) <= limit:
        return columns
    quality = None if columns.quality is None else columns.quality[-limit:]
    return Columns(
        columns.channels,
        columns.at[-limit:],
        columns.values[-limit:],
        quality if quality is not None and quality.any() else None,
    )
