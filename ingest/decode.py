"""Decodes a batch of messages at once; whatever is odd about one goes to the inspector.

Per message only a dictionary lookup and one generated decoder run; times, units and limits are
checked for the whole batch as arrays. The fast path may only ever say "good" or "look closer".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.journal import RejectionsSeen
from core.plant import Asset, ClockPolicy, Plant
from core.readings import Bools, Floats, Indexes, Instants, Reading, Readings
from core.rejection import Reason, Rejection
from ingest.clocks import ClockJumps, ClockOffsets
from ingest.form import Form
from ingest.inspect import YEAR_2020, Arrival, Inspector
from ingest.instants import SCALES, epoch_instants, utc_instants
from ingest.packets import DUPLICATE, RETAINED, Packet
from ingest.settings import IngestSettings

SOURCES_TOLD = 100
_OTHERS = "(others)"
_Numbers = NDArray[np.int64]
_fields = msgspec.structs.astuple


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of messages came to: columns for the journal, and what was refused."""

    readings: tuple[Readings, ...]
    rejections: tuple[Rejection, ...]
    seen: tuple[RejectionsSeen, ...]
    arrived: Instant

    @property
    def accepted(self) -> int:
        """Count the readings."""
        return sum(len(block) for block in self.readings)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Readings of one class with the numbers of their messages within the batch."""

    number: _Numbers
    row: Indexes
    at: Instants
    values: Floats
    quality: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class _Gathered:
    """Messages of one class that decoded, before their values are looked at."""

    number: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    time: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    quotes: list[int] = field(default_factory=list)


class Decoder:
    """Turns batches of messages into readings and rejections."""

    def __init__(
        self,
        plant: Plant,
        settings: IngestSettings,
        offsets: ClockOffsets | None = None,
        newest: Callable[[str], Instant | None] = lambda _: None,
    ) -> None:
        self._inspector = Inspector(plant, settings, offsets, newest)
        self._forms = self._inspector.forms
        self._jumps = {name: ClockJumps(form.assets) for name, form in self._forms.items()}
        self._plant = plant
        self._longest = settings.max_payload
        self._scale = SCALES.get(settings.time)
        self._quotes = 4 if self._scale is not None else 6
        self._places: dict[bytes, tuple[Form, int] | None] = {}
        self._most_places = 4 * len(plant.assets) + 1000

    @property
    def topic_filter(self) -> str:
        """What to subscribe to."""
        return self._inspector.template.filter

    def jumped(self) -> list[str]:
        """List the assets whose clock seems to have gone back by more than an hour."""
        return [asset for jumps in self._jumps.values() for asset in jumps.jumped()]

    def decode(self, packets: Sequence[Packet], arrived: Instant, *, trusted: bool = True) -> Batch:
        """Judge every message of a batch."""
        gathered, odd = self._gather(packets)
        columns: dict[str, _Columns] = {}
        for name, found in gathered.items():
            form = self._forms[name]
            columns[name], doubtful = self._judge(form, found, arrived, trusted=trusted)
            odd += doubtful
        if not odd:
            return Batch(self._blocks(columns, packets, arrived), (), (), arrived)
        odd.sort()
        live, retained, rejections, seen = self._inspect(packets, odd, arrived, trusted=trusted)
        for name, readings in live.items():
            columns[name] = _merged(self._forms[name], columns.get(name), readings)
        blocks = self._blocks(columns, packets, arrived) + self._retained(retained, arrived)
        return Batch(blocks, tuple(rejections), seen, arrived)

    def _gather(self, packets: Sequence[Packet]) -> tuple[dict[str, _Gathered], list[int]]:
        """Decode what the fast path can; returns that, and the numbers of the others."""
        places, longest = self._places, self._longest
        gathered: dict[str, _Gathered] = {}
        odd: list[int] = []
        for number, (topic, payload, head, _) in enumerate(packets):
            place = places[topic] if topic in places else self._place(topic)
            if place is None or head & RETAINED or len(payload) > longest:
                odd.append(number)
                continue
            form, row = place
            try:
                message = form.decode(payload)
            except (msgspec.MsgspecError, RecursionError, UnicodeError):
                odd.append(number)
                continue
            found = gathered.get(form.name)
            if found is None:
                found = gathered[form.name] = _Gathered()
            found.number.append(number)
            found.row.append(row)
            found.time.append(message.ts)
            found.values.append(message.values)
            found.quotes.append(payload.count(b'"'))
        return gathered, odd

    def _place(self, topic: bytes) -> tuple[Form, int] | None:
        """Find the row of a topic's asset and keep it; None where the inspector must look."""
        if len(self._places) >= self._most_places:
            self._places.clear()
        asset = self._inspector.asset(topic)
        place = None
        if isinstance(asset, Asset) and asset.clock is ClockPolicy.DEVICE:
            form = self._forms[asset.asset_class]
            place = form, form.rows[asset.id]
        self._places[topic] = place
        return place

    def _judge(
        self, form: Form, found: _Gathered, arrived: Instant, *, trusted: bool
    ) -> tuple[_Columns, list[int]]:
        """Check a class's messages as arrays; returns the good and the numbers of the doubtful."""
        count, width = len(found.number), len(form.channels)
        flat = chain.from_iterable(map(_fields, found.values))
        said = np.fromiter(flat, np.float64, count * width).reshape(count, width)
        present = np.count_nonzero(said == said, axis=1)  # noqa: PLR0124 - NaN is the mark
        at, good = self._instants(found.time)
        # Each key and each text takes two quotes; more than that means that a key came twice.
        good &= np.array(found.quotes) == self._quotes + 2 * present
        good &= present > 0
        values = form.canonical(said)
        beyond = (values < form.low) | (values > form.high) | np.isinf(values)
        if form.converts:
            beyond |= np.isnan(values) & ~np.isnan(said)
        good &= ~beyond.any(1)
        if trusted:
            plant = self._plant
            good &= (at >= max(YEAR_2020, arrived - plant.retention)) & (
                at <= arrived + plant.too_early
            )
        number, row = np.array(found.number), np.array(found.row, np.int32)
        if good.all():
            return _Columns(number, row, at, values), []
        kept = _Columns(number[good], row[good], at[good], values[good])
        return kept, number[~good].tolist()

    def _instants(self, raws: Sequence[bytes]) -> tuple[Instants, Bools]:
        if self._scale is None:
            return utc_instants(raws)
        return epoch_instants(raws, self._scale)

    def _inspect(
        self, packets: Sequence[Packet], odd: list[int], arrived: Instant, *, trusted: bool
    ) -> tuple[
        dict[str, list[tuple[int, Reading]]],
        list[Reading],
        list[Rejection],
        tuple[RejectionsSeen, ...],
    ]:
        """Judge messages one by one, in order of arrival."""
        live: dict[str, list[tuple[int, Reading]]] = {}
        retained: list[Reading] = []
        rejections: list[Rejection] = []
        seen: Counter[tuple[str, Reason]] = Counter()
        for number in odd:
            packet = packets[number]
            verdict = self._inspector.inspect(packet, Arrival(arrived, number, trusted))
            if verdict.rejection is not None:
                rejections.append(verdict.rejection)
                seen[verdict.source, verdict.rejection.reason] += 1
            if verdict.reading is None:
                continue
            if packet[2] & RETAINED:
                retained.append(verdict.reading)
            else:
                name = self._plant.assets[verdict.reading.asset].asset_class
                live.setdefault(name, []).append((number, verdict.reading))
        return live, retained, rejections, told(seen)

    def _blocks(
        self, columns: dict[str, _Columns], packets: Sequence[Packet], arrived: Instant
    ) -> tuple[Readings, ...]:
        """Make the journal's blocks, and look at the sources' clocks on the way."""
        blocks = []
        for name, found in columns.items():
            if not len(found.at):
                continue
            form, jumps = self._forms[name], self._jumps[name]
            behind = jumps.see(found.row, found.at, arrived)
            for k in np.flatnonzero(behind):
                if not packets[found.number[k]][2] & DUPLICATE:
                    jumps.mark(int(found.row[k]))
            blocks.append(_block(form, found, arrived))
        return tuple(blocks)

    def _retained(self, readings: list[Reading], arrived: Instant) -> tuple[Readings, ...]:
        by_class: dict[str, list[Reading]] = {}
        for reading in readings:
            by_class.setdefault(self._plant.assets[reading.asset].asset_class, []).append(reading)
        return tuple(
            Readings.of(name, self._forms[name].channel_names, each, arrived, retained=True)
            for name, each in by_class.items()
        )


