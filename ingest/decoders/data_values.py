"""OPC UA's values in JSON: bare, as a variant, or as a DataValue with its own time and status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import Instant
from core.readings import Quality
from core.rejection import Reason
from ingest.decoders.body import number, value
from ingest.decoders.bounds import Bounded, short
from ingest.decoders.conversion import text_number
from ingest.decoders.qualities import status_quality
from ingest.decoders.times import Times
from ingest.instants import WallTime
from ingest.payload import Bad, Constant, Number, described
from ingest.sample import Sample

_TIMES = Times("iso")
_NO_TIME = "0001-01-01T00:00:00"  # how OPC UA writes that there is none
_WRITTEN_AS_TEXT = {8, 9}  # Int64 and UInt64, which JSON could not hold
_REALS = {10, 11}
_TYPES = {str(k) for k in range(1, 26)}
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
_DATA_VALUE = {
    "Value",
    "SourceTimestamp",
    "ServerTimestamp",
    "StatusCode",
    "Status",
    "SourcePicoseconds",
    "ServerPicoseconds",
    "UaType",
    "Dimensions",
}


def when(name: str, said: Any) -> Instant | WallTime | None:
    """Read a time; None where there is none. Bad where it is no time."""
    if said is None or (isinstance(said, str) and said.startswith(_NO_TIME)):
        return None
    return _TIMES.read(name, said)


def samples(
    payload: Mapping[str, Any],
    asset: str,
    at: Instant | WallTime | None,
    quality: Quality,
    bounds: Bounded,
) -> list[Sample]:
    """Read a data set: a sample for each moment in it; `at` and `quality` are the message's own."""
    by_time: dict[Any, Sample] = {}
    bad: list[Bad] = []
    for name, said in payload.items():
        try:
            _take(by_time, name, said, asset, at, quality)
        except Bad as each:
            bad.append(each)
        bounds.check(len(by_time))
    found = list(by_time.values()) or [Sample({}, asset, at)]
    found[0].bad += bad
    for sample in found:
        bounds.check_values(max(len(sample.values), len(sample.quality)))
    return found


def _take(
    by_time: dict[Any, Sample],
    name: str,
    said: Any,
    asset: str,
    at: Instant | WallTime | None,
    quality: Quality,
) -> None:
    short("the name", name)
    if type(said) is dict and ("Value" in said or not said.keys() - _DATA_VALUE):
        stamp = when(f"{name}.SourceTimestamp", said.get("SourceTimestamp"))
        if stamp is None:
            stamp = when(f"{name}.ServerTimestamp", said.get("ServerTimestamp"))
        at = at if stamp is None else stamp
        status = said.get("StatusCode", said.get("Status"))
        quality = max(quality, status_quality(name, status))
        inner = said.get("Value")
        if "UaType" in said:
            inner = {"UaType": said["UaType"], "Value": inner}
        said = inner
    if said is None:
        if quality is not Quality.GOOD:
            by_time.setdefault(at, Sample({}, asset, at)).quality[name] = Quality.BAD
        return
    found = _values(name, said)
    sample = by_time.setdefault(at, Sample({}, asset, at))
    for place, one in found:
        sample.values[place] = one
        if quality is not Quality.GOOD:
            sample.quality[place] = quality


def _values(name: str, said: Any) -> list[tuple[str, float | bool | str]]:
    """Read a value, or each of a list of them: `temp.1`, `temp.2`."""
    kind: Any = 0
    inner = said
    if type(said) is dict:
        kind = said.get("Type", said.get("UaType", 0))
        inner = said.get("Body", said.get("Value", said))
        kind = int(kind) if isinstance(kind, Number) and kind in _TYPES else kind
        if type(kind) is not int or inner is said or kind == 0:
            detail = f"{name[:60]} is {described(said)}, not a value"
            raise Bad(Reason.NOT_A_NUMBER, detail)
    if type(inner) is list:
        return [(f"{name}.{k}", _one(name, kind, each)) for k, each in enumerate(inner, 1)]
    return [(name, _one(name, kind, inner))]


def _one(name: str, kind: int, said: Any) -> float | bool | str:
    if type(said) is str:
        if said in _NOT_FINITE:
            return number(name, Constant(said))
        if kind in _WRITTEN_AS_TEXT or kind in _REALS:
            return text_number(name, said)
    return value(name, said)
