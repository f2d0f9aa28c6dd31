"""The table of fields, the `.proto` beside it and what the specification says are one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.errors import Refused
from ingest.sparkplug import schema
from tests.integration.sparkplug.wire import receiver

PROTO = (Path(schema.__file__).parent / "sparkplug.proto").read_text(encoding="utf-8")
LINE = re.compile(r"(?:(optional|repeated) )?(\w+) (\w+) = (\d+);")
MARKS = {"optional": "", "repeated": "*", "": "|"}


def written() -> dict[str, list[tuple[int, str, str, str]]]:
    """Read the messages of the `.proto`."""
    found = {}
    for name, block in re.findall(r"^message (\w+) \{\n(.*?)^\}", PROTO, re.DOTALL | re.MULTILINE):
        lines = LINE.findall(block)
        found[name] = [(int(number), MARKS[how], form, name) for how, form, name, number in lines]
    return found


def test_the_proto_and_the_table_agree() -> None:
    assert written() == {name: schema.fields(name) for name in schema.TABLE}


def test_the_library_makes_messages_of_the_table() -> None:
    message = schema.payload_class()
    fields = {field.name: field.number for field in message.DESCRIPTOR.fields}
    assert fields == {"timestamp": 1, "metrics": 2, "seq": 3, "uuid": 4, "body": 5}
    metric = message.DESCRIPTOR.fields_by_name["metrics"].message_type
    assert [one.name for one in metric.oneofs] == ["value"]
    assert {field.number for field in metric.oneofs[0].fields} == set(range(10, 20))


def test_a_payload_has_the_bytes_that_other_implementations_write() -> None:
    made = schema.payload_class()(timestamp=1, seq=2)
    made.metrics.add(name="a", alias=3, timestamp=4, datatype=3, int_value=5)
    assert made.SerializeToString() == bytes.fromhex(
        "0801120b0a01611003180420035005".replace(" ", "") + "1802"
    )


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError

    monkeypatch.setattr("ingest.sparkplug.receiver.payload_class", missing)
    with pytest.raises(Refused, match=r"needs the package protobuf: pip install '.\[sparkplug\]'"):
        receiver(1883, "5")
