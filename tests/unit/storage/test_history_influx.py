"""InfluxDB history against a real InfluxDB: what is its own, beside the contract."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.errors import PartlyRefused, Unavailable
from core.ledger import ASIDE
from core.readings import Quality, Reading, Readings
from simulators.influx import PrivateInflux
from storage.history_influx import InfluxHistory
from storage.influx_server import InfluxPlace
from storage.influx_steps import InfluxSteps
from tests.buckets import Buckets

pytestmark = pytest.mark.influxd

T = 1_699_999_200 * SECOND
EVER = (0, 2**62)
HOSTILE = (
    'x") |> drop()',
    'x" or true',
    '" |> yield(name: "y") //',
    "${bucket}",
    "/.*/",
    "a\\b",
    "r._value",
    "p1\u2028p2",
)


def batch(asset: str, at: int, channel: str = "v", value: float = 1.0) -> Readings:
    return Readings.of("pump", (channel,), [Reading(asset, at, {channel: value})], arrived=T)


def marked(asset: str, at: int, quality: Quality, value: float = 1.0) -> Readings:
    reading = Reading(asset, at, {"v": value}, {"v": quality})
    return Readings.of("pump", ("v",), [reading], arrived=T)


def test_names_are_parameters_and_never_become_flux(buckets: Buckets, tmp_path: Path) -> None:
    history = buckets.history(tmp_path)
    for number, name in enumerate(HOSTILE):
        history.write([batch(name, T, name, number)], 1 + number)
    for number, name in enumerate(HOSTILE):
        assert history.read(name, (name,), *EVER).values.tolist() == [[number]]
        assert history.summary(name, (name,), *EVER, HOUR).mean.tolist() == [[number]]
        assert (history.latest(name), history.count(name)) == (T, 1)
    assert history.count() == len(HOSTILE)
    history.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asset_class=st.text(max_size=8), asset=st.text(max_size=8), channel=st.text(max_size=8))
def test_a_name_is_refused_or_comes_back_as_it_was(
    buckets: Buckets, asset_class: str, asset: str, channel: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = buckets.history(Path(folder))
        reading = Reading(asset, T, {channel: 1.5})
        told = Readings.of(asset_class, (channel,), [reading], arrived=T)
        try:
            history.write([told], 1)
        except PartlyRefused as error:
            assert "InfluxDB" in str(error)  # by ourselves: nothing that could be mistaken went out
        else:
            assert history.read(asset, (channel,), *EVER).values.tolist() == [[1.5]]
            assert history.summary(asset, (channel,), *EVER, MINUTE).mean.tolist() == [[1.5]]
        history.close()


def test_others_find_class_site_area_and_asset(buckets: Buckets, tmp_path: Path) -> None:
    bucket = buckets.new()
    history = buckets.history(tmp_path, bucket)
    history.write([marked("lahore/press/p1", T, Quality.BAD)], 1)
    found = buckets.server.query("from(bucket: b) |> range(start: 0)", b=bucket)
    said = {table.labels.pop("_field"): (table.labels, table.whole) for table in found}
    tags = {"_measurement": "pump", "site": "lahore", "area": "press", "asset": "p1"}
    assert said == {
        "v": (tags | {"result": "_result"}, False),
        "v_quality": (tags | {"result": "_result"}, True),
    }
    history.close()


def test_a_mark_from_before_a_restart_is_taken_away_by_a_good_value(
    buckets: Buckets, tmp_path: Path
) -> None:
    bucket = buckets.new()
    for position, told in enumerate([marked("p1", T, Quality.BAD), batch("p1", T)], 1):
        history = buckets.history(tmp_path, bucket)
        history.write([told], position)
        found = history.read("p1", ("v",), *EVER).quality
        assert (found is None) == (position == 2)
        history.close()


def test_what_an_import_writes_while_its_hour_is_summed_up_is_counted_too(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = buckets.new()
    history, other = buckets.history(tmp_path, bucket), buckets.history(tmp_path, bucket)
    history.write([batch("p1", T), batch("p1", T + 2 * HOUR)], 1)
    make = InfluxSteps.make_hours

    def meanwhile(steps: InfluxSteps, start: int, stop: int) -> None:
        make(steps, start, stop)
        other.write([batch("p1", T + SECOND)], ASIDE)

    with monkeypatch.context() as patched:
        patched.setattr(InfluxSteps, "make_hours", meanwhile)
        history.settle()
    for _ in range(2):
        found = history.summary("p1", ("v",), *EVER, MINUTE)
        assert found.count[:, 0].tolist() == [2, 1]
        history.settle()
    other.close()
    history.close()


def test_live_values_carry_no_marks(buckets: Buckets, tmp_path: Path) -> None:
    bucket = buckets.new()
    history = buckets.history(tmp_path, bucket)
    history.write([marked("p1", T, Quality.BAD)], 1)
    history.write([batch("p1", T + SECOND), batch("p2", T)], 2)
    found = buckets.server.query(
        'from(bucket: b) |> range(start: 0) |> filter(fn: (r) => r._field == "v_quality")', b=bucket
    )
    assert [table.at.tolist() for table in found] == [[T]]
    history.close()


def test_a_value_of_another_type_than_influxdb_holds_is_refused_alone(
    buckets: Buckets, tmp_path: Path
) -> None:
    bucket = buckets.new()
    buckets.server.write(bucket, b"pump,asset=p0 v=1i %d\n" % T)
    history = buckets.history(tmp_path, bucket)
    with pytest.raises(PartlyRefused, match="field type conflict") as caught:
        history.write([batch("p1", T), batch("p1", T, "w")], 3)
    assert [row.text for row in caught.value.rows] == [b"pump,asset=p1 v=1.0,w=1.0 %d" % T]
    assert history.position() == 3
    history.close()


def test_channels_that_are_called_a_quality_are_summed_up_as_others(
    buckets: Buckets, tmp_path: Path
) -> None:
    history = buckets.history(tmp_path)
    history.write([batch("p1", T, "air_quality", 7.0), batch("p1", T + MINUTE, "v")], 1)
    history.write([batch("p1", T + 2 * HOUR)], 2)
    while history.settle():
        pass
    found = history.summary("p1", ("air_quality", "v"), T, T + HOUR, HOUR)
    assert found.mean.tolist() == [[7.0, 1.0]]
    history.close()


def test_what_is_settled_lies_in_buckets_of_minutes_and_hours(
    buckets: Buckets, tmp_path: Path
) -> None:
    bucket = buckets.new()
    history = buckets.history(tmp_path, bucket)
    for hour in range(9):
        history.write([batch("p1", T + hour * HOUR, value=float(hour))], 1 + hour)
    assert history.settle()
    assert not history.settle()
    for suffix in ("_1m", "_1h"):
        found = buckets.server.query(
            "from(bucket: b) |> range(start: 0) |> filter(fn: (r) => r._field == field)",
            b=bucket + suffix,
            field="v",
        )
        said = {table.labels["statistic"]: table.value.tolist() for table in found}
        assert said == {name: [*range(8)] for name in ("mean", "min", "max")} | {"count": [1] * 8}
    assert history.summary("p1", ("v",), *EVER, HOUR).mean[:, 0].tolist() == [*range(9)]
    history.close()


def test_without_buckets_to_sum_up_into_readings_are_stored_all_the_same_and_it_is_said_once(
    buckets: Buckets, tmp_path: Path
) -> None:
    bucket = buckets.new()
    history = buckets.history(tmp_path, bucket)
    buckets.drop(bucket + "_1m")
    with capture_logs() as logs:
        for hour in range(3):
            history.write([batch("p1", T + hour * HOUR)], 1 + hour)
            assert not history.settle()
    said = [line for line in logs if line["event"] == "history_is_not_summed_up"]
    assert len(said) == 1
    assert "`millwright storage setup`" in said[0]["why"]
    assert history.count("p1") == 3
    history.close()


def test_many_days_are_trimmed_one_after_the_other(buckets: Buckets, tmp_path: Path) -> None:
    history = buckets.history(tmp_path)
    for position, day in enumerate((0, 1, 40, 41), 1):
        history.write([batch("p1", T + day * DAY), batch("p2", T + day * DAY)], position)
    assert history.trim(T + 41 * DAY) == 6
    assert history.count() == 2
    assert history.summary("p1", ("v",), *EVER, HOUR).count.sum() == 4
    history.close()


def test_what_was_confirmed_outlives_a_power_cut(tmp_path: Path) -> None:
    influx = PrivateInflux(tmp_path / "influx").start()
    history = InfluxHistory(
        InfluxPlace(influx.url, influx.org, influx.token), "telemetry", tmp_path
    )
    try:
        history.write([batch("p1", T)], 1)
        influx.kill()
        with pytest.raises(Unavailable):
            history.write([batch("p1", T + SECOND)], 2)
        assert history.position() == 1
        influx.start()
        history.write([batch("p1", T + SECOND)], 2)
        assert history.read("p1", ("v",), *EVER).at.tolist() == [T, T + SECOND]
        assert np.isfinite(history.read("p1", ("v",), *EVER).values).all()
    finally:
        history.close()
        influx.stop()


def test_a_token_that_is_not_known_is_named(influxd: PrivateInflux, tmp_path: Path) -> None:
    history = InfluxHistory(InfluxPlace(influxd.url, influxd.org, "nonsense"), "b", tmp_path)
    with pytest.raises(Unavailable, match="history.token is not known there"):
        history.write([batch("p1", T)], 1)
    history.close()


def test_a_bucket_that_is_not_there_is_named(buckets: Buckets, tmp_path: Path) -> None:
    history = InfluxHistory(buckets.place, "never-made", tmp_path)
    with pytest.raises(Unavailable, match="never-made.*`millwright storage setup`"):
        history.write([batch("p1", T)], 1)
    assert history.position() == 0
    history.close()
