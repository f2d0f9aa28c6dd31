"""Shows what a message would become, step by step, without keeping anything of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.clock import Instant, iso
from core.plant import Asset, Plant
from core.suggestion import quoted
from ingest.inspect import Inspector, Verdict
from ingest.instants import WallTime
from ingest.packets import RETAINED
from ingest.payload import Bad, described, parse
from ingest.sample import BrokerSaid, DeviceState, Sample, Value
from ingest.settings import IngestSettings
from ingest.sources import PLAIN, Route, Source
from ingest.sparkplug import trial as sparkplug
from ingest.timing import Arrival

_QOS_1 = 0x32
_SHOWN = 20
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Step:
    """One step on a message's way: what it is about, and what was found."""

    about: str
    says: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The steps that a message went through, and what became of it."""

    steps: tuple[Step, ...]
    verdict: Verdict


def trial(
    plant: Plant,
    settings: IngestSettings,
    topic: bytes,
    payload: bytes,
    at: Instant,
    *,
    retained: bool = False,
) -> Trial:
    """Try a message as if it came at a moment; nothing is raised whatever it is."""
    host = settings.sparkplug
    if host is not None and sparkplug.is_sparkplug(topic):
        judged = sparkplug.verdict(plant, host, topic, payload, at, retained=retained)
        told = sparkplug.steps(plant, host, topic, payload)
        return Trial(tuple(Step(about, says) for about, says in told), judged)
    inspector = Inspector(plant, settings)
    head = _QOS_1 | (RETAINED if retained else 0)
    verdict = inspector.inspect((topic, payload, head, 0), Arrival(at))
    return Trial(tuple(_steps(inspector, settings, topic, payload)), verdict)


def _steps(
    inspector: Inspector, settings: IngestSettings, topic: bytes, payload: bytes
) -> Iterator[Step]:
    way = inspector.router.way(topic)
    if isinstance(way, Route):
        yield from _topic(way.source.name, way.source.settings.topic, way.captured)
        yield from _routed(inspector, way, payload)
        return
    if isinstance(way, Asset):
        yield Step("topic", f"source {PLAIN}: {settings.topic}")
        yield Step("asset", f"{way.id}, of class {way.asset_class}")
        yield from _plain(payload)
        return
    yield Step("topic", way.detail)
    known = [f"{source.name}: {source.settings.topic}" for source in inspector.router.sources]
    for one in ([f"{PLAIN}: {settings.topic}"] if settings.topic else []) + known:
        yield Step("known", f"source {one}")


def _topic(name: str, template: str, captured: object) -> Iterator[Step]:
    yield Step("topic", f"source {name}: {template}")
    if isinstance(captured, dict) and captured:
        levels = ", ".join(f"{level} {quoted(said)}" for level, said in captured.items())
        yield Step("levels", levels)


def _plain(payload: bytes) -> Iterator[Step]:
    """Show a message of the default form."""
    try:
        body = parse(payload)
    except Bad as bad:
        yield Step("payload", f"refused: {bad.detail}")
        return
    if "ts" in body:
        yield Step("time", described(body["ts"]))
    values = body.get("values")
    for name, said in list(values.items())[:_SHOWN] if isinstance(values, dict) else ():
        yield Step("value", f"{name[:_LONGEST]} is {described(said)}")


def _routed(inspector: Inspector, route: Route, payload: bytes) -> Iterator[Step]:
    source = route.source
    kind = getattr(source.settings.decoder, "kind", "")
    try:
        said = source.decoder.decode(route.captured, payload)
    except Bad as bad:
        yield Step("decoder", f"{kind}: refused, {bad.reason}: {bad.detail}")
        return
    samples = sum(isinstance(one, Sample) for one in said)
    rest = f", {len(said) - samples} of the state of something" if len(said) > samples else ""
    yield Step("decoder", f"{kind}: {samples} sample{'s' * (samples != 1)}{rest}")
    if source.join:
        yield Step("join", f"values within {source.join / 1e9:g} s become one reading")
    for number, one in enumerate(said[:_SHOWN], 1):
        yield from _said(inspector, route, number, one)
    if len(said) > _SHOWN:
        yield Step("decoder", f"and {len(said) - _SHOWN} more, which are not shown")


def _said(
    inspector: Inspector, route: Route, number: int, one: Sample | DeviceState | BrokerSaid
) -> Iterator[Step]:
    if isinstance(one, BrokerSaid):
        yield Step("broker", f"{one.name} is {_shown(one.value)}")
        return
    if isinstance(one, Sample):
        yield Step("sample", f"{number}: at {_time(one.at)}{', historical' * one.historical}")
    asset = route.source.asset(route.captured, one.asset)
    called = f"called {quoted(one.asset)}: " if one.asset else ""
    if isinstance(asset, Bad):
        yield Step("asset", f"{called}refused, {asset.detail}")
        return
    yield Step("asset", f"{called}{asset.id}, of class {asset.asset_class}")
    if isinstance(one, DeviceState):
        yield Step("device", f"it is {'there' if one.online else 'gone'}")
        return
    for bad in one.bad[:_SHOWN]:
        yield Step("part", f"refused, {bad.reason}: {bad.detail}")
    for name, said in list(one.values.items())[:_SHOWN]:
        yield Step("value", _value(inspector, route.source, asset, one, name, said))
    for name in [name for name in one.quality if name not in one.values][:_SHOWN]:
        yield Step("value", f"{name[:_LONGEST]} has none, {one.quality[name].name.lower()}")


def _value(
    inspector: Inspector, source: Source, asset: Asset, sample: Sample, name: str, said: Value
) -> str:
    form = inspector.forms[asset.asset_class]
    column = source.channel(form, name)
    told = f"{name[:_LONGEST]} is {_shown(said)}"
    unit = sample.units.get(name) or source.settings.units.get(name)
    told += f" {unit}" if unit else ""
    if name in sample.quality:
        told += f", {sample.quality[name].name.lower()}"
    if column is None:
        ignored = source.settings.others == "ignore"
        return f"{told} → no channel, {'passed over' if ignored else 'refused'}"
    channel = form.channels[column]
    in_unit = f" in {channel.unit}" if channel.unit else ""
    return f"{told} → {channel.name}{in_unit}, possible {channel.low:g} to {channel.high:g}"


def _time(at: Instant | WallTime | None) -> str:
    if at is None:
        return "no time of its own"
    if isinstance(at, WallTime):
        return f"{at.wall.isoformat()} without an offset: by the clock of the site"
    return iso(at) if abs(at) < 2**62 else f"{at} ns"


def _shown(said: Value) -> str:
    if isinstance(said, bool):
        return str(said).lower()
    return quoted(said) if isinstance(said, str) else f"{said:g}"
