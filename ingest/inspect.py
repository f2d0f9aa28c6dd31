"""Judges one message the slow and exact way: what is good in it, and what is wrong.

This is the truth about what is taken; the fast path in `ingest/decode.py` only agrees with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.blocks import Block
from core.clock import Instant
from core.plant import Asset, Channel, ClockPolicy, Plant
from core.readings import Quality, Reading
from core.rejection import Reason, Rejection
from ingest.appraise import Appraiser, Found, mapped
from ingest.clocks import ClockOffsets
from ingest.directory import Directory
from ingest.form import Form, forms
from ingest.instants import SCALES, WallTime, number_instant, text_instant
from ingest.packets import RETAINED, Packet
from ingest.payload import Bad, Constant, Number, described, parse
from ingest.router import Router
from ingest.sample import BrokerSaid, DeviceState
from ingest.settings import IngestSettings
from ingest.sources import PLAIN, Route
from ingest.timing import Arrival, Timing
from ingest.topics import shown

_TOLD = 5
_COUNTED = re.compile(r"^\d{1,18}$", re.ASCII)
_QUALITIES = {quality.name.lower(): quality for quality in Quality}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: readings, a rejection, or both where a part of it was bad.

    `past` are readings that say nothing about now: retained by the broker, or kept by a device.
    `asset` is its id, or the topic where none is known; `source` is how it came; `sequence` is the
    number that its sender gave it.
    """

    readings: tuple[Reading, ...] = ()
    rejection: Rejection | None = None
    asset: str = ""
    source: str = PLAIN
    past: tuple[Reading, ...] = ()
    told: tuple[tuple[str, DeviceState | BrokerSaid], ...] = ()
    raw: tuple[Block, ...] = ()
    sequence: int | None = None

    @property
    def taken(self) -> bool:
        """Whether any of it was taken as a reading."""
        return bool(self.readings or self.past)


class Inspector:
    """Judges single messages for one plant.

    `newest` tells an asset's last known instant; it is asked when a source without an offset in
    its times is first heard.
    """

    def __init__(
        self,
        plant: Plant,
        settings: IngestSettings,
        offsets: ClockOffsets | None = None,
        newest: Callable[[str], Instant | None] = lambda _: None,
    ) -> None:
        self.plant = plant
        self.forms = forms(plant)
        self.directory = Directory(plant)
        self.router = Router(settings, self.directory)
        self._settings = settings
        self._scale = SCALES.get(settings.time)
        self._timing = Timing(plant, offsets, newest)
        self._appraiser = Appraiser(self.forms, self._timing)

    def inspect(self, packet: Packet, arrival: Arrival) -> Verdict:
        """Judge one message."""
        topic, payload, head, _ = packet
        way = self.router.way(topic)
        if isinstance(way, Bad):
            return Verdict((), _rejection(packet, arrival.at, [way], PLAIN), shown(topic))
        if isinstance(way, Route):
            return self._routed(way, packet, arrival)
        found = Found()
        readings: tuple[Reading, ...] = ()
        try:
            readings = self._judge(way, payload, head, arrival, found)
        except Bad as bad:
            found.bad.insert(0, bad)
        rejection = _rejection(packet, arrival.at, found.bad, PLAIN, taken=bool(readings))
        if head & RETAINED:
            return Verdict((), rejection, way.id, PLAIN, readings)
        return Verdict(readings, rejection, way.id, sequence=found.sequence)

    def _routed(self, route: Route, packet: Packet, arrival: Arrival) -> Verdict:
        topic, payload, head, _ = packet
        name = route.source.name
        try:
            self._check_size(payload)
        except Bad as bad:
            return Verdict((), _rejection(packet, arrival.at, [bad], name), shown(topic), name)
        found = self._appraiser.appraise(route, payload, head, arrival)
        now, past = found.readings, found.past
        rejection = _rejection(packet, arrival.at, found.bad, name, taken=bool(now or past))
        if head & RETAINED:
            now, past = [], [*now, *past]
        asset = found.asset or shown(topic)
        told, raw = tuple(found.told), tuple(found.raw)
        return Verdict(tuple(now), rejection, asset, name, tuple(past), told, raw)

    def _judge(
        self, asset: Asset, payload: bytes, head: int, arrival: Arrival, found: Found
    ) -> tuple[Reading, ...]:
        self._check_size(payload)
        body = parse(payload)
        found.sequence = _sequence(body)
        form = self.forms[asset.asset_class]
        _read_values(form, body, found)
        if found.values or found.quality:
            at = self._time(asset, body, head, arrival)
            return (Reading(asset.id, at, found.values, found.quality),)
        if not found.bad:
            found.add_bad(Reason.NO_VALUES, f"no value of {', '.join(form.channel_names)}")
        return ()

    def _check_size(self, payload: bytes) -> None:
        if len(payload) > self._settings.max_payload:
            detail = f"more than {self._settings.max_payload:,} bytes"
            raise Bad(Reason.OVERSIZED, detail)

    def _time(self, asset: Asset, body: dict[str, Any], head: int, arrival: Arrival) -> Instant:
        if asset.clock is ClockPolicy.ARRIVAL:
            return self._timing.on_arrival(head, arrival)
        if "ts" not in body:
            detail = 'there is no "ts"'
            raise Bad(Reason.BAD_TIME, detail)
        try:
            return self._timing.settle(asset, self._said(body["ts"]), head, arrival)
        except ValueError as error:
            detail = f'"ts" is {described(body["ts"])}: {error}'
            raise Bad(Reason.BAD_TIME, detail) from None

    def _said(self, said: object) -> Instant | WallTime:
        if self._scale is not None:
            if isinstance(said, Number):
                return number_instant(said, self._scale)
            msg = f"not a number of {self._settings.time} since 1970, as configured"
            raise ValueError(msg)
        if isinstance(said, str) and not isinstance(said, Number | Constant):
            return text_instant(said)
        msg = "not an ISO 8601 text, as configured"
        raise ValueError(msg)


