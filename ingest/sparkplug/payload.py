"""Reads Sparkplug B payloads: any bytes become a message or a `Bad`, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.clock import Instant
from core.readings import Quality
from core.rejection import Reason
from ingest.instants import FURTHEST
from ingest.payload import Bad
from ingest.sparkplug.metric import Metric, text
from ingest.sparkplug.schema import payload_class

_MILLISECOND = 1_000_000
_LONGEST_NAME = 512
_METRIC = 2 << 3 | 2
_QUALITY = "Quality"
_QUALITIES = {0: Quality.BAD, 192: Quality.GOOD, 500: Quality.UNCERTAIN}
_UNITS = {"engUnit", "engUnits", "Engineering Units", "unit", "Unit", "units"}
_SEQUENCES = 256


@dataclass(slots=True)
class Message:
    """What a payload says. `seq` is None where it has none, as a death certificate."""

    metrics: list[Metric]
    at: Instant | None = None
    seq: int | None = None

    @property
    def bdseq(self) -> int | None:
        """The number that ties a death to its birth; None where there is none."""
        for metric in self.metrics:
            if metric.name == "bdSeq" and metric.field in {"int_value", "long_value"}:
                return int(metric.raw)
        return None


def read_payload(payload: bytes, *, longest: int, most: int) -> Message:
    """Read a payload of at most `longest` bytes and `most` metrics; Bad says what is wrong."""
    if len(payload) > longest:
        raise Bad(Reason.OVERSIZED, f"more than {longest:,} bytes")
    if len(payload) > 2 * most and _more_than(payload, most):
        raise Bad(Reason.OVERSIZED, f"more than {most:,} metrics")
    try:
        found = payload_class().FromString(payload)
        return _message(found)
    except Bad:
        raise
    except Exception as error:  # whatever the library raises on bytes from outside
        detail = f"not a Sparkplug B payload: {type(error).__name__}"
        raise Bad(Reason.MALFORMED, detail) from None


def write_command(name: str, at: Instant) -> bytes:
    """Write a command that sets one boolean metric to true."""
    made = payload_class()(timestamp=at // _MILLISECOND)
    made.metrics.add(name=name, timestamp=at // _MILLISECOND, datatype=11, boolean_value=True)
    written: bytes = made.SerializeToString()
    return written


def _more_than(payload: bytes, most: int) -> bool:
    """Tell whether there are more metrics, before any memory is spent on them.

    A metric takes two bytes at least, so short payloads need no look.
    """
    place, count, end = 0, 0, len(payload)
    while place < end:
        tag, place = _varint(payload, place)
        count += tag == _METRIC
        if count > most:
            return True
        match tag & 7:
            case 0:
                _, place = _varint(payload, place)
            case 1:
                place += 8
            case 2:
                length, place = _varint(payload, place)
                place += length
            case 5:
                place += 4
            case _:
                return False  # not ours; the library says what is wrong
    return False


def _varint(payload: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(payload) and shift < 70:
        byte = payload[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, place


def _message(found: Any) -> Message:
    at = _instant(found.timestamp) if found.HasField("timestamp") else None
    seq = int(found.seq) if found.HasField("seq") else None
    if seq is not None and seq >= _SEQUENCES:
        raise Bad(Reason.MALFORMED, f"seq is {seq}; allowed: 0 to 255")
    return Message([_metric(each, at) for each in found.metrics], at, seq)


def _metric(found: Any, sent: Instant | None) -> Metric:
    field = found.WhichOneof("value") or ""
    metric = Metric(
        name=text(found.name),
        alias=int(found.alias) if found.HasField("alias") else None,
        at=_instant(found.timestamp) if found.HasField("timestamp") else sent,
        datatype=int(found.datatype),
        historical=bool(found.is_historical),
        transient=bool(found.is_transient),
        null=bool(found.is_null) or not field,
        field=field,
        raw=getattr(found, field) if field else None,
    )
    if len(metric.name) > _LONGEST_NAME:
        raise Bad(Reason.OVERSIZED, f"the name of a metric has more than {_LONGEST_NAME} letters")
    if found.HasField("properties"):
        _read_properties(metric, found.properties)
    return metric


def _read_properties(metric: Metric, properties: Any) -> None:
    if len(properties.keys) != len(properties.values):
        raise Bad(Reason.MALFORMED, f"{metric.said} has not as many properties as names of them")
    for key, value in zip(properties.keys, properties.values, strict=True):
        field = value.WhichOneof("value")
        if key == _QUALITY:
            code = int(getattr(value, field)) if field in {"int_value", "long_value"} else -1
            if code not in _QUALITIES:
                allowed = "0 (bad), 192 (good), 500 (stale)"
                detail = f"the quality of {metric.said} is not an integer of {allowed}"
                raise Bad(Reason.MALFORMED, detail)
            metric.quality = _QUALITIES[code]
        elif key in _UNITS and field == "string_value":
            metric.unit = text(value.string_value)[:40]


def _instant(milliseconds: int) -> Instant:
    return min(int(milliseconds) * _MILLISECOND, FURTHEST)
