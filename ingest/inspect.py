"""Judges one message the slow and exact way: what is good in it, and what is wrong.

This is the truth about what is taken; the fast path in `ingest/decode.py` only agrees with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from core.clock import SECOND, Instant, Span, iso
from core.localtime import LocalTime
from core.plant import Asset, Channel, ClockPolicy, Plant
from core.readings import Quality, Reading
from core.rejection import Reason, Rejection
from core.suggestion import quoted, unknown
from ingest.clocks import ClockOffsets
from ingest.form import Form, forms
from ingest.instants import FURTHEST, SCALES, WallTime, number_instant, text_instant
from ingest.packets import DUPLICATE, RETAINED, Packet
from ingest.payload import Bad, Constant, Number, described, parse
from ingest.settings import IngestSettings
from ingest.topics import TopicTemplate, shown

YEAR_2020: Instant = 1_577_836_800 * SECOND
_OUT_OF_ORDER = RETAINED | DUPLICATE
_TOLD = 5
_STRANGERS = 1000
_QUALITIES = {quality.name.lower(): quality for quality in Quality}


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a message came in, its number within its batch, and whether our clock counts."""

    at: Instant
    number: int = 0
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: a reading, a rejection, or both where a part of it was bad."""

    reading: Reading | None = None
    rejection: Rejection | None = None
    source: str = ""


@dataclass(slots=True)
class _Found:
    """The good values of a message, and all that is wrong with the others."""

    values: dict[str, float] = field(default_factory=dict)
    quality: dict[str, Quality] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)

    def add_bad(self, reason: Reason, detail: str) -> None:
        self.bad.append(Bad(reason, detail))


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
        self.template = TopicTemplate(settings.topic)
        self.forms = forms(plant)
        self._settings = settings
        self._scale = SCALES.get(settings.time)
        self._offsets = offsets or ClockOffsets()
        self._zones = {name: LocalTime(site.timezone) for name, site in plant.sites.items()}
        self._newest = newest
        self._walls_heard: set[str] = set()
        self._strangers: dict[str, Bad] = {}

    def asset(self, topic: bytes) -> Asset | Bad:
        """Find the asset that a topic belongs to, or say why there is none."""
        found = self.template.asset_id(topic)
        if isinstance(found, Bad):
            return found
        asset = self.plant.assets.get(found)
        if asset is None:
            return self._stranger(found[:80])
        return asset

    def _stranger(self, name: str) -> Bad:
        """Say that an asset is unknown; what was meant takes milliseconds to guess, so once."""
        bad = self._strangers.get(name)
        if bad is None and len(self._strangers) >= _STRANGERS:
            return Bad(Reason.UNKNOWN_ASSET, f"unknown asset {quoted(name)}")
        if bad is None:
            bad = Bad(Reason.UNKNOWN_ASSET, unknown("asset", name, self.plant.assets))
            self._strangers[name] = bad
        return bad

    def inspect(self, packet: Packet, arrival: Arrival) -> Verdict:
        """Judge one message."""
        topic, payload, head, _ = packet
        asset = self.asset(topic)
        if isinstance(asset, Bad):
            return Verdict(None, _rejection(packet, arrival.at, [asset]), shown(topic))
        found = _Found()
        reading = None
        try:
            reading = self._judge(asset, payload, head, arrival, found)
        except Bad as bad:
            found.bad.insert(0, bad)
        return Verdict(reading, _rejection(packet, arrival.at, found.bad), asset.id)

    def _judge(
        self, asset: Asset, payload: bytes, head: int, arrival: Arrival, found: _Found
    ) -> Reading | None:
        self._check_size(payload)
        body = parse(payload)
        form = self.forms[asset.asset_class]
        _read_values(form, body, found)
        if found.values:
            at = self._time(asset, body, head, arrival)
            return Reading(asset.id, at, found.values, found.quality)
        if not found.bad:
            found.add_bad(Reason.NO_VALUES, f"no value of {', '.join(form.channel_names)}")
        return None

    def _check_size(self, payload: bytes) -> None:
        if len(payload) > self._settings.max_payload:
            detail = f"more than {self._settings.max_payload:,} bytes"
            raise Bad(Reason.OVERSIZED, detail)

    def _time(self, asset: Asset, body: dict[str, Any], head: int, arrival: Arrival) -> Instant:
        if asset.clock is ClockPolicy.ARRIVAL:
            if head & RETAINED:
                detail = "retained, from a source without a clock: nothing says when it was"
                raise Bad(Reason.BAD_TIME, detail)
            return arrival.at + arrival.number
        if "ts" not in body:
            detail = 'there is no "ts"'
            raise Bad(Reason.BAD_TIME, detail)
        try:
            at = self._instant(asset, body["ts"], head, arrival)
        except ValueError as error:
            detail = f'"ts" is {described(body["ts"])}: {error}'
            raise Bad(Reason.BAD_TIME, detail) from None
        if asset.clock is ClockPolicy.CORRECTED:
            if arrival.trusted and not head & _OUT_OF_ORDER:
                self._offsets.learn(asset.id, arrival.at, at)
            at = min(max(at + self._offset(asset), -FURTHEST), FURTHEST)
        if arrival.trusted:
            self._check_bounds(at, arrival.at)
        return at

    def _instant(self, asset: Asset, said: object, head: int, arrival: Arrival) -> Instant:
        if self._scale is not None:
            if isinstance(said, Number):
                return number_instant(said, self._scale)
            msg = f"not a number of {self._settings.time} since 1970, as configured"
            raise ValueError(msg)
        if isinstance(said, str) and not isinstance(said, Number | Constant):
            at = text_instant(said)
            return self._resolved(asset, at, head, arrival) if isinstance(at, WallTime) else at
        msg = "not an ISO 8601 text, as configured"
        raise ValueError(msg)

    def _resolved(self, asset: Asset, local: WallTime, head: int, arrival: Arrival) -> Instant:
        zone = self._zones[asset.site]
        if asset.id not in self._walls_heard:
            self._walls_heard.add(asset.id)
            newest = self._newest(asset.id)
            if newest is not None:
                zone.remember(asset.id, newest)
        latest = None
        if arrival.trusted:  # by the source's own clock
            latest = arrival.at + self.plant.too_early - self._offset(asset)
        at = zone.resolve(asset.id, local.wall, latest, learn=not head & _OUT_OF_ORDER)
        if at is None:
            detail = (
                f"{local.wall.isoformat(' ')} does not exist in {zone.zone.key}: clocks skipped it"
            )
            raise Bad(Reason.SKIPPED_HOUR, detail)
        return at + local.below

    def _offset(self, asset: Asset) -> Span:
        """Tell what is added to the times of a source."""
        return self._offsets.offset(asset.id) if asset.clock is ClockPolicy.CORRECTED else 0

    def _check_bounds(self, at: Instant, arrived: Instant) -> None:
        if at < YEAR_2020:
            detail = f"{iso(at)}: the source's clock stands before 2020"
            raise Bad(Reason.BAD_TIME, detail)
        if at > arrived + self.plant.too_early:
            ahead, allowed = (at - arrived) / SECOND, self.plant.too_early / SECOND
            detail = f"{iso(at)} is {ahead:,.0f} s ahead of our clock; allowed: {allowed:,.0f} s"
            raise Bad(Reason.TOO_EARLY, detail)
        if at < arrived - self.plant.retention:
            days = self.plant.retention / (86_400 * SECOND)
            detail = f"{iso(at)} is older than the {days:,.0f} days that are kept"
            raise Bad(Reason.TOO_OLD, detail)


def _rejection(packet: Packet, at: Instant, bad: list[Bad]) -> Rejection | None:
    if not bad:
        return None
    topic, payload, head, _ = packet
    told = [each.detail for each in bad[:_TOLD]]
    if len(bad) > _TOLD:
        told.append(f"and {len(bad) - _TOLD} more")
    detail = "".join(c if c.isprintable() else repr(c)[1:-1] for c in "; ".join(told))
    retained = bool(head & RETAINED)
    return Rejection(shown(topic), bad[0].reason, payload, at, detail, retained)


def _read_values(form: Form, body: dict[str, Any], found: _Found) -> None:
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
            # To look for what was meant takes time, so only for as many as are told.
            few = len(found.bad) < _TOLD
            detail = unknown("channel", name[:80], form.channel_names) if few else ""
            found.add_bad(Reason.UNKNOWN_CHANNEL, detail)
        elif said is not None:
            _read_value(form.channels[column], said, qualities or {}, found)


def _read_value(channel: Channel, said: object, qualities: dict[str, Any], found: _Found) -> None:
    name = channel.name
    if isinstance(said, Constant):
        found.add_bad(Reason.NOT_FINITE, f"{name} is {said}")
        return
    if not isinstance(said, Number):
        found.add_bad(Reason.NOT_A_NUMBER, f"{name} is {described(said)}, not a number")
        return
    value = float(said) * channel.factor + channel.offset + 0.0
    if not isfinite(value):
        found.add_bad(Reason.NOT_FINITE, f"{name} is {described(said)}: beyond any real value")
        return
    if not channel.low <= value <= channel.high:
        allowed = f"{channel.low:g} to {channel.high:g} {channel.unit}".strip()
        found.add_bad(Reason.OUT_OF_RANGE, f"{name} is {value:g}; possible: {allowed}")
        return
    mark = qualities.get(name, "good")
    quality = _QUALITIES.get(mark.lower()) if isinstance(mark, str) else None
    if quality is None:
        allowed = ", ".join(_QUALITIES)
        found.add_bad(Reason.MALFORMED, f"the quality of {name} is unknown; known: {allowed}")
        return
    found.values[name] = value
    if quality is not Quality.GOOD:
        found.quality[name] = quality
