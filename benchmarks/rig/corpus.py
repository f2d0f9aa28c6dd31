"""Messages of every form, good and hostile: what fuzzing starts from, and contracts are held to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

AT = "2026-11-23T08:00:00Z"


@dataclass(frozen=True, slots=True)
class Example:
    """A message that can be read, and the settings of its decoder as a file has them."""

    settings: dict[str, Any]
    payload: bytes

    @property
    def kind(self) -> str:
        """The kind of its decoder."""
        return str(self.settings["kind"])


def _json(kind: str, body: Any, **settings: Any) -> Example:
    return Example({"kind": kind, **settings}, json.dumps(body).encode())


def _packed(body: Any, **settings: Any) -> Example:
    return Example({"kind": "msgpack", **settings}, msgspec.msgpack.encode(body))


_FIELDS = [
    {"path": "temp", "unit_path": "u", "quality_path": "q"},
    {"path": "axes.#.rms", "rename": "rms", "optional": True},
    {"path": "n", "type": "int", "optional": True},
]
_NESTED = {"t": 1795420800.25, "id": "p1", "temp": 61.5, "u": "degC", "q": "good", "n": "7"}
_LIST = [{"id": "p1", "t": "23.11.2026 08:00:00", "m": {"temp": 61.5, "on": True}}] * 2
_PUBSUB = {
    "MessageId": "7",
    "MessageType": "ua-data",
    "PublisherId": "line",
    "Messages": [
        {
            "DataSetWriterId": 1,
            "SequenceNumber": 12,
            "Timestamp": AT,
            "Status": 0,
            "Payload": {
                "temp": {"Value": {"Type": 11, "Body": 61.5}, "SourceTimestamp": AT},
                "count": {"UaType": 8, "Value": "12"},
                "axes": [1, 2.5],
                "state": {"Value": "RUN", "StatusCode": {"Code": 1073741824}},
            },
        }
    ],
}
_ENERGY = {"Total": 12.5, "Power": [100, 110, 95]}

EXAMPLES: tuple[Example, ...] = (
    _json("mapping", {"ts": AT, "temp": 61.5, "speed": 1480}, timestamp_path="ts"),
    _json(
        "mapping",
        _NESTED | {"axes": [{"rms": 1}, {"rms": 2}]},
        timestamp_path="t",
        timestamp_format="unix",
        asset_path="id",
        fields=_FIELDS,
    ),
    _json(
        "mapping",
        {"at": AT, "list": _LIST},
        objects=[
            {
                "path": "list",
                "timestamp_key": "t",
                "timestamp_format": "%d.%m.%Y %H:%M:%S",
                "timestamp_timezone": "Asia/Karachi",
                "asset_key": "id",
                "renames": {"m_temp": "temp"},
            }
        ],
    ),
    Example({"kind": "value"}, b"61.5"),
    Example({"kind": "value"}, b"ON"),
    _json("value", {"value": 61.5, "unit": "degC", "ts": AT}),
    Example(
        {"kind": "line_protocol", "asset_tag": "asset"},
        b'pump,site=s,asset=p\\ 1 temp=61.5,n=7i,u=8u,run=t,s="a \\"b\\"" 1795420800000000000\n'
        b"# a remark\npump,asset=p2 temp=58\n",
    ),
    _json("opcua", _PUBSUB),
    _json("opcua", {"temp": 61.5, "speed": {"Value": 1480, "Status": "Good"}}),
    _json("azure", {"temp": {"SourceTimestamp": AT, "Value": 61.5, "StatusCode": {"Code": 0}}}),
    _json(
        "tasmota", {"Time": AT[:-1], "ENERGY": _ENERGY, "A": {"Temperature": 61.5}, "TempUnit": "C"}
    ),
    Example({"kind": "state"}, b"Online"),
    _json("state", {"state": {"online": True}}, state_path="state.online"),
    Example({"kind": "broker"}, b"4096 seconds"),
    Example(
        {"kind": "csv", "timestamp_column": "time"},
        f'time,temp,state\n{AT},61.5,"a, ""b"""\n{AT},,RUN\n'.encode(),
    ),
    Example(
        {"kind": "csv", "delimiter": ";", "columns": ["temp", "n"], "decimal_comma": True},
        b"61,5;7\r\n58,25;8\r\n",
    ),
    _packed({"ts": AT, "values": {"temp": 61.5, "n": 7}}),
    _packed(
        {"t": 1795420800.5, "id": "p1", "temp": 61.5, "u": "degC", "q": "good"},
        timestamp_path="t",
        timestamp_format="unix",
        asset_path="id",
        fields=_FIELDS,
    ),
    _json("waveform", {"ts": AT, "rate": 6400, "samples": [0.1, -0.2, 0.3, -0.1] * 16}),
)
"""At least one of each kind that the registry has."""

_DEEP = 5_000

HOSTILE: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b"null",
    b"{}",
    b"[]",
    b'""',
    b"{" * _DEEP,
    b"[" * _DEEP + b"]" * _DEEP,
    b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    b"\x91" * _DEEP + b"\x01",
    b"\x81\xa1a" * _DEEP + b"\x01",
    b'"' * _DEEP,
    b'\\"' * _DEEP,
    b"," * _DEEP,
    b"\n" * _DEEP,
    b"9" * _DEEP,
    b'{"ts": ' + b"9" * _DEEP + b"}",
    b'{"value": ' + b"9" * _DEEP + b"}",
    b'{"temp": 1e999, "ts": -1e999, "values": {"temp": NaN, "n": -Infinity}}',
    b'{"temp": 1, "temp": 2}',
    b'{"temp": "\\u0022\\ud800", "ts": "\\u0000"}',
    b'{"ts": "9999-12-31T23:59:60Z", "temp": 1}',
    b'{"ts": "0000-00-00T00:00:00Z", "temp": 1}',
    b'{"Messages": [[[[1]]]], "MessageType": "ua-data"}',
    b'{"Messages": {"Payload": {"a": {"Value": {"Type": 22, "Body": {}}}}}}',
    b'{"Time": {"Time": []}, "TempUnit": []}',
    b'{"rate": 0, "samples": [1]}',
    b'{"rate": 1e308, "samples": [' + b"1e308," * 99 + b"1e308]}",
    b"m a=1,a=2",
    b"m,a=\\ b=1",
    b'm a="\\',
    b"m a=1 99999999999999999999999",
    b"a,b\n" + b'"' * 500,
    b"a;" * 20_000,
    b"\xdf\xff\xff\xff\xff",
    b"\xc9\xff\xff\xff\xff\x01",
    b"\xd7\xff" + b"\xff" * 8,
    b"x" * 100_000,
)
"""Payloads that have broken decoders."""
