"""What is fuzzed: every payload decoder, the default form, all sources together, and Sparkplug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from benchmarks.rig.corpus import EXAMPLES, Example
from core.clock import SECOND, Instant
from core.plant import Asset, AssetClass, Channel, Plant, Site
from ingest.decode import Decoder
from ingest.decoders.registry import DecoderSettings, build
from ingest.payload import Bad
from ingest.settings import IngestSettings
from ingest.sources import SourceSettings

NOW: Instant = 1_795_420_860 * SECOND  # a minute after the examples
_CAPTURED = {"site": "s", "area": "a", "asset": "p1", "channel": "temp"}
_DEFAULT = b'{"ts": "2026-11-23T08:00:00Z", "values": {"temp": 61.5}, "quality": {"temp": "bad"}}'
_QOS_1 = 0x32
_ADAPTER: TypeAdapter[Any] = TypeAdapter(DecoderSettings)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads bytes.

    `seeds` are good messages. `read` takes any bytes, and may raise nothing; `good` tells whether a
    good message is read.
    """

    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[bytes], object]
    good: Callable[[], bool]


def targets() -> dict[str, Target]:
    """Build every target, by its name."""
    kinds = sorted({example.kind for example in EXAMPLES})
    found = [_kind(kind) for kind in kinds]
    return {each.name: each for each in [*found, _default(), _sources(), *_sparkplug()]}


def _kind(kind: str) -> Target:
    ways = [(build(_settings(each)), each.payload) for each in EXAMPLES if each.kind == kind]

    def read(payload: bytes) -> None:
        for decoder, _ in ways:
            try:
                decoder.decode(_CAPTURED, payload)
            except Bad:
                continue

    def good() -> bool:
        return all(decoder.decode(_CAPTURED, payload) for decoder, payload in ways)

    return Target(kind, tuple(payload for _, payload in ways), read, good)


def _settings(example: Example) -> Any:
    return _ADAPTER.validate_python(example.settings)


def _plant() -> Plant:
    channels = tuple(Channel(name) for name in ("temp", "speed", "n", "vibration_rms"))
    return Plant(
        sites={"s": Site("s", "Asia/Karachi")},
        assets={"s/a/p1": Asset("s", "a", "p1", "pump")},
        classes={"pump": AssetClass("pump", channels)},
    )


def _default() -> Target:
    decoder = Decoder(_plant(), IngestSettings())

    def read(payload: bytes) -> object:
        return decoder.decode([(b"plant/s/a/p1/telemetry", payload, _QOS_1, 1)], NOW)

    def good() -> bool:
        return read_accepts(read(_DEFAULT))

    return Target("default", (_DEFAULT,), read, good)


def read_accepts(batch: Any) -> bool:
    """Tell whether exactly one reading came of a batch."""
    return bool(batch.accepted == 1)


def _sources() -> Target:
    """Every form by its own topic, through all of ingest's decoding."""
    sources = tuple(
        SourceSettings.model_validate(
            {
                "name": f"source-{k}",
                "topic": f"{k}/{{asset}}/{{channel}}",
                "decoder": each.settings,
                "site": "s",
                "area": "a",
                "others": "ignore",
                "time": "arrival",
            }
        )
        for k, each in enumerate(EXAMPLES)
    )
    decoder = Decoder(_plant(), IngestSettings(sources=sources))
    topics = [f"{k}/p1/temp".encode() for k in range(len(EXAMPLES))]

    def read(payload: bytes) -> None:
        number = sum(payload[:64]) % len(topics)
        decoder.decode([(topics[number], payload, _QOS_1, 1)], NOW)

    def good() -> bool:
        packet = (topics[0], EXAMPLES[0].payload, _QOS_1, 1)
        return read_accepts(decoder.decode([packet], NOW))

    return Target("sources", tuple(each.payload for each in EXAMPLES), read, good)


def _sparkplug() -> list[Target]:
    """Give nothing where protobuf is not installed."""
    try:
        from benchmarks.rig.sparkplug_target import HostTarget, birth
        from benchmarks.rig.sparkplug_target import data as messages
        from ingest.sparkplug.payload import read_payload, write_command
    except ImportError:
        return []
    command = write_command("Node Control/Rebirth", NOW)
    data = (
        b"\x08\x80\x98\xa0\xbd\x8a4\x12\x17\n\x05bdSeq\x18\x80\x98\xa0\xbd\x8a4 \x08X\x07"
        b"\x12\x0f\n\x04temp \nm\x00\x00\x80?\x18\x05"
    )

    def read(payload: bytes) -> None:
        try:
            read_payload(payload, longest=256_000, most=10_000)
        except Bad:
            return

    def good() -> bool:
        return bool(read_payload(command, longest=1000, most=10).metrics)

    host = HostTarget(_plant(), NOW)
    seeds = (command, data, birth(1), messages(1, NOW), messages(2, NOW))
    return [
        Target("sparkplug", (command, data), read, good),
        Target("sparkplug-host", seeds, host.read, host.good),
    ]
