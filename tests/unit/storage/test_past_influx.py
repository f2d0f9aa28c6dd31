from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import DAY, HOUR, SECOND, ManualClock
from core.errors import Unavailable
from core.past import Chunk, PastRows
from simulators.broker import free_port
from storage import past_influx
from storage.influx_server import InfluxPlace, InfluxServer
from storage.past_influx import InfluxPast, PastInfluxSettings
from tests.buckets import Buckets

T = 1_790_000_000 * SECOND
NOW = T + 10 * DAY


def past(buckets: Buckets, bucket: str, **settings: Any) -> InfluxPast:
    place = buckets.place
    given = {
        "url": place.url,
        "org": place.org,
        "bucket": bucket,
        "token": "env:NONE",
        **settings,
    }
    made = PastInfluxSettings.model_validate(given)
    return InfluxPast(made, buckets.server, ManualClock(NOW))


def series(chunks: list[Chunk]) -> dict[tuple[str, str], tuple[list[int], list[list[float]]]]:
    """Join what came in stretches."""
    found: dict[tuple[str, str], list[PastRows]] = {}
    for chunk in chunks:
        for rows in chunk.rows:
            found.setdefault((rows.measurement, rows.tags.get("machine", "")), []).append(rows)
    return {
        key: (
            [(at - T) // SECOND for rows in every for at in rows.at.tolist()],
            [value for rows in every for value in rows.values.tolist()],
        )
        for key, every in found.items()
    }


@pytest.fixture
def bucket(buckets: Buckets) -> Iterator[str]:
    """Two machines over three days, and things that no machine says."""
    name = buckets.new()
    lines = [
        f"pumps,machine={machine},line=a\\ b vib={second / 3600},temp={5 + second % 7}i "
        f"{T + second * SECOND}"
        for machine in ("P-101", "P-102")
        for second in range(0, 72 * 3600, 3600)
    ]
    lines += [
        f'pumps,machine=P-101,line=a\\ b state="on",door=true {T + 30 * SECOND}',
        f"fans,machine=F-1 vib=7.5 {T + DAY + 123}",
        f"odd,ta\\ g=x\\,y fi\\ eld=1 {T + 40 * SECOND}",
    ]
    buckets.server.write(name, "".join(f"{line}\n" for line in lines).encode())
    yield name


pytestmark = pytest.mark.influxd


def test_measurements_tags_and_fields_are_read_as_they_are(buckets: Buckets, bucket: str) -> None:
    chunks = list(past(buckets, bucket).read())
    found = series(chunks)
    hours, values = found["pumps", "P-102"]
    assert hours == list(range(0, 72 * 3600, 3600))
    assert values == [[float(5 + h * 3600 % 7), float(h)] for h in range(72)]
    (fan,) = [rows for chunk in chunks for rows in chunk.rows if rows.measurement == "fans"]
    assert (fan.fields, fan.at.tolist(), fan.values.tolist()) == (
        ("vib",),
        [T + DAY + 123],
        [[7.5]],
    )
    (odd,) = [rows for chunk in chunks for rows in chunk.rows if rows.measurement == "odd"]
    assert (odd.tags, odd.fields) == ({"ta g": "x,y"}, ("fi eld",))
    assert chunks[-1].share == 1


def test_what_is_no_number_is_counted(buckets: Buckets, bucket: str) -> None:
    (first, *_) = past(buckets, bucket, measurements=["pumps"]).read()
    (rows,) = [rows for rows in first.rows if rows.tags["machine"] == "P-101"]
    assert rows.unread == {"not a number": 2}
    assert rows.tags["line"] == "a b"


@pytest.mark.parametrize("window", ["5h", "1d", "366d"])
def test_read_from_any_position_on_it_gives_what_follows(
    buckets: Buckets, bucket: str, window: str
) -> None:
    whole = list(past(buckets, bucket, window=window, measurements=["pumps"]).read())
    for number, chunk in enumerate(whole):
        rest = list(past(buckets, bucket, window="7h", measurements=["pumps"]).read(chunk.position))
        np.testing.assert_equal(series(rest), series(whole[number + 1 :]))


def test_only_what_is_asked_for_is_read(buckets: Buckets, bucket: str) -> None:
    only = past(
        buckets,
        bucket,
        measurements=["pumps", 'x" or true or "'],
        start="2026-09-22T14:13:20Z",
        stop="2026-09-22T17:13:20Z",
    )
    found = series(list(only.read()))
    begin = int(np.datetime64("2026-09-22T14:13:20", "s").astype(int)) - T // SECOND
    assert set(found) == {("pumps", "P-101"), ("pumps", "P-102")}
    assert found["pumps", "P-101"][0] == [begin + n * 3600 for n in range(3)]


def test_an_empty_bucket_says_nothing(buckets: Buckets) -> None:
    assert list(past(buckets, buckets.new()).read()) == []


def test_a_stretch_in_which_much_is_found_is_followed_by_a_shorter_one(
    buckets: Buckets, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_influx, "_MANY", 50)
    monkeypatch.setattr(past_influx, "_FEW", 10)
    chunks = list(past(buckets, bucket, window="1d").read())
    ends = [int(chunk.position) for chunk in chunks]
    assert ends[1] - ends[0] == 12 * HOUR
    assert max(np.diff(ends)) == DAY  # once nothing is found
    assert series(chunks)["pumps", "P-101"][0][-1] == 71 * 3600


def test_a_server_that_is_away_is_said_to_be(buckets: Buckets) -> None:
    place = InfluxPlace(f"http://127.0.0.1:{free_port()}", "o", "t")
    server = InfluxServer(place)
    given = {"url": place.url, "org": "o", "bucket": "b", "token": "env:NONE"}
    away = InfluxPast(PastInfluxSettings.model_validate(given), server, ManualClock(NOW))
    try:
        with pytest.raises(Unavailable):
            next(away.read())
    finally:
        server.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start": "yesterday"}, "no time in UTC"),
        ({"start": "2024-01-01"}, "no time in UTC"),
        ({"url": "influx:8086"}, "InfluxDB's address"),
        ({"token": "s3cret"}, "String should match"),
    ],
)
def test_settings_say_what_is_allowed(settings: dict[str, str], words: str) -> None:
    given = {"url": "http://h:8086", "org": "o", "bucket": "b", "token": "env:X", **settings}
    with pytest.raises(ValidationError, match=words):
        PastInfluxSettings.model_validate(given)
