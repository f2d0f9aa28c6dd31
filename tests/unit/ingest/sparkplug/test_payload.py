"""Payloads: every data type by its own example, flags, properties, limits, and hostile bytes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.readings import Quality
from core.rejection import Reason
from ingest.payload import Bad
from ingest.sparkplug.dataset import rows
from ingest.sparkplug.metric import DataType, value_of
from ingest.sparkplug.payload import Message, read_payload, write_command
from ingest.sparkplug.schema import payload_class
from tests.edge import add
from tests.messages import NOW


def read(made: Any, most: int = 100) -> Message:
    return read_payload(made.SerializeToString(), longest=10_000, most=most)


def one(**given: Any) -> Any:
    made = payload_class()(timestamp=NOW // 1_000_000, seq=0)
    add(made, name="m", **given)
    return read(made).metrics[0]


VALUES = [
    (DataType.INT8, "int_value", 0xFF, -1.0),
    (DataType.INT8, "int_value", 0xFFFFFFFF, -1.0),
    (DataType.INT8, "int_value", 127, 127.0),
    (DataType.INT8, "int_value", 0x80, -128.0),
    (DataType.INT16, "int_value", 0x8AD0, -30000.0),
    (DataType.INT16, "int_value", 30000, 30000.0),
    (DataType.INT32, "int_value", 2**32 - 5, -5.0),
    (DataType.INT32, "long_value", 2**64 - 5, -5.0),
    (DataType.INT64, "long_value", 2**64 - 7, -7.0),
    (DataType.INT64, "long_value", 2**62, 2.0**62),
    (DataType.UINT8, "int_value", 250, 250.0),
    (DataType.UINT16, "int_value", 52360, 52360.0),
    (DataType.UINT32, "int_value", 2**32 - 1, 2.0**32 - 1),
    (DataType.UINT32, "long_value", 2**32 - 1, 2.0**32 - 1),
    (DataType.UINT64, "long_value", 2**63, 2.0**63),
    (DataType.FLOAT, "float_value", 1.5, 1.5),
    (DataType.DOUBLE, "double_value", 12.354213, 12.354213),
    (DataType.DOUBLE, "float_value", 2.5, 2.5),
    (DataType.BOOLEAN, "boolean_value", True, True),
    (DataType.BOOLEAN, "int_value", 0, False),
    (DataType.STRING, "string_value", "Running", "Running"),
    (DataType.TEXT, "string_value", "چل رہا", "چل رہا"),
    (DataType.UUID, "string_value", "6ba7b810-9dad", "6ba7b810-9dad"),
    (DataType.DATE_TIME, "long_value", 1_656_107_875_000, 1_656_107_875_000.0),
]


@pytest.mark.parametrize(("kind", "field", "raw", "meant"), VALUES)
def test_a_value_is_read_by_its_data_type(
    kind: DataType, field: str, raw: Any, meant: object
) -> None:
    found = value_of(one(datatype=kind, field=field, value=raw), kind)
    assert found == meant and type(found) is type(meant)


@pytest.mark.parametrize(
    ("kind", "field", "raw", "reason"),
    [
        (DataType.INT8, "int_value", 200_000, Reason.OUT_OF_RANGE),
        (DataType.UINT8, "int_value", 256, Reason.OUT_OF_RANGE),
        (DataType.UINT32, "long_value", 2**32, Reason.OUT_OF_RANGE),
        (DataType.UNKNOWN, "int_value", 5, Reason.NOT_A_NUMBER),
        (DataType.BOOLEAN, "int_value", 7, Reason.NOT_A_NUMBER),
        (DataType.DOUBLE, "string_value", "5", Reason.NOT_A_NUMBER),
        (DataType.DOUBLE, "int_value", 5, Reason.NOT_A_NUMBER),
        (DataType.BYTES, "bytes_value", b"\x00", Reason.NOT_A_NUMBER),
        (DataType.TEMPLATE, "template_value", None, Reason.NOT_A_NUMBER),
        (99, "int_value", 5, Reason.NOT_A_NUMBER),
    ],
)
def test_what_does_not_fit_its_data_type_is_refused_by_name(
    kind: int, field: str, raw: Any, reason: Reason
) -> None:
    metric = one(datatype=int(kind), field=field, value=raw)
    with (
        pytest.raises(Bad, match="m is ") if kind else pytest.raises(Bad, match="m has ") as caught
    ):
        value_of(metric, kind)
    assert caught.value.reason is reason


def test_a_value_without_a_type_is_read_where_its_field_says_it() -> None:
    assert value_of(one(field="double_value", value=1.5), 0) == 1.5
    assert value_of(one(field="boolean_value", value=True), 0) is True
    assert value_of(one(field="string_value", value="x"), 0) == "x"


def test_not_a_number_travels_and_is_refused_later() -> None:
    found = value_of(one(field="double_value", value=math.nan), DataType.DOUBLE)
    assert isinstance(found, float) and math.isnan(found)


def test_flags_and_properties_are_read() -> None:
    flags = {"is_historical": True, "is_transient": True, "is_null": True, "alias": 2**63}
    metric = one(datatype=DataType.DOUBLE, quality=0, unit="mm/s", **flags)
    assert metric.historical and metric.transient and metric.null
    assert metric.alias == 2**63
    assert metric.quality is Quality.BAD and metric.unit == "mm/s"
    assert metric.at == NOW


@pytest.mark.parametrize(
    ("code", "quality"), [(0, Quality.BAD), (192, Quality.GOOD), (500, Quality.UNCERTAIN)]
)
def test_each_quality_code_has_its_meaning(code: int, quality: Quality) -> None:
    assert one(value=1.0, quality=code).quality is quality


def test_an_unknown_quality_refuses_the_message() -> None:
    with pytest.raises(Bad, match=r"the quality of m is not an integer of 0 \(bad\), 192"):
        one(value=1.0, quality=7)


def test_a_metric_without_a_value_counts_as_null() -> None:
    assert one(datatype=DataType.DOUBLE).null


def test_properties_must_pair() -> None:
    made = payload_class()(seq=0)
    metric = made.metrics.add(name="m", double_value=1.0)
    metric.properties.keys.append("Quality")
    with pytest.raises(Bad, match="not as many properties"):
        read(made)


@pytest.mark.parametrize("seq", [256, 2**40])
def test_a_sequence_number_beyond_255_is_refused(seq: int) -> None:
    with pytest.raises(Bad, match=f"seq is {seq}; allowed: 0 to 255"):
        read(payload_class()(seq=seq))


def test_limits_hold_before_memory_is_spent() -> None:
    with pytest.raises(Bad, match="more than 10,000 bytes"):
        read_payload(bytes(10_001), longest=10_000, most=5)
    with pytest.raises(Bad, match="more than 5 metrics"):
        read_payload(b"\x12\x00" * 6, longest=10_000, most=5)
    assert len(read_payload(b"\x12\x00" * 5, longest=10_000, most=5).metrics) == 5
    made = payload_class()()
    made.metrics.add(name="x" * 600)
    with pytest.raises(Bad, match="more than 512 letters"):
        read(made)


@pytest.mark.parametrize(
    "payload", [b"\xff", b"\x12\xff", b'{"ts": 1}', b"\x12\x04\x0a\x02\xff\xfe", b"\x0b" * 500]
)
def test_bytes_that_are_no_payload_are_refused(payload: bytes) -> None:
    with pytest.raises(Bad):
        read_payload(payload, longest=10_000, most=100)


def test_a_template_within_a_template_without_end_is_refused() -> None:
    made = payload_class()()
    metric = made.metrics.add(name="m")
    for _ in range(300):
        metric = metric.template_value.metrics.add(name="m")
    with pytest.raises(Bad, match="not a Sparkplug B payload"):
        read_payload(made.SerializeToString(), longest=100_000, most=100)


def test_a_time_beyond_all_bounds_stays_a_whole_number_of_64_bits() -> None:
    made = payload_class()(timestamp=2**64 - 1)
    assert read(made).at == 2**63 - 1


def test_a_command_sets_one_boolean() -> None:
    found = read_payload(write_command("Node Control/Rebirth", NOW), longest=1000, most=5)
    (metric,) = found.metrics
    assert (metric.name, metric.raw, found.seq, found.at) == (
        "Node Control/Rebirth",
        True,
        None,
        NOW,
    )


def table(**changes: Any) -> Any:
    made = payload_class()(timestamp=NOW // 1_000_000)
    metric = made.metrics.add(name="log", datatype=DataType.DATA_SET)
    data = metric.dataset_value
    data.columns.extend(["when", "speed", "state"])
    data.types.extend([DataType.DATE_TIME, DataType.INT16, DataType.STRING])
    data.num_of_columns = 3
    for k in range(2):
        row = data.rows.add()
        row.elements.add(long_value=NOW // 1_000_000 + k)
        row.elements.add(int_value=0xFFFF - k)
        row.elements.add(string_value="on")
    for name, value in changes.items():
        setattr(data, name, value)
    return made


def test_the_rows_of_a_data_set_have_their_own_times() -> None:
    (metric,) = read(table()).metrics
    assert list(rows(metric)) == [
        (NOW, {"log/speed": -1.0, "log/state": "on"}),
        (NOW + 1_000_000, {"log/speed": -2.0, "log/state": "on"}),
    ]


def test_a_data_set_that_does_not_fit_its_heading_is_refused() -> None:
    (metric,) = read(table(num_of_columns=4)).metrics
    with pytest.raises(Bad, match="log has not as many columns"):
        list(rows(metric))
    made = table()
    del made.metrics[0].dataset_value.rows[1].elements[2:]
    (metric,) = read(made).metrics
    with pytest.raises(Bad, match="a row that does not fit"):
        list(rows(metric))


def test_rows_without_times_are_refused_and_a_single_row_has_that_of_its_metric() -> None:
    made = table()
    made.metrics[0].dataset_value.types[0] = DataType.UINT64
    (metric,) = read(made).metrics
    with pytest.raises(Bad, match="rows without a column of times"):
        list(rows(metric))
    del made.metrics[0].dataset_value.rows[1:]
    (metric,) = read(made).metrics
    assert [at for at, _ in rows(metric)] == [NOW]
