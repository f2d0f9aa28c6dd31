"""OPC UA PubSub messages as servers and gateways send them."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import SECOND
from core.readings import Quality
from core.rejection import Reason
from ingest.sample import DeviceState, Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z

NETWORK = """{"MessageId": "32235546-05d9-4fd7-97df-ea3ff3408574", "MessageType": "ua-data",
  "PublisherId": "MIDGE", "Messages": [
  {"DataSetWriterId": 1, "DataSetWriterName": "press-1", "SequenceNumber": 1456,
   "MetaDataVersion": {"MajorVersion": 672338910, "MinorVersion": 672341762},
   "Timestamp": "2026-11-23T08:00:00Z",
   "Payload": {
     "Pressure": {"Value": {"Type": 11, "Body": 4.5}, "SourceTimestamp": "2026-11-23T07:59:59Z"},
     "Temp": {"Value": 61.5, "StatusCode": {"Code": 1073741824, "Symbol": "Uncertain"}},
     "Flow": {"Value": 7, "StatusCode": 2147483648},
     "Count": {"Type": 8, "Body": "9007199254740993"},
     "Running": {"UaType": 1, "Value": true},
     "Mode": "AUTO"}},
  {"DataSetWriterId": 2, "SequenceNumber": 9, "MessageType": "ua-deltaframe",
   "Payload": {"Level": 3.25, "Axes": [1, 2]}}]}"""

TABLE: list[tuple[str, dict[str, Any], list[Any]]] = [
    (
        NETWORK,
        {},
        [
            Sample({"Pressure": 4.5}, at=AT - SECOND, sequence=("MIDGE/press-1", 1456)),
            Sample(
                {"Temp": 61.5, "Flow": 7.0, "Count": 9007199254740992.0, "Running": True}
                | {"Mode": "AUTO"},
                at=AT,
                quality={"Temp": Quality.UNCERTAIN, "Flow": Quality.BAD},
            ),
            Sample({"Level": 3.25, "Axes.1": 1.0, "Axes.2": 2.0}, sequence=("MIDGE/2", 9)),
        ],
    ),
    (
        '{"DataSetWriterId": 62541, "SequenceNumber": 7, "Timestamp": "2026-11-23T08:00:00Z",'
        ' "Status": 1073741824, "Payload": {"a": 1}}',
        {"asset_from": "writer"},
        [Sample({"a": 1.0}, "62541", AT, quality={"a": Quality.UNCERTAIN}, sequence=("/62541", 7))],
    ),
    (
        '{"MessageType": "ua-data", "PublisherId": 17, "Messages": {"Payload": {"a": 1}}}',
        {"asset_from": "publisher"},
        [Sample({"a": 1.0}, "17")],
    ),
    ('{"Speed": 1480, "Power": {"Value": 5.5}}', {}, [Sample({"Speed": 1480.0, "Power": 5.5})]),
    ('[{"Payload": {"a": 1}}, {"b": 2}]', {}, [Sample({"a": 1.0}), Sample({"b": 2.0})]),
    (
        '{"Messages": [{"DataSetWriterName": "p1", "MessageType": "ua-keepalive",'
        ' "SequenceNumber": 4}]}',
        {"asset_from": "writer"},
        [DeviceState(online=True, asset="p1", detail="keepalive")],
    ),
    (
        '{"MessageType": "ua-event", "Payload": {"Severity": 500}}',
        {},
        [DeviceState(True, "", "event")],
    ),
    ('{"MessageType": "ua-metadata", "Messages": []}', {}, [DeviceState(True, "", "metadata")]),
    (
        '{"a": {"Value": 1, "SourceTimestamp": "0001-01-01T00:00:00Z",'
        ' "ServerTimestamp": "2026-11-23T08:00:00.1234567Z"}, "b": {"StatusCode": 0}}',
        {},
        [Sample({"a": 1.0}, at=AT + 123_456_700)],
    ),
    (
        '{"a": {"Value": 1, "Status": "BadSensorFailure"}, "b": {"Value": 2, "Status": "Good"}}',
        {},
        [Sample({"a": 1.0, "b": 2.0}, quality={"a": Quality.BAD})],
    ),
    (
        '{"a": {"Value": null, "Status": 2147483648}, "b": {"StatusCode": {"Code": 1073741824}}}',
        {},
        [Sample({}, quality={"a": Quality.BAD, "b": Quality.BAD})],
    ),
]


@pytest.mark.parametrize(("payload", "settings", "said"), TABLE)
def test_a_message_is_read_whatever_headers_it_has(
    payload: str, settings: dict[str, Any], said: list[Any]
) -> None:
    assert decoded(payload, kind="opcua", **settings) == said


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        ("", {}, Reason.MALFORMED, "empty"),
        ("5", {}, Reason.MALFORMED, "the number 5, not an object"),
        ('{"MessageType": "ua-gossip", "Messages": []}', {}, Reason.MALFORMED, "known: ua-data"),
        ('{"Messages": []}', {}, Reason.NO_VALUES, "no value"),
        ('{"SequenceNumber": 1}', {}, Reason.NO_VALUES, '"Payload" is null'),
        ('{"Payload": {"a": 1}}', {"asset_from": "writer"}, Reason.UNKNOWN_ASSET, "WriterName"),
        ('{"Payload": {"a": 1}}', {"asset_from": "publisher"}, Reason.UNKNOWN_ASSET, "Publisher"),
        ('{"a": {"Value": 1, "Status": -1}}', {}, Reason.MALFORMED, "not a number of 32 bits"),
        ('{"a": {"Value": 1, "Status": [1]}}', {}, Reason.MALFORMED, "not a number of 32 bits"),
        ('{"a": {"Type": 10, "Body": "NaN"}}', {}, Reason.NOT_FINITE, "a is NaN"),
        ('{"a": {"Type": 22, "Body": {"TypeId": 1}}}', {}, Reason.NOT_A_NUMBER, "an object"),
        ('{"a": {"Value": 1, "SourceTimestamp": 5}}', {}, Reason.BAD_TIME, "a.SourceTimestamp"),
        ('{"PublisherId": [1], "Payload": {"a": 1}}', {}, Reason.MALFORMED, "not a name"),
        ('[{"a": 1}, {"a": 2}]', {"max_samples": 1}, Reason.OVERSIZED, "more than 1 samples"),
        ('{"a": [1, 2]}', {"max_values": 1}, Reason.OVERSIZED, "more than 1 values"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payload: str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="opcua", **settings)
    assert reason is why
    assert says in detail


def test_a_bad_value_does_not_take_the_others_with_it() -> None:
    (sample,) = decoded('{"a": 1, "b": {"Type": 10, "Body": "NaN"}}', kind="opcua")
    assert isinstance(sample, Sample)
    assert sample.values == {"a": 1.0}
    assert [bad.reason for bad in sample.bad] == [Reason.NOT_FINITE]
