from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from core.errors import PartlyRefused
from core.readings import Reading, Readings
from storage.history_sqlite import SqliteHistory


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