def _rejection(
    packet: Packet, at: Instant, bad: list[Bad], source: str, *, taken: bool = False
) -> Rejection | None:
    if not bad:
        return None
    topic, payload, head, _ = packet
    details = [each.detail for each in bad[:_TOLD]]
    if len(bad) > _TOLD:
        details.append(f"and {len(bad) - _TOLD} more")
    detail = "; ".join(details)
    if not detail.isprintable():
        detail = "".join(c if c.isprintable() else repr(c)[1:-1] for c in detail)
    retained = bool(head & RETAINED)
    told = shown(topic), bad[0].reason, payload, at, detail, retained
    return Rejection(*told, source, 0 if taken else 1)


def _sequence(body: dict[str, Any]) -> int | None:
    """Read the number by which a sender counts its messages; what is none is passed over."""
    said = body.get("sequence")
    return int(said) if isinstance(said, Number) and _COUNTED.match(said) else None


def _read_values(form: Form, body: dict[str, Any], found: Found) -> None:
    values = body.get("values")
    if not isinstance(values, dict):
        said = "there are no" if "values" not in body else f"{described(values)} stands for the"
        found.add_bad(Reason.NO_VALUES, f'{said} "values": {{channel: number}}')
        return
    qualities = body.get("quality")
    if qualities is not None and not isinstance(qualities, dict):
        found.add_bad(Reason.MALFORMED, f'"quality" is {described(qualities)}, not an object')
        qualities = None
    for name, said in values.items():
        column = form.column.get(name)
        if column is None:
            found.unknown_channel(name, form)
        elif said is not None:
            _read_value(form.channels[column], said, qualities or {}, found)
        elif _marked(qualities or {}, name) in {Quality.UNCERTAIN, Quality.BAD}:
            found.quality[name] = Quality.BAD  # it says that it has no value


def _marked(qualities: dict[str, Any], name: str) -> Quality | None:
    """Read how far a value is trusted; None where the word is not known."""
    mark = qualities.get(name, "good")
    return _QUALITIES.get(mark.lower()) if isinstance(mark, str) else None


def _read_value(channel: Channel, said: object, qualities: dict[str, Any], found: Found) -> None:
    name = channel.name
    if isinstance(said, Constant):
        found.add_bad(Reason.NOT_FINITE, f"{name} is {said}")
        return
    if isinstance(said, Number):
        value = float(said) * channel.factor + channel.offset + 0.0
    elif (state := mapped(channel, said)) is not None:
        value = state + 0.0
    else:
        known = f"; known states: {', '.join(channel.states)}" if channel.states else ""
        found.add_bad(Reason.NOT_A_NUMBER, f"{name} is {described(said)}, not a number{known}")
        return
    quality = _marked(qualities, name)
    if quality is None and isfinite(value) and channel.low <= value <= channel.high:
        allowed = ", ".join(_QUALITIES)
        found.add_bad(Reason.MALFORMED, f"the quality of {name} is unknown; known: {allowed}")
    elif found.take(channel, value, described(said)) and quality is not Quality.GOOD:
        found.quality[name] = quality or Quality.GOOD
