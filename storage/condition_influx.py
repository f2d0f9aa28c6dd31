"""Judgements in a bucket of InfluxDB 2, where Grafana finds them beside the telemetry."""

from __future__ import annotations

from collections.abc import Sequence

from core.condition_store import ConditionPoint, Value
from core.errors import PartlyRefused, Refused, RefusedRow
from storage.influx_server import InfluxPlace, InfluxServer
from storage.line_block import tags_of
from storage.line_protocol import EARLIEST, LATEST, field_key, prefix


class InfluxConditions:
    """Implements `core.condition_store.ConditionStore`: one line for each point.

    Tags are `site`, `area` and `asset` as for telemetry, and those of the point.
    """

    def __init__(self, place: InfluxPlace, bucket: str) -> None:
        self._server = InfluxServer(place)
        self._bucket = bucket

    def write(self, points: Sequence[ConditionPoint]) -> None:
        """Store points; what InfluxDB cannot hold is refused."""
        refused: list[RefusedRow] = []
        lines = []
        for point in points:
            try:
                lines.append(line_of(point) + b"\n")
            except Refused as error:
                refused.append(RefusedRow(repr(point).encode(), str(error)))
        stored = 0
        if lines:
            stored, others = self._server.write(self._bucket, b"".join(lines))
            refused += others
        if refused:
            raise PartlyRefused(stored, len(refused), refused[0].why, tuple(refused))

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()


def line_of(point: ConditionPoint) -> bytes:
    """Write a point as a line without its end; `Refused` where InfluxDB cannot hold it."""
    if not EARLIEST <= point.at <= LATEST:
        msg = f"time {point.at}: InfluxDB holds 1677 to 2262"
        raise Refused(msg)
    tags = sorted((*tags_of(point.asset), *point.tags.items()))
    begin = prefix(point.measurement, tags)
    fields = b",".join(
        b"%s=%s" % (field_key(name), _written(value)) for name, value in point.fields.items()
    )
    return b"%s %s %d" % (begin, fields, point.at)


def _written(value: Value) -> bytes:
    if isinstance(value, str):
        # one line each: a body is cut at its line breaks
        text = " ".join(value.split()).replace("\\", "\\\\").replace('"', '\\"')
        return b'"%s"' % text.encode("utf-8", "replace")
    if isinstance(value, int):
        return b"%di" % value
    if value - value != 0:
        msg = f"{value} is no number that InfluxDB holds"
        raise Refused(msg)
    return repr(value).encode()
