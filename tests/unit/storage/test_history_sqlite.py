from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from core.clock import HOUR, MINUTE, SECOND
from core.errors import PartlyRefused
from core.readings import Reading, Readings
from storage import history_tables
from storage.history_sqlite import FORM, SqliteHistory


def batch(start: int, count: int, *channels: str) -> Readings:
    return Readings(
        "pump",
        ("p1", "p2"),
        channels or ("v",),
        np.arange(count, dtype=np.int32) % 2,
        start + np.arange(count, dtype=np.int64),
        np.arange(count * max(1, len(channels)), dtype=float).reshape(count, -1),
        arrived=0,
    )


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    history.write([batch(0, 10, "v", "w")], 7)
    history.close()
    history = SqliteHistory(tmp_path / "h.db")
    history.write([batch(0, 4, "w", "x")], 8)
    assert history.position() == 8
    found = history.read("p1", ("v", "w", "x"), 0, 4)
    assert found.values.tolist() == [[0, 0, 1], [4, 4, 5]]
    history.close()


def test_readers_in_other_threads_see_whole_batches(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    counts: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            counts.append(history.count())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(20):
        history.write([batch(number * 100, 100)], number)
    done.set()
    reader.join()
    assert all(count % 100 == 0 for count in counts)
    assert history.count() == 2000
    history.close()


def test_rows_with_more_channels_than_a_table_holds_are_refused_and_the_rest_is_stored(
    tmp_path: Path,
) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    wide = Readings.of("wide", [f"c{n}" for n in range(1901)], [Reading("p9", 1, {"c0": 1.0})], 0)
    with pytest.raises(PartlyRefused, match="1 of 11 refused: wide: SQLite history") as refusal:
        history.write([wide, batch(0, 10)], 2)
    assert (refusal.value.accepted, refusal.value.refused) == (10, 1)
    assert (history.position(), history.count(), history.count("p9")) == (2, 10, 0)
    history.write([batch(100, 10)], 3)
    assert (history.position(), history.count()) == (3, 20)
    history.close()


def test_a_write_that_fails_leaves_neither_rows_nor_position(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    history.write([batch(0, 10)], 1)
    with pytest.raises(OverflowError):
        history.write([batch(100, 10, "new")], 2**70)
    assert (history.position(), history.count()) == (1, 10)
    history.write([batch(100, 10, "new")], 2)
    assert (history.position(), history.count()) == (2, 20)
    history.close()


def old_file(path: Path) -> None:
    """Write a file of the form that came before summaries, as that version left it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(
        f"{history_tables.SCHEMA} PRAGMA application_id={FORM.application_id};"
        "PRAGMA user_version=2;"
        "INSERT INTO classes VALUES(1, 'pump'); INSERT INTO channels VALUES(1, 0, 'v');"
        "INSERT INTO assets VALUES(1, 'p1', 1), (2, 'p2', 1); UPDATE position SET value = 7;"
        "CREATE TABLE telemetry_1(asset INTEGER NOT NULL, at INTEGER NOT NULL, c0 REAL,"
        "PRIMARY KEY(asset, at)) WITHOUT ROWID;"
    )
    rows = [(1, second * 40 * SECOND, float(second)) for second in range(9000)]
    connection.executemany("INSERT INTO telemetry_1 VALUES(?, ?, ?)", rows)
    connection.commit()
    connection.close()


def test_a_file_from_before_summaries_opens_and_is_summed_up(tmp_path: Path) -> None:
    old_file(tmp_path / "h.db")
    for _ in range(2):
        history = SqliteHistory(tmp_path / "h.db")
        assert (history.position(), history.count("p1")) == (7, 9000)
        hours = history.summary("p1", ("v",), 0, 2**62, HOUR)
        assert hours.count[:, 0].tolist() == [90] * 100
        assert hours.mean[:3, 0].tolist() == pytest.approx([44.5, 134.5, 224.5])
        rounds = 1
        while history.settle():
            rounds += 1
        history.close()
    assert rounds == 1
    connection = sqlite3.connect(tmp_path / "h.db")
    assert connection.execute("SELECT count(*) FROM touched").fetchone() == (0,)
    assert connection.execute("SELECT step, count(*) FROM summaries GROUP BY step").fetchall() == [
        (MINUTE, 6000),
        (HOUR, 100),
    ]
    connection.close()


def test_settling_goes_on_in_bounded_pieces_and_gives_every_asset_its_turn(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    rows = 30_000
    for asset in ("p1", "p2", "p3"):
        at = np.arange(rows) * SECOND // 10
        values = np.ones((rows, 1))
        history.write(
            [Readings("pump", (asset,), ("v",), np.zeros(rows, np.int32), at, values, 0)], 1
        )
    assert [history.settle() for _ in range(4)] == [True, True, True, False]
    history.close()
