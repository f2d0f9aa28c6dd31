"""What every payload decoder of the registry must hold; a new one is taken up by itself."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from pydantic import TypeAdapter

from benchmarks.rig.corpus import EXAMPLES, HOSTILE, Example
from core.rejection import Reason
from ingest.decoders.registry import DECODERS, DecoderSettings, build
from ingest.payload import Bad
from ingest.sample import BrokerSaid, DeviceState, PayloadDecoder, Said, Sample

TOPIC = {"site": "s", "area": "a", "asset": "p1", "channel": "temp"}
KINDS = {kind.model_fields["kind"].default: kind for kind in DECODERS}


def built(example: Example) -> PayloadDecoder:
    return build(TypeAdapter(DecoderSettings).validate_python(example.settings))


each_example = pytest.mark.parametrize(
    "example", EXAMPLES, ids=[f"{k}-{each.kind}" for k, each in enumerate(EXAMPLES)]
)


def said(decoder: Any, payload: bytes) -> Said | None:
    try:
        found: Said = decoder.decode(TOPIC, payload)
    except Bad as bad:
        assert isinstance(bad.reason, Reason)
        assert bad.detail
        assert len(bad.detail) < 3_000
        return None
    assert all(isinstance(each, Sample | DeviceState | BrokerSaid) for each in found)
    return found


def test_every_kind_has_an_example() -> None:
    assert {example.kind for example in EXAMPLES} == set(KINDS)
    assert len(KINDS) == len(DECODERS)


@each_example
def test_a_good_message_is_read(example: Example) -> None:
    found = said(built(example), example.payload)
    assert found
    assert not any(isinstance(each, Sample) and each.bad for each in found)


@each_example
def test_after_anything_hostile_a_good_message_is_read_as_before(example: Example) -> None:
    decoder, good = built(example), example.payload
    before = said(built(example), good)
    bent = [good[:k] for k in range(0, len(good), 7)] + [good + good, good[::-1]]
    for payload in [*HOSTILE, *bent]:
        said(decoder, payload)
        assert repr(said(decoder, good)) == repr(before)


@each_example
def test_a_topic_that_names_nothing_raises_nothing_else(example: Example) -> None:
    decoder = built(example)
    for payload in (example.payload, b"", b"{}"):
        try:
            decoder.decode({}, payload)
        except Bad as bad:
            assert bad.detail


@each_example
def test_a_message_cannot_say_more_than_is_allowed(example: Example) -> None:
    """Ten thousand and one objects, rows or lines of one value, and as many values in one."""
    decoder = built(example)
    many = 10_001
    wide = {f"k{k}": 1 for k in range(many)}
    for payload in (
        json.dumps([{"v": 1}] * many).encode(),
        json.dumps(wide).encode(),
        json.dumps({"values": wide}).encode(),
        json.dumps({"Messages": [{"Payload": {"v": 1}}] * many}).encode(),
        msgspec.msgpack.encode({"values": wide}),
        b"v=1,temp=2\n" * many,
        b"p temp=1\n" * many,
        b"time,temp\n" + b"2026-11-23T08:00:00Z,1\n" * many,
    ):
        found = [each for each in said(decoder, payload) or () if isinstance(each, Sample)]
        assert len(found) <= 10_000
        assert all(len(each.values) <= 10_000 for each in found)
        assert all(len(name) <= 256 for each in found for name in each.values)
