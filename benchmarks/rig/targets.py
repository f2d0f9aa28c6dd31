"""What is fuzzed: every payload decoder, the default form, all sources together, and Sparkplug."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from benchmarks.rig.corpus import EXAMPLES, Example
from core.clock import SECOND, Instant
from core.plant import Asset, AssetClass, Channel, Plant, Site
from ingest.decode import Decoder
from ingest.decoders.registry import DecoderSettings, build
from ingest.packets import Packet
from ingest.payload import Bad
from ingest.settings import IngestSettings
from ingest.sources import SourceSettings

NOW: Instant = 1_795_420_860 * SECOND  # a minute after the examples
_CAPTURED = {"site": "s", "area": "a", "asset": "p1", "channel": "temp"}
_DEFAULT = b'{"ts": "2026-11-23T08:00:00Z", "values": {"temp": 61.5}, "quality": {"temp": "bad"}}'
_QOS_1 = 0x32
_AT_ONCE = 8
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


class _Batches:
    """Gives messages to ingest's decoding as they come in life: several at once."""

    def __init__(self, decoder: Decoder, topics: Sequence[bytes]) -> None:
        self._decoder = decoder
        self._topics = topics
        self._waiting: list[Packet] = []

    def read(self, payload: bytes) -> None:
        """Decode the messages that wait, once there are enough; what escapes says which it was."""
        topic = self._topics[sum(payload[:64]) % len(self._topics)]
        self._waiting.append((topic, payload, _QOS_1, 1))
        if len(self._waiting) < _AT_ONCE:
            return
        packets, self._waiting = self._waiting, []
        try:
            self._decoder.decode(packets, NOW)
        except Exception:
            for packet in packets:
                self._alone(packet)
            raise

    def _alone(self, packet: Packet) -> None:
        try:
            self._decoder.decode([packet], NOW)
        except Exception as error:
            error.add_note(f"it was {packet[:2]!r}"[:500])
            raise

    def takes(self, payload: bytes) -> bool:
        """Tell whether a message of the first topic becomes one reading."""
        batch = self._decoder.decode([(self._topics[0], payload, _QOS_1, 1)], NOW)
        return batch.accepted == 1


def _default() -> Target:
    whole = _Batches(Decoder(_plant(), IngestSettings()), [b"plant/s/a/p1/telemetry"])
    return Target("default", (_DEFAULT,), whole.read, lambda: whole.takes(_DEFAULT))


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
    whole = _Batches(decoder, [f"{k}/p1/temp".encode() for k in range(len(EXAMPLES))])
    good = EXAMPLES[0].payload
    return Target(
        "sources",
        tuple(each.payload for each in EXAMPLES),
        whole.read,
        lambda: whole.takes(good),
    )


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
