"""Shows what a Sparkplug message would become, metric by metric, by a host that knows no births."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.clock import Instant, iso
from core.journal import Entry, decode
from core.plant import Plant
from core.readings import Reading, Readings
from core.suggestion import quoted
from ingest.clocks import ClockOffsets
from ingest.inspect import Verdict
from ingest.payload import Bad
from ingest.sparkplug.effect import Effect
from ingest.sparkplug.harvest import Harvester
from ingest.sparkplug.host import Host
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.metric import DataType, Metric, value_of
from ingest.sparkplug.payload import read_payload
from ingest.sparkplug.reading import is_control
from ingest.sparkplug.settings import SOURCE, SparkplugSettings
from ingest.sparkplug.topic import NAMESPACE, Address, Verb, read_topic

_SHOWN = 20
_BIRTHS = {Verb.NBIRTH, Verb.DBIRTH}


def is_sparkplug(topic: bytes) -> bool:
    """Tell whether a topic is of the namespace."""
    return topic.startswith(f"{NAMESPACE}/".encode())


def steps(
    plant: Plant, settings: SparkplugSettings, topic: bytes, payload: bytes
) -> Iterator[tuple[str, str]]:
    """Tell the steps of a message: what each is about, and what was found."""
    try:
        address = read_topic(topic)
    except Bad as bad:
        yield "topic", bad.detail
        return
    layout = Layout(plant, settings)
    yield "topic", f"source {SOURCE}: {address.verb} of {address.place}"
    asset = layout.asset(address.place)
    if not asset:
        yield "asset", "none: a node's own metrics are of the asset that node_asset says"
    elif layout.knows(asset):
        yield "asset", f"{asset}, of class {plant.assets[asset].asset_class}"
    else:
        yield "asset", f"refused, unknown asset {quoted(asset)}"
    try:
        message = read_payload(payload, longest=settings.max_payload, most=settings.max_metrics)
    except Bad as bad:
        yield "payload", f"refused, {bad.reason}: {bad.detail}"
        return
    sent = "at no time" if message.at is None else f"at {iso(min(message.at, 2**62))}"
    number = "without seq" if message.seq is None else f"seq {message.seq}"
    birth = "" if message.bdseq is None else f", bdSeq {message.bdseq}"
    yield "payload", f"sent {sent}, {number}{birth}, {len(message.metrics)} metrics"
    if address.verb in {Verb.NDATA, Verb.DDATA}:
        yield "births", "not known here: what is said by an alias, or without a type, is refused"
    for metric in message.metrics[:_SHOWN]:
        yield "metric", _metric(layout, address, metric)
    if len(message.metrics) > _SHOWN:
        yield "metric", f"and {len(message.metrics) - _SHOWN} more, which are not shown"


def verdict(
    plant: Plant,
    settings: SparkplugSettings,
    topic: bytes,
    payload: bytes,
    at: Instant,
    *,
    retained: bool,
) -> Verdict:
    """Tell what a host that just began would make of a message."""
    host = Host(settings, Layout(plant, settings))
    effects: list[Effect] = host.receive(topic, payload, at, retained=retained)
    effects += host.tick(at + settings.reorder_timeout)
    found = Harvester(plant, ClockOffsets()).gather(effects, at, trusted=True)
    bodies = [decode(Entry(0, each.at, each.kind, each.body)) for each in found.drafts]
    blocks = [each for each in bodies if isinstance(each, Readings)]
    rejection = found.rejections[0] if found.rejections else None
    return Verdict(
        readings=_readings(blocks, past=False),
        past=_readings(blocks, past=True),
        rejection=rejection,
        source=SOURCE,
    )


def _readings(blocks: Sequence[Readings], *, past: bool) -> tuple[Reading, ...]:
    return tuple(reading for block in blocks if block.retained is past for reading in block)


def _metric(layout: Layout, address: Address, metric: Metric) -> str:
    kind = metric.datatype
    called = DataType(kind).name.lower() if kind in list(DataType) else f"type {kind}"
    marks = [
        *(["historical"] if metric.historical else []),
        *(["transient"] if metric.transient else []),
        *([metric.quality.name.lower()] if metric.quality else []),
    ]
    try:
        value = "null" if metric.null else str(value_of(metric, kind))[:60]
    except Bad as bad:
        value = bad.detail
    told = f"{metric.said} is {', '.join([value, called, *marks])}"
    if is_control(metric.name):
        return f"{told} → the protocol's own"
    if kind == DataType.DATA_SET:
        return f"{told} → its columns are looked up as {metric.said}/COLUMN"
    channel = layout.channel(address.place, metric.name) if metric.name else ""
    return f"{told} → {channel or 'no channel, passed over'}"
