"""`serve` writes what it judges to InfluxDB's condition bucket, as Grafana would read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.configuration import load
from cli.runtime import Runtime
from core.clock import MINUTE, system_clock
from core.journal import draft
from core.readings import Reading, Readings
from tests import folders
from tests.buckets import Buckets
from tests.waiting import until

pytestmark = pytest.mark.influxd
P1 = "site/hall/p1"


def test_a_machine_that_shakes_is_seen_in_the_condition_bucket(
    tmp_path: Path, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry, condition = buckets.new(), buckets.new()
    monkeypatch.setenv("INFLUX", buckets.place.token)
    settings = f"url: '{buckets.place.url}', org: {buckets.place.org}, token: 'env:INFLUX'"
    names = f"bucket: {telemetry}, condition_bucket: {condition}"
    more = f"history: {{kind: influxdb, {settings}, {names}}}\n"
    config = load(folders.write(tmp_path / "plant", more=more))
    now = system_clock()
    told = [
        Reading(P1, now - k * MINUTE, {"speed": 1500, "vibration": 9.0 if k < 5 else 2.0})
        for k in range(20, 0, -1)
    ]
    block = Readings.of("pump", config.plant.classes["pump"].channel_names, told, now)

    def found(measurement: str, field: str) -> list[object]:
        flux = (
            f'from(bucket: "{condition}") |> range(start: -1h)'
            f' |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}"'
            ' and r.site == "site" and r.area == "hall" and r.asset == "p1")'
        )
        tables = buckets.server.call(lambda client: client.query_api().query(flux))
        return [record.get_value() for table in tables for record in table.records]

    with Runtime(config) as runtime:
        runtime.start_scoring()
        runtime.journal.append([draft(now, block)])
        until(lambda: "opened" in found("alert", "change"), 60)
        until(lambda: len(found("score", "value")) >= 18, 60)
        assert max(float(str(value)) for value in found("score", "value")) > 2
        assert found("alert", "severity")[0] == "warning"
    assert (config.data / "conditions.json").exists()
