"""An edge node that says what a test wants it to, right or wrong."""

from __future__ import annotations

from typing import Any

from core.clock import SECOND, Instant
from ingest.sparkplug.metric import DataType
from ingest.sparkplug.schema import payload_class
from tests.messages import NOW

MS = 1_000_000
Message = tuple[bytes, bytes]

_FIELDS = {
    **dict.fromkeys((DataType.INT8, DataType.INT16, DataType.INT32), "int_value"),
    **dict.fromkeys((DataType.UINT8, DataType.UINT16, DataType.UINT32), "int_value"),
    **dict.fromkeys((DataType.INT64, DataType.UINT64, DataType.DATE_TIME), "long_value"),
    **dict.fromkeys((DataType.STRING, DataType.TEXT, DataType.UUID), "string_value"),
    DataType.FLOAT: "float_value",
    DataType.DOUBLE: "double_value",
    DataType.BOOLEAN: "boolean_value",
    DataType.BYTES: "bytes_value",
}


class Edge:
    """Makes the messages of one edge node, with its numbers in order until told otherwise."""

    def __init__(self, group: str = "karachi", node: str = "hall", bdseq: int = 0) -> None:
        self.group, self.node, self.bdseq = group, node, bdseq
        self.seq = 0
        self.now: Instant = NOW

    def topic(self, verb: str, device: str = "") -> bytes:
        levels = ("spBv1.0", self.group, verb, self.node, device)
        return "/".join(level for level in levels if level).encode()

    def payload(self, *, seq: int | None = -1, at: Instant | None = None) -> Any:
        """Begin a payload with the next number; None leaves the number out."""
        made = payload_class()(timestamp=(self.now if at is None else at) // MS)
        if seq is not None:
            made.seq = self.seq if seq < 0 else seq
            self.seq = (made.seq + 1) % 256
        return made

    def nbirth(self, *metrics: dict[str, Any], seq: int = 0) -> Message:
        made = self.payload(seq=seq)
        add(made, name="bdSeq", datatype=DataType.INT64, value=self.bdseq)
        add(made, name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False)
        return self.whole("NBIRTH", made, metrics)

    def ndeath(self, bdseq: int | None = None) -> Message:
        made = self.payload(seq=None)
        number = self.bdseq if bdseq is None else bdseq
        add(made, name="bdSeq", datatype=DataType.INT64, value=number)
        return self.topic("NDEATH"), made.SerializeToString()

    def dbirth(self, *metrics: dict[str, Any], device: str = "p1", seq: int = -1) -> Message:
        return self.whole("DBIRTH", self.payload(seq=seq), metrics or (speed(7.0),), device)

    def ddata(
        self, *metrics: dict[str, Any], device: str = "p1", seq: int = -1, at: Instant = 0
    ) -> Message:
        made = self.payload(seq=seq, at=at or None)
        return self.whole("DDATA", made, metrics, device)

    def ndata(self, *metrics: dict[str, Any], seq: int = -1) -> Message:
        return self.whole("NDATA", self.payload(seq=seq), metrics)

    def ddeath(self, device: str = "p1", at: Instant | None = None) -> Message:
        return self.whole("DDEATH", self.payload(at=at), (), device)

    def whole(
        self, verb: str, made: Any, metrics: tuple[dict[str, Any], ...], device: str = ""
    ) -> Message:
        for metric in metrics:
            add(made, **metric)
        return self.topic(verb, device), made.SerializeToString()


def speed(value: float | None = None, **changes: Any) -> dict[str, Any]:
    """Write the metric of a pump's speed."""
    return {"name": "speed", "datatype": DataType.DOUBLE, "value": value, **changes}


def add(made: Any, *, value: Any = None, quality: int | None = None, **given: Any) -> Any:
    """Add a metric; the field of its value follows from its data type, or is `field`."""
    field = given.pop("field", None)
    at = given.pop("at", None)
    unit = given.pop("unit", None)
    metric = made.metrics.add(**given)
    if at is not None:
        metric.timestamp = at // MS
    if value is not None:
        setattr(metric, field or _FIELDS[DataType(given.get("datatype", DataType.DOUBLE))], value)
    if quality is not None:
        metric.properties.keys.append("Quality")
        metric.properties.values.add(type=3, int_value=quality)
    if unit is not None:
        metric.properties.keys.append("engUnit")
        metric.properties.values.add(type=12, string_value=unit)
    return metric


def later(seconds: float) -> Instant:
    """Tell the time so long after `NOW`."""
    return NOW + round(seconds * SECOND)
