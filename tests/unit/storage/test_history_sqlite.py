from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from core.errors import Refused
from core.history import Columns
from core.readings import Reading, Readings
from storage.frames import to_frame
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


def test_a_failed_write_leaves_neither_rows_nor_position_nor_columns(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "h.db")
    history.write([batch(0, 10)], 1)
    wide = Readings.of("pump", [f"c{n}" for n in range(2000)], [Reading("p9", 1, {"c0": 1.0})], 0)
    with pytest.raises(Refused, match="no more than 1900 channels of one asset class"):
        history.write([batch(100, 10), wide], 2)
    assert (history.position(), history.count(), history.count("p9")) == (1, 10, 0)
    history.write([batch(100, 10)], 2)
    assert (history.position(), history.count()) == (2, 20)
    history.close()


def test_columns_become_a_frame_in_utc() -> None:
    columns = Columns(("v", "w"), np.array([10**18]), np.array([[1.0, np.nan]]))
    frame = to_frame(columns)
    assert str(frame.index[0]) == "2001-09-09 01:46:40+00:00"
    assert frame["v"].tolist() == [1.0]
    assert frame["w"].isna().all()
