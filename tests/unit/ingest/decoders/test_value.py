"""One value in each message, as real devices write it."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import SECOND
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

TOPIC = {"asset": "p1", "channel": "temp"}
AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("71.2", 71.2),
        ("-4", -4.0),
        (" 6.5e1\r\n", 65.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3.0),
        ('"71.2"', "71.2"),
        ("true", True),
        ("False", False),
        ("ON", "ON"),
        ("OFF", "OFF"),
        ('"running"', "running"),
        ("läuft", "läuft"),
        ('{"value": 71.2}', 71.2),
        ('{"value": "OPEN"}', "OPEN"),
        ('{"value": false}', False),
        ("1_000", "1_000"),
    ],
)
def test_a_value_is_taken_as_it_was_sent(payload: str, value: object) -> None:
    assert decoded(payload, TOPIC, kind="value") == [Sample({"temp": value})]


def test_an_object_may_bring_its_time_and_its_unit() -> None:
    payload = '{"value": 160, "unit": "degF", "ts": "2026-11-23T08:00:00Z"}'
    assert decoded(payload, TOPIC, kind="value") == [
        Sample({"temp": 160.0}, at=AT, units={"temp": "degF"})
    ]


def test_a_fraction_of_a_second_is_kept_to_the_last_digit() -> None:
    payload = '{"v": 1, "t": 1795420800.123456789}'
    paths = {"value_path": "v", "timestamp_path": "t", "timestamp_format": "unix"}
    (sample,) = decoded(payload, TOPIC, kind="value", **paths)
    assert isinstance(sample, Sample)
    assert sample.at == AT + 123_456_789


@pytest.mark.parametrize(
    ("payload", "settings", "value"),
    [
        ('"71.2"', {"type": "float"}, 71.2),
        ("71.9", {"type": "int"}, 71.0),
        ("1", {"type": "bool"}, True),
        ("off", {"type": "bool"}, False),
        ("3", {"type": "string"}, "3"),
        ("true", {"type": "float"}, 1.0),
    ],
)
def test_a_value_becomes_what_it_is_said_to_be(
    payload: str, settings: dict[str, Any], value: object
) -> None:
    assert decoded(payload, TOPIC, kind="value", **settings) == [Sample({"temp": value})]


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        (b"", {}, Reason.MALFORMED, "the payload is empty"),
        (b"\xff\xfe", {}, Reason.NOT_UTF8, "byte 0"),
        ("nan", {}, Reason.NOT_FINITE, "nan"),
        ("-Infinity", {}, Reason.NOT_FINITE, "inf"),
        ("1e999", {}, Reason.NOT_FINITE, "beyond any real value"),
        ("[1, 2]", {}, Reason.MALFORMED, "a list, not a value"),
        ("null", {"type": "float"}, Reason.NOT_A_NUMBER, "not a number"),
        ('{"v": 1}', {}, Reason.NO_VALUES, 'no value at "value"'),
        ('{"value": 1, "ts": "yesterday"}', {}, Reason.BAD_TIME, '"ts" is the text "yesterday"'),
        ('{"value": 1, "value": 2}', {}, Reason.DUPLICATE_KEY, '"value" comes twice'),
        ('{"value": {"a": 1}}', {}, Reason.NOT_A_NUMBER, "an object, not a number"),
        ("x" * 300, {}, Reason.OVERSIZED, "300 characters; at most 256"),
        ("perhaps", {"type": "bool"}, Reason.NOT_A_NUMBER, "known: true, false"),
        ("-1", {"type": "uint"}, Reason.NOT_A_NUMBER, "below 0"),
    ],
)
def test_what_is_no_value_is_refused_with_its_reason(
    payload: bytes | str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, TOPIC, kind="value", **settings)
    assert reason is why
    assert says in detail


def test_without_a_channel_in_the_topic_it_says_what_to_write() -> None:
    reason, detail = refused("1", {"asset": "p1"}, kind="value")
    assert reason is Reason.BAD_TOPIC
    assert "{channel}" in detail
    assert decoded("1", {}, kind="value", channel="level") == [Sample({"level": 1.0})]
