"""What every telemetry history does, whatever it is kept in.

Only the port is used here, so that a further store joins by one line in the fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.clock import SECOND
from core.history import Columns, TelemetryHistory
from core.ledger import ASIDE
from core.readings import Quality, Reading, Readings
from storage.history_memory import MemoryHistory
from storage.history_sqlite import SqliteHistory

T = 1_699_999_200 * SECOND  # a whole hour
EVER = (0, 2**62)


STORES: dict[str, Callable[[pytest.FixtureRequest, Path], TelemetryHistory]] = {
    "sqlite": lambda _, folder: SqliteHistory(folder / "h.db"),
    "memory": lambda *_: MemoryHistory(),
    "influx": lambda request, folder: request.getfixturevalue("buckets").history(folder),
}


@pytest.fixture(params=["sqlite", "memory", pytest.param("influx", marks=pytest.mark.influxd)])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TelemetryHistory]:
    store = STORES[request.param](request, tmp_path)
    yield store
    store.close()


def said(
    asset: str, second: int, quality: Mapping[str, Quality] | None = None, **values: float
) -> Reading:
    return Reading(asset, T + second * SECOND, values, quality or {})


def batch(*readings: Reading, asset_class: str = "pump") -> Readings:
    channels = tuple(dict.fromkeys(c for r in readings for c in (*r.values, *r.quality)))
    return Readings.of(asset_class, channels, readings, arrived=T)


def rows(columns: Columns) -> list[tuple[float, ...]]:
    seconds = (columns.at - T) / SECOND
    return [
        (second, *(None if np.isnan(v) else v for v in row))
        for second, row in zip(seconds.tolist(), columns.values.tolist(), strict=True)
    ]


def test_an_empty_history_says_so(history: TelemetryHistory) -> None:
    found = history.read("p1", ("v",), *EVER)
    assert (len(found), found.values.shape, found.quality) == (0, (0, 1), None)
    assert history.position() == 0
    assert history.latest("p1") is None
    assert history.count() == history.count("p1") == 0
    assert history.trim(T) == 0


def test_what_is_written_is_read_in_order_of_time(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 2, v=2.0, w=20.0), said("p1", 1, v=1.0, w=10.0))], 1)
    found = history.read("p1", ("w", "v"), *EVER)
    assert found.channels == ("w", "v")
    assert rows(found) == [(1, 10.0, 1.0), (2, 20.0, 2.0)]
    assert found.at.dtype == np.int64
    assert found.values.dtype == np.float64
    assert found.quality is None


def test_the_span_includes_its_start_and_not_its_stop(history: TelemetryHistory) -> None:
    history.write([batch(*(said("p1", second, v=second) for second in range(5)))], 1)
    assert rows(history.read("p1", ("v",), T + SECOND, T + 3 * SECOND)) == [(1, 1), (2, 2)]
    assert rows(history.read("p1", ("v",), T + 3 * SECOND, T + SECOND)) == []


def test_times_keep_their_nanoseconds_and_values_their_bits(history: TelemetryHistory) -> None:
    reading = Reading("p1", T + 123_456_789, {"v": 0.1 + 0.2, "w": -1e-300})
    history.write([batch(reading)], 1)
    found = history.read("p1", ("v", "w"), *EVER)
    assert found.at.tolist() == [T + 123_456_789]
    assert found.values.tolist() == [[0.1 + 0.2, -1e-300]]


def test_a_limit_keeps_the_newest_rows_in_order(history: TelemetryHistory) -> None:
    history.write([batch(*(said("p1", second, v=second) for second in range(5)))], 1)
    assert rows(history.read("p1", ("v",), *EVER, limit=2)) == [(3, 3), (4, 4)]
    assert rows(history.read("p1", ("v",), *EVER, limit=0)) == []
    assert len(history.read("p1", ("v",), *EVER, limit=9)) == 5


def test_a_limit_counts_rows_that_hold_what_was_asked_for(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1), said("p1", 2, w=2), said("p1", 3, w=3))], 1)
    assert rows(history.read("p1", ("v",), *EVER, limit=1)) == [(1, 1)]


def test_absent_channels_are_nan_and_rows_without_any_are_left_out(
    history: TelemetryHistory,
) -> None:
    history.write([batch(said("p1", 1, v=1.0), said("p1", 2, w=2.0))], 1)
    assert rows(history.read("p1", ("v", "w", "never"), *EVER)) == [
        (1, 1.0, None, None),
        (2, None, 2.0, None),
    ]
    assert rows(history.read("p1", ("v",), *EVER)) == [(1, 1.0)]
    assert len(history.read("p1", ("never",), *EVER)) == 0
    assert len(history.read("p1", (), *EVER)) == 0


def test_readings_of_one_moment_merge_and_the_later_write_wins(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0, w=1.0))], 1)
    history.write([batch(said("p1", 1, v=2.0)), batch(said("p1", 1, x=3.0))], 2)
    assert rows(history.read("p1", ("v", "w", "x"), *EVER)) == [(1, 2.0, 1.0, 3.0)]
    assert history.count() == 1


def test_within_one_write_the_later_wins_too(history: TelemetryHistory) -> None:
    first = batch(said("p1", 1, v=1.0, w=1.0), said("p1", 1, v=2.0))
    second = batch(said("p1", 1, w=5.0))
    third = batch(said("p1", 1, w=6.0, v=7.0), said("p1", 1, v=8.0))
    history.write([first, second, third], 1)
    assert rows(history.read("p1", ("v", "w"), *EVER)) == [(1, 8.0, 6.0)]


def test_writing_a_batch_again_changes_nothing(history: TelemetryHistory) -> None:
    whole = batch(
        said("p1", 1, v=1.0), said("p2", 1, {"v": Quality.BAD}, v=2.0), said("p1", 2, w=3.0)
    )
    history.write([whole], 1)
    before = [rows(history.read(asset, ("v", "w"), *EVER)) for asset in ("p1", "p2")]
    history.write([whole, whole], 1)
    after = [rows(history.read(asset, ("v", "w"), *EVER)) for asset in ("p1", "p2")]
    assert after == before
    assert history.count() == 3


def test_assets_and_classes_are_kept_apart(history: TelemetryHistory) -> None:
    history.write(
        [
            batch(said("p1", 1, v=1.0), said("p2", 1, v=2.0)),
            batch(said("m1", 1, v=3.0), asset_class="motor"),
        ],
        1,
    )
    assert [rows(history.read(asset, ("v",), *EVER)) for asset in ("p1", "p2", "m1")] == [
        [(1, 1.0)],
        [(1, 2.0)],
        [(1, 3.0)],
    ]
    assert (history.count(), history.count("p1"), history.count("none")) == (3, 1, 0)


def test_an_asset_whose_class_was_changed_keeps_all_its_history(history: TelemetryHistory) -> None:
    bad = {"v": Quality.BAD}
    history.write([batch(said("p1", 1, v=1.0), said("p1", 2, bad, v=2.0, w=2.0))], 1)
    history.write([batch(said("p1", 3, v=3.0), said("p1", 2, v=9.0), asset_class="fan")], 2)
    assert rows(history.read("p1", ("v", "w"), *EVER)) == [
        (1, 1.0, None),
        (2, 9.0, 2.0),
        (3, 3.0, None),
    ]
    assert rows(history.read("p1", ("v",), *EVER, limit=2)) == [(2, 9.0), (3, 3.0)]
    assert history.read("p1", ("v",), *EVER).quality is None
    assert history.latest("p1") == T + 3 * SECOND
    history.write([batch(said("p1", 4, {"v": Quality.BAD}, v=4.0), asset_class="fan")], 3)
    quality = history.read("p1", ("v",), T + 3 * SECOND, EVER[1]).quality
    assert quality is not None
    assert quality.tolist() == [[0], [2]]
    whole = history.read("p1", ("v",), *EVER).quality
    assert whole is not None
    assert whole.tolist() == [[0], [0], [0], [2]]


def test_names_may_hold_anything(history: TelemetryHistory) -> None:
    names = ('"; DROP TABLE assets; --', "ch.1", "CH.1", "ünï", "asset", "at", "select", " ")
    values = {name: float(number) for number, name in enumerate(names)}
    for name in names:
        history.write([batch(Reading(name, T, values), asset_class=name)], 1)
    for name in names:
        assert history.read(name, names, *EVER).values.tolist() == [list(values.values())]


def test_quality_is_returned_where_it_is_not_good(history: TelemetryHistory) -> None:
    history.write(
        [
            batch(
                said("p1", 1, v=1.0, w=1.0),
                said("p1", 2, {"w": Quality.BAD}, v=2.0, w=2.0),
                said("p1", 3, {"v": Quality.UNCERTAIN}, v=3.0),
            )
        ],
        1,
    )
    found = history.read("p1", ("v", "w"), *EVER)
    assert found.quality is not None
    assert found.quality.tolist() == [[0, 0], [0, 2], [1, 0]]
    assert history.read("p1", ("v", "w"), T, T + 2 * SECOND).quality is None
    only = history.read("p1", ("w",), *EVER).quality
    assert only is not None
    assert only.tolist() == [[0], [2]]


def test_a_later_good_value_takes_its_mark_away(history: TelemetryHistory) -> None:
    marks = {"v": Quality.BAD, "w": Quality.BAD}
    history.write([batch(said("p1", 1, marks, v=1.0, w=1.0))], 1)
    history.write([batch(said("p1", 1, v=2.0))], 2)
    found = history.read("p1", ("v", "w"), *EVER)
    assert found.quality is not None
    assert found.quality.tolist() == [[0, 2]]
    history.write([batch(said("p1", 1, w=2.0))], 3)
    assert history.read("p1", ("v", "w"), *EVER).quality is None


def test_of_marks_within_one_write_the_later_wins_too(history: TelemetryHistory) -> None:
    history.write(
        [
            batch(
                said("p1", 1, {"v": Quality.BAD}, v=1.0),
                said("p1", 1, v=2.0),
                said("p1", 2, v=1.0),
                said("p1", 2, {"v": Quality.UNCERTAIN}, v=2.0),
            )
        ],
        1,
    )
    quality = history.read("p1", ("v",), *EVER).quality
    assert quality is not None
    assert quality.tolist() == [[0], [1]]


def test_a_reading_without_values_leaves_nothing(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0), said("p1", 2))], 1)
    history.write([batch(said("p2", 1, {"v": Quality.BAD}))], 2)
    assert history.count() == 1
    assert history.latest("p2") is None


def test_the_position_is_stored_with_the_batches_and_alone(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0))], 5)
    assert history.position() == 5
    history.write([], 9)
    assert history.position() == 9


def test_the_latest_and_the_count_know_the_asset(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 3, v=1.0), said("p1", 1, v=1.0), said("p2", 9, v=1.0))], 1)
    assert history.latest("p1") == T + 3 * SECOND
    assert history.count("p1") == 2


def test_trimming_drops_what_is_older_of_every_asset(history: TelemetryHistory) -> None:
    bad = {"v": Quality.BAD}
    pumps = [said(f"p{n}", second, bad, v=second) for n in range(3) for second in range(10)]
    history.write([batch(*pumps), batch(said("m1", 1, v=1.0), asset_class="motor")], 1)
    assert history.trim(T + 4 * SECOND) == 13
    assert history.trim(T + 4 * SECOND) == 0
    assert history.count() == 18
    assert rows(history.read("p2", ("v",), *EVER, limit=9))[0] == (4, 4)
    history.write([batch(said("p0", 1, v=1.0))], 2)
    assert history.read("p0", ("v",), T, T + 2 * SECOND).quality is None


def test_more_than_one_trimming_batch_goes_in_one_call(history: TelemetryHistory) -> None:
    count = 4500
    history.write(
        [
            Readings(
                "pump",
                ("p1",),
                ("v",),
                np.zeros(count, np.int32),
                T + np.arange(count) * SECOND,
                np.ones((count, 1)),
                T,
            )
        ],
        1,
    )
    assert history.trim(T + 4400 * SECOND) == 4400
    assert history.count() == 100


def test_instants_beyond_all_bounds_are_only_wide(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0))], 1)
    assert len(history.read("p1", ("v",), -(2**80), 2**80)) == 1


def counted(second: int, messages: int, source: str = "telemetry") -> Readings:
    return replace(batch(said("p1", second, v=1.0)), source=source, messages=messages)


def test_an_empty_history_has_stored_no_messages_and_has_a_name(history: TelemetryHistory) -> None:
    kept = history.account()
    assert (kept.position, kept.stored, kept.refused) == (0, {}, {})
    assert kept.history and history.account() == kept


def test_messages_are_counted_by_source_with_the_position(history: TelemetryHistory) -> None:
    history.write([counted(1, 3), counted(2, 0), counted(3, 2, "lines")], 5)
    history.write([counted(4, 4)], 9)
    kept = history.account()
    assert (kept.position, kept.stored) == (9, {"telemetry": 7, "lines": 2})


def test_a_write_that_is_repeated_is_not_counted_again(history: TelemetryHistory) -> None:
    history.write([counted(1, 3)], 5)
    history.write([counted(1, 3)], 5)
    assert history.account().stored == {"telemetry": 3}


def test_messages_that_cannot_be_read_count_as_refused(history: TelemetryHistory) -> None:
    history.write([counted(1, 3), counted(2, 2).take(np.array([False]))], 5)
    kept = history.account()
    assert (kept.stored, kept.refused) == ({"telemetry": 3}, {"telemetry": 2})


def test_trimming_takes_nothing_from_the_messages_that_were_stored(
    history: TelemetryHistory,
) -> None:
    history.write([counted(1, 3)], 5)
    history.trim(T + 100 * SECOND)
    assert history.account().stored == {"telemetry": 3}


def test_what_is_written_aside_is_stored_and_moves_no_position(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0))], 7)
    before = history.account()
    history.write([batch(said("p1", 0, v=0.5), said("p1", 1, v=2.0))], ASIDE)
    assert history.position() == 7
    assert history.account() == before
    assert rows(history.read("p1", ("v",), *EVER)) == [(0, 0.5), (1, 2.0)]
