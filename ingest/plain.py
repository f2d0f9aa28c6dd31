"""The plain path: messages of the default form, decoded by one generated decoder a class.

Per message only a dictionary lookup and the decoder run; times, units and limits are checked for
the whole batch as arrays. It may only ever say "good" or "look closer".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeAlias

import msgspec
import numpy as np

from core.clock import Instant
from core.plant import Asset, ClockPolicy
from core.readings import Bools, Instants
from core.rejection import Reason
from ingest.columns import Columns
from ingest.form import Form
from ingest.instants import SCALES, epoch_instants, utc_instants
from ingest.packets import RETAINED, Packet
from ingest.payload import Bad
from ingest.router import Router
from ingest.settings import IngestSettings
from ingest.sources import Route

_fields = msgspec.structs.astuple
_LONGEST_KEPT = 1000
_ASTRAY = Bad(Reason.BAD_TOPIC, "the topic leads nowhere")
Place: TypeAlias = tuple[Form, int]
"""The columns of an asset, and its row in them."""

Numbered: TypeAlias = tuple[int, str, int]
"""A message that its sender counts: its number in the batch, its asset, the sender's number."""


@dataclass(slots=True)
class _Said:
    """Messages of one class that decoded, before their values are looked at."""

    number: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    time: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    quotes: list[int] = field(default_factory=list)
    sequence: list[int | None] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """A batch by the way of each message: plain columns by class, routed ones, and odd ones."""

    columns: dict[str, Columns] = field(default_factory=dict)
    routed: list[tuple[int, Route]] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    strange: list[int] = field(default_factory=list)
    numbered: list[Numbered] = field(default_factory=list)


class PlainPath:
    """Sorts the messages of a batch by their topics and reads those of the default form."""

    def __init__(
        self, settings: IngestSettings, router: Router, forms: Mapping[str, Form], assets: int
    ) -> None:
        self._router = router
        self._topics = router.topics()
        self._forms = forms
        self._longest = settings.max_payload
        self._scale = SCALES.get(settings.time)
        self._quotes = 4 if self._scale is not None else 6
        self._places: dict[bytes, Place | Route | Bad | None] = {}
        self._most_places = 4 * assets + 1000

    def sort(self, packets: Sequence[Packet], bounds: tuple[Instant, Instant]) -> Sorted:
        """Read what can be read plainly; times beyond `bounds` are odd."""
        found = Sorted()
        for name, said in self._read(packets, found).items():
            if said.sequence.count(None) < len(said.sequence):
                found.numbered += _numbered(self._forms[name], said)
            columns, doubtful = self._judge(self._forms[name], said, bounds)
            found.columns[name] = columns
            found.odd += doubtful
        return found

    def _read(self, packets: Sequence[Packet], into: Sorted) -> dict[str, _Said]:
        places, longest = self._places, self._longest
        read: dict[str, _Said] = {}
        odd = into.odd
        for number, (topic, payload, head, _) in enumerate(packets):
            place = places[topic] if topic in places else self._place(topic)
            if place is None or head & RETAINED or len(payload) > longest:
                odd.append(number)
                continue
            if isinstance(place, Bad):
                into.strange.append(number)
                continue
            if isinstance(place, Route):
                into.routed.append((number, place))
                continue
            form, row = place
            try:
                message = form.decode(payload)
            except (msgspec.MsgspecError, RecursionError, UnicodeError):
                odd.append(number)
                continue
            found = read.get(form.name)
            if found is None:
                found = read[form.name] = _Said()
            found.number.append(number)
            found.row.append(row)
            found.time.append(message.ts)
            found.values.append(message.values)
            found.quotes.append(payload.count(b'"'))
            found.sequence.append(message.sequence)
        return read

    def _place(self, topic: bytes) -> Place | Route | Bad | None:
        """Find the way of a topic and keep it; None where the inspector must look.

        What belongs to no asset may come in floods, so it is not kept, and is looked at in part.
        """
        if self._topics is not None and topic not in self._topics:
            return _ASTRAY  # without a further look, since a flood of these must cost little
        way = self._router.way(topic)
        if isinstance(way, Bad):
            return way
        place: Place | Route | None = None
        if isinstance(way, Asset) and way.clock is ClockPolicy.DEVICE:
            form = self._forms[way.asset_class]
            place = form, form.rows[way.id]
        elif not isinstance(way, Asset):
            place = way
        if len(topic) <= _LONGEST_KEPT:
            if len(self._places) >= self._most_places:
                self._places.clear()
            self._places[topic] = place
        return place

    def _judge(
        self, form: Form, found: _Said, bounds: tuple[Instant, Instant]
    ) -> tuple[Columns, list[int]]:
        """Check a class's messages as arrays; returns the good and the numbers of the doubtful."""
        count, width = len(found.number), len(form.channels)
        flat = chain.from_iterable(map(_fields, found.values))
        said = np.fromiter(flat, np.float64, count * width).reshape(count, width)
        present = np.count_nonzero(said == said, axis=1)  # noqa: PLR0124 - NaN is the mark
        at, good = self._instants(found.time)
        # Each key and each text takes two quotes; more than that means that a key came twice.
        keys = present
        if found.sequence.count(None) < count:
            keys = present + np.array([each is not None for each in found.sequence])
        good &= np.array(found.quotes) == self._quotes + 2 * keys
        good &= present > 0
        values = form.canonical(said)
        beyond = (values < form.low) | (values > form.high) | np.isinf(values)
        if form.converts:
            beyond |= np.isnan(values) & ~np.isnan(said)
        good &= ~beyond.any(1)
        good &= (at >= bounds[0]) & (at <= bounds[1])
        number, row = np.array(found.number), np.array(found.row, np.int32)
        if good.all():
            return Columns(number, row, at, values), []
        kept = Columns(number[good], row[good], at[good], values[good])
        return kept, number[~good].tolist()

    def _instants(self, raws: Sequence[bytes]) -> tuple[Instants, Bools]:
        if self._scale is None:
            return utc_instants(raws)
        return epoch_instants(raws, self._scale)


def _numbered(form: Form, said: _Said) -> list[Numbered]:
    """List the messages that their sender counts."""
    return [
        (number, form.assets[row], sequence)
        for number, row, sequence in zip(said.number, said.row, said.sequence, strict=True)
        if sequence is not None
    ]