def told(seen: Counter[tuple[str, Reason]]) -> tuple[RejectionsSeen, ...]:
    """Count refusals by source; beyond a hundred sources the rest are told as one."""
    entries = [
        RejectionsSeen(source, why, n) for (source, why), n in seen.most_common(SOURCES_TOLD)
    ]
    rest: Counter[Reason] = Counter()
    for (_, why), count in seen.most_common()[SOURCES_TOLD:]:
        rest[why] += count
    return (*entries, *(RejectionsSeen(_OTHERS, why, count) for why, count in rest.items()))


def _block(form: Form, found: _Columns, arrived: Instant) -> Readings:
    used, asset = np.unique(found.row, return_inverse=True)
    return Readings(
        form.name,
        tuple(form.assets[row] for row in used.tolist()),
        form.channel_names,
        asset.astype(np.int32),
        found.at,
        found.values,
        arrived,
        found.quality,
    )


def _merged(
    form: Form, fast: _Columns | None, inspected: Iterable[tuple[int, Reading]]
) -> _Columns:
    """Put inspected readings among the others, by order of arrival."""
    numbers, readings = zip(*inspected, strict=True)
    slow = Readings.of(form.name, form.channel_names, readings, 0)
    row = np.array([form.rows[reading.asset] for reading in readings], np.int32)
    columns = _Columns(np.array(numbers), row, slow.at, slow.values, slow.quality)
    if fast is None:
        return columns
    number = np.concatenate((fast.number, columns.number))
    order = np.argsort(number, kind="stable")
    quality = None
    if columns.quality is not None:
        quality = np.concatenate((np.zeros(fast.values.shape, np.uint8), columns.quality))[order]
    return _Columns(
        number[order],
        np.concatenate((fast.row, row))[order],
        np.concatenate((fast.at, columns.at))[order],
        np.concatenate((fast.values, columns.values))[order],
        quality,
    )
