"""From effects to what the journal takes: readings as columns, devices, refusals, an account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from core.clock import Instant
from core.journal import DeviceChanged, Draft, draft
from core.ledger import Fate
from core.plant import Asset, Channel, ClockPolicy, Plant
from core.readings import Reading, Readings
from core.rejection import Reason, Rejection
from core.suggestion import listed, quoted
from ingest.clocks import ClockOffsets
from ingest.decode import told
from ingest.packets import RETAINED
from ingest.payload import Bad
from ingest.sample import Sample, Value
from ingest.sparkplug.account import refusal
from ingest.sparkplug.effect import Effect, Heard, Ignored, Lost, Proposed, Publish, Turned
from ingest.sparkplug.settings import SOURCE
from ingest.timing import Arrival, Timing


@dataclass(slots=True)
class Harvest:
    """What a batch of effects came to, in order: for the journal, the broker, and people."""

    drafts: list[Draft] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    account: Counter[tuple[str, Fate, str]] = field(default_factory=Counter)
    publish: list[Publish] = field(default_factory=list)
    proposed: list[Proposed] = field(default_factory=list)
    accepted: int = 0


@dataclass(slots=True)
class _Block:
    """Readings of one class that follow each other without a device coming or going."""

    readings: list[Reading] = field(default_factory=list)
    messages: int = 0


@dataclass(slots=True)
class _Basket:
    """What is gathered of one batch; `stored` and `told` are numbers of messages."""

    blocks: dict[tuple[str, bool], _Block] = field(default_factory=dict)
    turned: list[Turned] = field(default_factory=list)
    stored: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)


class Harvester:
    """Judges values and times, and lays them out for the journal."""

    def __init__(self, plant: Plant, offsets: ClockOffsets) -> None:
        self._plant = plant
        self._offsets = offsets
        self._timing = Timing(plant, offsets)

    def gather(self, effects: Sequence[Effect], at: Instant, *, trusted: bool) -> Harvest:
        """Make of effects what is to be done; `trusted` tells whether our own clock counts."""
        out, basket = Harvest(), _Basket()
        for effect in effects:
            match effect:
                case Heard():
                    self._hear(effect, basket, trusted=trusted)
                case DeviceChanged():
                    if effect.assets:
                        self._lay_out(basket, at, out)
                        out.drafts.append(draft(at, effect))
                case Turned():
                    basket.turned.append(effect)
                case Ignored():
                    basket.told.add(effect.number)
                case Lost():
                    out.account[SOURCE, Fate.LOST, ""] += effect.count
                case Publish():
                    out.publish.append(effect)
                case Proposed():
                    out.proposed.append(effect)
        self._lay_out(basket, at, out)
        _account(basket, at, out)
        return out

    def _hear(self, heard: Heard, basket: _Basket, *, trusted: bool) -> None:
        asset = self._plant.assets[heard.asset]
        asset_class = self._plant.classes[asset.asset_class]
        corrects = asset.clock is ClockPolicy.CORRECTED and heard.sent is not None
        if corrects and trusted and not all(sample.historical for sample in heard.samples):
            self._offsets.learn(asset.id, heard.arrived, heard.sent or 0)
        bad: list[Bad] = []
        for place, sample in enumerate(heard.samples):
            values, quality = {}, {}
            for name, said in sample.values.items():
                try:
                    values[name] = _value(asset_class.channel(name), said)
                except Bad as one:
                    bad.append(one)
            for name, mark in sample.quality.items():
                if name in values or name not in sample.values:
                    quality[name] = mark
            if not (values or quality):
                continue
            try:
                at = self._at(asset, sample, heard, place, trusted=trusted)
            except Bad as one:
                bad.append(one)
                continue
            block = basket.blocks.setdefault((asset.asset_class, sample.historical), _Block())
            block.readings.append(Reading(asset.id, at, values, quality))
            if heard.number not in basket.stored:
                basket.stored.add(heard.number)
                block.messages += 1
        if bad:
            rejection = refusal(heard.topic, heard.payload, heard.arrived, bad)
            basket.turned.append(Turned(heard.number, rejection, asset.id))

    def _at(
        self, asset: Asset, sample: Sample, heard: Heard, place: int, *, trusted: bool
    ) -> Instant:
        head = RETAINED if sample.historical else 0
        arrival = Arrival(heard.arrived, place, trusted)
        if asset.clock is ClockPolicy.ARRIVAL or sample.at is None:
            return self._timing.on_arrival(head, arrival)
        return self._timing.settle(asset, sample.at, RETAINED, arrival)

    def _lay_out(self, basket: _Basket, at: Instant, out: Harvest) -> None:
        for (name, past), block in basket.blocks.items():
            out.accepted += len(block.readings)
            channels = self._plant.classes[name].channel_names
            readings = Readings.of(
                name,
                channels,
                block.readings,
                at,
                retained=past,
                source=SOURCE,
                messages=block.messages,
            )
            out.drafts.append(draft(at, readings))
        basket.blocks.clear()


def _account(basket: _Basket, at: Instant, out: Harvest) -> None:
    """Count each message once: as stored, else as refused, else as one that only told."""
    refused: set[int] = set()
    seen: Counter[tuple[str, Reason]] = Counter()
    for turned in basket.turned:
        rejection, number = turned.rejection, turned.number
        whole = number not in basket.stored and number not in refused
        refused.add(number)
        out.rejections.append(replace(rejection, messages=int(whole)))
        seen[turned.asset or rejection.topic, rejection.reason] += 1
    silent = basket.told - basket.stored - refused
    received = len(basket.stored | refused | silent)
    out.account[SOURCE, Fate.RECEIVED, ""] += received
    out.account[SOURCE, Fate.TOLD, ""] += len(silent)
    if seen:
        out.drafts.append(draft(at, told(seen)))


def _value(channel: Channel, said: Value) -> float:
    """Make a canonical number of what was said; Bad where it cannot be one."""
    if isinstance(said, str | bool):
        word = str(said).lower() if isinstance(said, bool) else said
        state = channel.states.get(word)
        if state is None:
            detail = f"{channel.name} is {quoted(word)}; known states: {listed(channel.states)}"
            raise Bad(Reason.NOT_A_NUMBER, detail)
        value = state
    else:
        value = said * channel.factor + channel.offset + 0.0
    if not isfinite(value):
        raise Bad(Reason.NOT_FINITE, f"{channel.name} is {said}: beyond any real value")
    if not channel.low <= value <= channel.high:
        allowed = f"{channel.low:g} to {channel.high:g} {channel.unit}".strip()
        raise Bad(Reason.OUT_OF_RANGE, f"{channel.name} is {value:g}; possible: {allowed}")
    return value
