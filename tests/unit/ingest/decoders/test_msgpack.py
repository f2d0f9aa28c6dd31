"""MessagePack from devices that count their bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from core.clock import SECOND
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z
MAPPED = {"timestamp_path": "t", "timestamp_format": "unix", "asset_path": "id"}


@pytest.mark.parametrize(
    ("body", "settings", "said"),
    [
        (
            {"ts": "2026-11-23T08:00:00Z", "values": {"temp": 61.5, "n": 3, "run": True}},
            {},
            Sample({"temp": 61.5, "n": 3.0, "run": True}, at=AT),
        ),
        (
            {"ts": datetime(2026, 11, 23, 8, tzinfo=UTC), "values": {"temp": 1}},
            {},
            Sample({"temp": 1.0}, at=AT),
        ),
        (
            {b"t": 1795420800.5, b"id": b"p1", 7: 2},
            MAPPED,
            Sample({"7": 2.0}, "p1", AT + SECOND // 2),
        ),
    ],
)
def test_a_message_is_read_like_its_json(body: Any, settings: dict[str, Any], said: Sample) -> None:
    payload = msgspec.msgpack.encode(body)
    assert decoded(payload, kind="msgpack", **settings) == [said]


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else []


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        (b"", {}, Reason.MALFORMED, "empty"),
        (b"\xc1", {}, Reason.MALFORMED, "not MessagePack"),
        (b"\x81\xa1", {}, Reason.MALFORMED, "not MessagePack"),
        (msgspec.msgpack.encode(5), {}, Reason.BAD_TIME, 'no "ts"'),
        (
            msgspec.msgpack.encode({"ts": 5, "values": {"a": 1}}),
            {},
            Reason.BAD_TIME,
            "the number 5",
        ),
        (msgspec.msgpack.encode({"t": float("nan"), "a": 1}), MAPPED, Reason.BAD_TIME, "nan"),
        (msgspec.msgpack.encode({"v": float("inf")}), {"objects": [{}]}, Reason.NOT_FINITE, "v is"),
        (msgspec.msgpack.encode(deep(17)), {}, Reason.TOO_DEEP, "16 levels"),
        (b"\xdd\xff\xff\xff\xff", {}, Reason.MALFORMED, "not MessagePack"),
        (b"\x81\x81\x01\x02\x03", {}, Reason.MALFORMED, "not MessagePack"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payload: bytes, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="msgpack", **settings)
    assert reason is why
    assert says in detail
