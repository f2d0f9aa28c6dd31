"""Judges single samples of any payload the slow and exact way."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from core.blocks import Block
from core.clock import Instant
from core.plant import Asset, Channel, ClockPolicy
from core.readings import Quality, Reading
from core.rejection import Reason
from core.suggestion import quoted, unknown
from ingest.form import Form
from ingest.payload import Bad
from ingest.sample import BrokerSaid, DeviceState, Sample, Value
from ingest.sources import Route, Source
from ingest.timing import Arrival, Timing

_TOLD = 5


@dataclass(slots=True)
class Found:
    """The good values of a message, and all that is wrong with the others."""

    values: dict[str, float] = field(default_factory=dict)
    quality: dict[str, Quality] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    sequence: int | None = None

    def add_bad(self, reason: Reason, detail: str) -> None:
        """Note something that is wrong."""
        self.bad.append(Bad(reason, detail))

    def unknown_channel(self, name: str, form: Form) -> None:
        """Note a name that is no channel; to look for what was meant takes time, so for few."""
        few = len(self.bad) < _TOLD
        detail = unknown("channel", name[:80], form.channel_names) if few else ""
        self.add_bad(Reason.UNKNOWN_CHANNEL, detail)

    def take(self, channel: Channel, value: float, said: str) -> bool:
        """Take a canonical value where it is possible; `said` is how it came."""
        if not isfinite(value):
            self.add_bad(Reason.NOT_FINITE, f"{channel.name} is {said}: beyond any real value")
            return False
        if not channel.low <= value <= channel.high:
            allowed = f"{channel.low:g} to {channel.high:g} {channel.unit}".strip()
            self.add_bad(Reason.OUT_OF_RANGE, f"{channel.name} is {value:g}; possible: {allowed}")
            return False
        self.values[channel.name] = value
        return True


@dataclass(slots=True)
class Appraisal:
    """What one message came to. `past` are readings that say nothing about now."""

    readings: list[Reading] = field(default_factory=list)
    past: list[Reading] = field(default_factory=list)
    told: list[tuple[str, DeviceState | BrokerSaid]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    asset: str = ""
    raw: list[Block] = field(default_factory=list)


class Appraiser:
    """Finds asset, channels, units, quality and time of samples, and says what is wrong."""

    def __init__(self, forms: dict[str, Form], timing: Timing) -> None:
        self._forms = forms
        self._timing = timing

    def appraise(self, route: Route, payload: bytes, head: int, arrival: Arrival) -> Appraisal:
        """Judge one message of a source."""
        found = Appraisal()
        try:
            said = route.source.decoder.decode(route.captured, payload)
        except Bad as bad:
            found.bad.append(bad)
            return found
        for one in said:
            if isinstance(one, BrokerSaid):
                found.told.append(("", one))
                continue
            asset = route.source.asset(route.captured, one.asset)
            if isinstance(asset, Bad):
                found.bad.append(asset)
                continue
            found.asset = found.asset or asset.id
            if isinstance(one, DeviceState):
                found.told.append((asset.id, one))
                continue
            try:
                self._sample(route.source, asset, one, head, arrival, found)
            except Bad as bad:
                found.bad.append(bad)
        if not (said or found.bad):
            found.bad.append(Bad(Reason.NO_VALUES, "there is nothing in it"))
        return found

    def _sample(
        self,
        source: Source,
        asset: Asset,
        sample: Sample,
        head: int,
        arrival: Arrival,
        into: Appraisal,
    ) -> None:
        form = self._forms[asset.asset_class]
        found = Found(bad=into.bad)
        before = len(into.bad)
        into.bad.extend(sample.bad)
        for name, value in sample.values.items():
            column = source.channel(form, name)
            if column is not None:
                self._value(source, form.channels[column], name, value, sample, found)
            elif source.settings.others == "refuse":
                found.unknown_channel(name, form)
        for name, mark in sample.quality.items():
            if name not in sample.values:
                self._called_bad(source, form, name, mark, found)
        if not (found.values or found.quality):
            if len(into.bad) == before:
                found.add_bad(Reason.NO_VALUES, f"no value of {', '.join(form.channel_names)}")
            return
        at = self._at(source, asset, sample, head, arrival)
        reading = Reading(asset.id, at, found.values, found.quality)
        (into.past if sample.historical else into.readings).append(reading)
        into.raw += sample.blocks(asset.id, at)

    def _called_bad(
        self, source: Source, form: Form, name: str, mark: Quality, found: Found
    ) -> None:
        """Take the word of a payload that a channel has no value that could be believed."""
        column = source.channel(form, name)
        if column is not None:
            channel = form.channels[column].name
            if channel not in found.values:
                found.quality[channel] = mark
        elif source.settings.others == "refuse":
            found.unknown_channel(name, form)

    def _value(
        self,
        source: Source,
        channel: Channel,
        name: str,
        said: Value,
        sample: Sample,
        found: Found,
    ) -> None:
        number = _number(channel, said)
        if number is None:
            known = ", ".join(channel.states) or "none; set states: of the channel"
            detail = f"{channel.name} is {_shown(said)}, not a number; known states: {known}"
            found.add_bad(Reason.NOT_A_NUMBER, detail)
            return
        try:
            factor, offset = source.scale(channel, name, sample.units.get(name))
        except Bad as bad:
            found.bad.append(bad)
            return
        if isinstance(said, str | bool):
            factor, offset = 1.0, 0.0
        if found.take(channel, number * factor + offset + 0.0, _shown(said)):
            quality = sample.quality.get(name, Quality.GOOD)
            found.quality.pop(channel.name, None)  # of another name of it, whose value it replaces
            if quality is not Quality.GOOD:
                found.quality[channel.name] = quality

    def _at(
        self, source: Source, asset: Asset, sample: Sample, head: int, arrival: Arrival
    ) -> Instant:
        if asset.clock is ClockPolicy.ARRIVAL or (sample.at is None and source.stamps):
            at = self._timing.on_arrival(head, arrival)
        elif sample.at is None:
            detail = f"no time in it; where none is sent, set time: arrival in source {source.name}"
            raise Bad(Reason.BAD_TIME, detail)
        else:
            at = self._timing.settle(asset, sample.at, head, arrival)
        return at - at % source.join if source.join else at


def mapped(channel: Channel, said: object) -> float | None:
    """Find the number that stands for a state; None where nobody has mapped it."""
    if isinstance(said, bool):
        return channel.states.get("true" if said else "false")
    return channel.states.get(said) if isinstance(said, str) else None


def _number(channel: Channel, said: Value) -> float | None:
    """Make a number of what was said; None where it is a state that nobody has mapped."""
    if isinstance(said, bool | str):
        return mapped(channel, said)
    try:
        return float(said)
    except OverflowError:
        return float("inf")


def _shown(said: Value) -> str:
    if isinstance(said, bool):
        return str(said).lower()
    if isinstance(said, str):
        return f"the text {quoted(said[:80])}"
    try:
        return f"{said:g}"
    except OverflowError:
        return "a number beyond all bounds"
