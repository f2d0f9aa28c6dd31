"""Telemetry history in InfluxDB 2, the schema of which others may read too.

One bucket; measurement is the asset class; tags `site`, `area` and `asset`; one float field per
channel, and `<channel>_quality`, a whole number, only where a value is not good.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from core.clock import DAY, Instant, Span
from core.errors import Unavailable
from core.history import Columns, Summary
from core.ledger import Kept
from core.readings import Readings
from storage.flux_csv import FluxTable
from storage.history_block import blocks
from storage.history_join import joined
from storage.history_steps import up
from storage.influx_account import SAMPLES, InfluxAccount
from storage.influx_columns import class_columns, classes_in, newest
from storage.influx_marks import QUERY as MARKS
from storage.influx_marks import MarkSpans
from storage.influx_refusals import Refusals
from storage.influx_server import InfluxPlace, InfluxServer
from storage.influx_summaries import InfluxSummaries, of_asset, span_of
from storage.line_block import LineWriter
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
        self._summaries = InfluxSummaries(self._server, bucket, self._account, self.read)

    @property
    def beat(self) -> Callable[[], None]:
        """What is called whenever InfluxDB has answered the thread that set it."""
        return self._server.beat

    @beat.setter
    def beat(self, beat: Callable[[], None]) -> None:
        watched = threading.get_ident()  # what others read meanwhile says nothing of that thread
        self._server.beat = lambda: beat() if threading.get_ident() == watched else None

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
        span = span_of(start, stop)
        if not channels or limit == 0 or span["start"] >= span["stop"]:
            return joined(tuple(channels), (), limit)
        fields = [name for channel in channels for name in (channel, channel + MARK)]
        named = {f"field{k}": name for k, name in enumerate(dict.fromkeys(fields))}
        any_of = " or ".join(f"r._field == {name}" for name in named)
        tail = "" if limit is None else "  |> tail(n: limit)"
        found = self._ask(
            f"{_ASSET}  |> filter(fn: (r) => {any_of})\n{tail}{_KEPT}",
            asset,
            **span,
            **named,
            **({} if limit is None else {"limit": limit}),
        )
        classes = classes_in(found)
        if len(classes) > 1:
            newest_last = self._by_age(asset)
            classes.sort(key=lambda each: newest_last.index(each[0]))
        parts = [class_columns(tuple(channels), tables) for _, tables in classes]
        return newest(joined(tuple(channels), parts, limit), limit)

    def summary(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Read steps; what is not summed up yet is summed up here, from samples."""
        return self._summaries.read(asset, channels, start, stop, step)

    def latest(self, asset: str) -> Instant | None:
        """Return when the asset's newest sample is from."""
        found = self._ask(f"{_ASSET}  |> last(){_KEPT}", asset, **_ever())
        return max((int(table.at.max()) for table in found if len(table.at)), default=None)

    def count(self, asset: str | None = None) -> int:
        """Count stored readings; this looks at every row."""
        return self._count(asset, **_ever())

    def trim(self, older_than: Instant) -> int:
        """Drop old samples, a day at a time; returns how many readings went.

        Where much of it is not summed up yet, none of it goes before it is.
        """
        stop, dropped, before = min(older_than, LATEST), 0, None
        while (oldest := self._oldest(stop)) is not None:
            if before is None:
                if not self._summaries.ready_to_trim(older_than):
                    return 0
                self._account.mark_trimmed(SAMPLES, older_than)
            elif oldest <= before:
                msg = f"InfluxDB at {self._server.place.url} does not delete what is too old"
                raise Unavailable(msg)
            before, end = oldest, min(stop, up(oldest + 1, DAY))
            dropped += self._count(None, start=oldest, stop=end)
            self._server.delete(self._bucket, oldest, end - 1)
        return dropped

    def trim_summary(self, step: Span, older_than: Instant) -> int:
        """Drop old steps of one width; returns how many went."""
        return self._summaries.trim(step, older_than)

    def settle(self) -> bool:
        """Sum up a few of the hours that were written to; tells whether more waits."""
        return self._summaries.settle()

    def close(self) -> None:
        """Let go of the connections and of the file."""
        self._server.close()
        self._account.close()

    def _oldest(self, stop: Instant) -> Instant | None:
        span = span_of(EARLIEST, stop)
        if span["start"] >= span["stop"]:
            return None
        found = self._ask(f"{_ASSET}  |> first(){_KEPT}", None, **span)
        return min((int(table.at.min()) for table in found if len(table.at)), default=None)

    def _count(self, asset: str | None, **span: int) -> int:
        found = self._ask(_COUNT, asset, **span)
        return sum(int(table.value.sum()) for table in found)

    def _ask(self, flux: str, asset: str | None, **params: object) -> list[FluxTable]:
        """Ask about one asset or all; the text of Flux never holds anything from outside."""
        where, tags = ("true", {}) if asset is None else of_asset(asset)
        text = flux.format(asset=where)
        return self._server.query(text, bucket=self._bucket, **tags, **params)

    def _by_age(self, asset: str) -> list[str]:
        """Name the classes that an asset has been of, the newest last."""
        last = self._ask(f"{_ASSET}  |> last(){_KEPT}", asset, **_ever())
        seen: dict[str, int] = {}
        for table in last:
            name = table.labels["_measurement"]
            seen[name] = max(seen.get(name, EARLIEST), int(table.at.max()))
        return sorted(seen, key=lambda name: (seen[name], name))

    def _known_marks(self) -> MarkSpans:
        if self._marks is None:
            marks = MarkSpans()
            for pick in ("first", "last"):
                marks.learn(
                    self._server.query(MARKS.format(pick=pick), bucket=self._bucket, **_ever())
                )
            self._marks = marks
        return self._marks


def _ever() -> dict[str, int]:
    return span_of(EARLIEST, LATEST)
