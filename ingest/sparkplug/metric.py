"""Values of metrics: data types, and the signed numbers that hide in unsigned fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from core.clock import Instant
from core.readings import Quality
from core.rejection import Reason
from ingest.payload import Bad
from ingest.sample import Value


class DataType(IntEnum):
    """The data types of the specification, by their numbers."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATE_TIME = 13
    TEXT = 14
    UUID = 15
    DATA_SET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19


_SIGNED = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_UNSIGNED = {
    DataType.UINT8: 8,
    DataType.UINT16: 16,
    DataType.UINT32: 32,
    DataType.UINT64: 64,
    DataType.DATE_TIME: 64,
}
_REAL = {DataType.FLOAT, DataType.DOUBLE}
_WORDS = {DataType.STRING, DataType.TEXT, DataType.UUID}
_WIDTHS = {"int_value": 32, "long_value": 64}
_KNOWN_BY_FIELD = {
    "float_value": DataType.FLOAT,
    "double_value": DataType.DOUBLE,
    "boolean_value": DataType.BOOLEAN,
    "string_value": DataType.STRING,
}


@dataclass(slots=True)
class Metric:
    """One metric of a message, its value not yet read.

    `field` names the member of the `oneof` that it came in, `raw` is what stood there. `at` is
    None where neither metric nor message says a time; `datatype` is 0 where it is left to the
    birth.
    """

    name: str = ""
    alias: int | None = None
    at: Instant | None = None
    datatype: int = 0
    historical: bool = False
    transient: bool = False
    null: bool = False
    quality: Quality = Quality.GOOD
    unit: str = ""
    field: str = ""
    raw: Any = None

    @property
    def said(self) -> str:
        """The name that it goes by in messages to people."""
        return self.name[:80] or f"alias {self.alias}"


def value_of(metric: Metric, datatype: int) -> Value:
    """Read a scalar by its data type; Bad where the two do not fit or it is no scalar."""
    return scalar(metric.said, datatype or metric.datatype, metric.field, metric.raw)


def scalar(name: str, datatype: int, field: str, raw: Any) -> Value:
    """Read what stood in a field as the data type says; Bad names the metric."""
    kind = datatype or _KNOWN_BY_FIELD.get(field, 0)
    if field in _WIDTHS:
        return _whole(name, kind, _WIDTHS[field], raw)
    if field in {"float_value", "double_value"} and kind in _REAL:
        return float(raw)
    if field == "boolean_value" and kind == DataType.BOOLEAN:
        return bool(raw)
    if field == "string_value" and kind in _WORDS:
        return text(raw)
    raise Bad(Reason.NOT_A_NUMBER, f"{name} is {_called(kind)}{_held(field)}: no single value")


def _whole(name: str, kind: int, width: int, raw: int) -> Value:
    if kind in _SIGNED:
        return float(_signed(name, _SIGNED[DataType(kind)], width, raw))
    if kind in _UNSIGNED:
        if raw >> _UNSIGNED[DataType(kind)]:
            raise Bad(Reason.OUT_OF_RANGE, f"{name} is {raw}: too large for {_called(kind)}")
        return float(raw)
    if kind == DataType.BOOLEAN and raw in {0, 1}:
        return bool(raw)
    if kind == DataType.UNKNOWN:
        detail = f"{name} has no data type, so whether {raw} has a sign cannot be known"
        raise Bad(Reason.NOT_A_NUMBER, detail)
    raise Bad(Reason.NOT_A_NUMBER, f"{name} is {_called(kind)} and came as a whole number")


def _signed(name: str, bits: int, width: int, raw: int) -> int:
    """Read two's complement of `bits`, also where it was widened to the whole field."""
    for size in (bits, 32, width):
        if size >= bits and raw < 1 << size:
            number = raw - (1 << size) if raw >> (size - 1) else raw
            if -(1 << (bits - 1)) <= number < 1 << (bits - 1):
                return number
    raise Bad(Reason.OUT_OF_RANGE, f"{name} is {raw}: too large for Int{bits}")


def text(raw: object) -> str:
    """Read text; Bad where it is not UTF-8 (the library then hands out bytes)."""
    if not isinstance(raw, str):
        raise Bad(Reason.NOT_UTF8, "a text in the payload is not UTF-8")
    return raw


def _called(kind: int) -> str:
    known = kind in list(DataType)
    return DataType(kind).name.lower().replace("_", " ") if known else f"of data type {kind}"


def _held(field: str) -> str:
    return f" in {field}" if field else " without a value"
