"""What every condition store does, whatever it is kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from core.clock import MINUTE, SECOND
from core.condition_store import ConditionPoint, ConditionStore
from core.errors import PartlyRefused
from storage.condition_influx import InfluxConditions
from storage.condition_memory import MemoryConditions
from tests.buckets import Buckets

T = 1_700_000_000 * SECOND
P1 = "karachi/hall/p1"


class Reader(Protocol):
    """A store, and a way to see what is in it."""

    @property
    def store(self) -> ConditionStore: ...

    def seen(self) -> list[dict[str, Any]]: ...


@dataclass
class InMemory:
    store: MemoryConditions

    def seen(self) -> list[dict[str, Any]]:
        found = [
            {"_measurement": p.measurement, "asset": p.asset, "at": p.at, **p.tags, **p.fields}
            for p in self.store.points()
        ]
        return sorted(found, key=json.dumps)


@dataclass
class InInflux:
    store: InfluxConditions
    bucket: str
    buckets: Buckets

    def seen(self) -> list[dict[str, Any]]:
        flux = (
            f'from(bucket: "{self.bucket}") |> range(start: 2000-01-01T00:00:00Z) |> map(fn: (r) =>'
            " ({r with at: int(v: r._time)}))"
        )
        tables = self.buckets.server.call(lambda client: client.query_api().query(flux))
        rows: dict[str, dict[str, Any]] = {}
        for record in (record for table in tables for record in table.records):
            cells = dict(record.values)
            name, value = cells.pop("_field"), cells.pop("_value")
            for gone in ("result", "table", "_start", "_stop", "_time"):
                cells.pop(gone)
            parts = [cells.pop(tag) for tag in ("site", "area") if tag in cells]
            cells["asset"] = "/".join([*parts, cells["asset"]])
            rows.setdefault(json.dumps(cells, sort_keys=True), cells)[name] = value
        return sorted(rows.values(), key=json.dumps)


@pytest.fixture(params=["memory", pytest.param("influx", marks=pytest.mark.influxd)])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    if request.param == "memory":
        yield InMemory(MemoryConditions())
        return
    buckets: Buckets = request.getfixturevalue("buckets")
    bucket = buckets.new()
    found = InInflux(InfluxConditions(buckets.place, bucket), bucket, buckets)
    yield found
    found.store.close()


def score(at: int, value: float, detector: str = "zones") -> ConditionPoint:
    return ConditionPoint("score", P1, T + at, {"detector": detector}, {"value": value})


def plain(reader: Reader) -> list[dict[str, Any]]:
    return [dict(sorted(row.items())) for row in reader.seen()]


def test_points_are_found_with_their_tags_and_fields(reader: Reader) -> None:
    reader.store.write([score(0, 0.5), score(0, 1.5, "pattern"), score(MINUTE, 0.1 + 0.2)])
    expected = [
        {"_measurement": "score", "asset": P1, "at": T, "detector": "pattern", "value": 1.5},
        {"_measurement": "score", "asset": P1, "at": T, "detector": "zones", "value": 0.5},
        {"_measurement": "score", "asset": P1, "at": T + MINUTE, "detector": "zones"}
        | {"value": 0.1 + 0.2},
    ]
    assert sorted(plain(reader), key=json.dumps) == sorted(expected, key=json.dumps)


def test_writing_a_point_again_changes_nothing_and_a_newer_value_wins(reader: Reader) -> None:
    points = [score(0, 0.5), score(MINUTE, 0.7)]
    reader.store.write(points)
    before = plain(reader)
    reader.store.write([*points, *points])
    assert plain(reader) == before and len(before) == 2
    reader.store.write([score(0, 0.9)])
    assert {row["value"] for row in plain(reader)} == {0.7, 0.9}


def test_words_numbers_and_whole_numbers_are_kept_as_such(reader: Reader) -> None:
    fields = {"id": "a1", "title": 'the "big" one, a\\b = c', "open": 1, "p50": 12.5}
    reader.store.write(
        [ConditionPoint("alert", "millwright", T, {"group": "note:disk full"}, fields)]
    )
    (row,) = plain(reader)
    assert row == {
        "_measurement": "alert",
        "asset": "millwright",
        "at": T,
        "group": "note:disk full",
    } | dict(sorted(fields.items()))
    assert isinstance(row["open"], int)


def test_nothing_to_write_is_no_trouble(reader: Reader) -> None:
    reader.store.write([])
    assert plain(reader) == []


@pytest.mark.influxd
def test_what_influxdb_cannot_hold_is_refused_and_the_rest_is_stored(buckets: Buckets) -> None:
    bucket = buckets.new()
    found = InInflux(InfluxConditions(buckets.place, bucket), bucket, buckets)
    wrong = score(0, 1.0, "line\nbreak")
    with pytest.raises(PartlyRefused) as refusal:
        found.store.write([wrong, score(0, 0.5), score(2**63, 1.0), score(1, float("inf"))])
    assert (refusal.value.accepted, refusal.value.refused) == (1, 3)
    assert [row["value"] for row in found.seen()] == [0.5]
    found.store.close()
