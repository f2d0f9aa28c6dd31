"""History against a dictionary: later write wins, readings of one moment merge."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import PartlyRefused
from core.history import TelemetryHistory
from core.readings import Quality, Reading, Readings
from storage.history_memory import MemoryHistory
from storage.history_sqlite import SqliteHistory
from tests.buckets import Buckets

CHANNELS = ("u", "v", "w")
ASSETS = ("p1", "p2", "p3")
floats = st.floats(allow_nan=False, width=64)


@st.composite
def a_reading(draw: st.DrawFn, channels: tuple[str, ...]) -> Reading:
    values = draw(st.dictionaries(st.sampled_from(channels), floats, max_size=len(channels)))
    marks = st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD])
    quality = {channel: draw(marks) for channel in values}
    return Reading(draw(st.sampled_from(ASSETS)), draw(st.integers(-3, 6)), values, quality)


@st.composite
def a_batch(draw: st.DrawFn) -> Readings:
    channels = tuple(draw(st.permutations(CHANNELS)))[: draw(st.integers(1, 3))]
    readings = draw(st.lists(a_reading(channels), max_size=8))
    return Readings.of("pump", channels, readings, arrived=0)


writes = st.lists(st.lists(a_batch(), max_size=4), min_size=1, max_size=4)
Cell = tuple[float, int]


def twin(
    batches: list[list[Readings]], *, finite: bool = False
) -> dict[tuple[str, int], dict[str, Cell]]:
    kept: dict[tuple[str, int], dict[str, Cell]] = {}
    for group in batches:
        for batch in group:
            for reading in batch:
                for channel, value in reading.values.items():
                    if finite and not np.isfinite(value):
                        continue
                    row = kept.setdefault((reading.asset, reading.at), {})
                    row[channel] = (value, int(reading.quality.get(channel, 0)))
    return kept


@settings(max_examples=150)
@given(batches=writes, older_than=st.integers(-4, 7), start=st.integers(-4, 7))
def test_a_history_returns_what_a_dictionary_would(
    batches: list[list[Readings]], older_than: int, start: int
) -> None:
    expected = twin(batches)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for history in (SqliteHistory(Path(folder) / "h.db"), MemoryHistory()):
            stack.callback(history.close)
            for position, group in enumerate(batches, 1):
                history.write(group, position)
            check(history, expected, start)
            old = [key for key in expected if key[1] < older_than]
            assert history.trim(older_than) == len(old)
            check(history, {k: row for k, row in expected.items() if k not in old}, start)
            assert history.position() == len(batches)


@pytest.mark.influxd
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(a_batch(), max_size=4), min_size=1, max_size=3))
def test_influxdb_returns_what_a_dictionary_would(
    buckets: Buckets, batches: list[list[Readings]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = buckets.history(Path(folder))
        for position, group in enumerate(batches, 1):
            with contextlib.suppress(PartlyRefused):  # infinite values, which it cannot hold
                history.write(group, position)
        check(history, twin(batches, finite=True), -4)
        assert history.position() == len(batches)
        history.close()


def check(
    history: TelemetryHistory,
    expected: dict[tuple[str, int], dict[str, Cell]],
    start: int,
) -> None:
    assert history.count() == len(expected)
    for asset in ASSETS:
        times = sorted(at for name, at in expected if name == asset)
        assert history.latest(asset) == max(times, default=None)
        found = history.read(asset, CHANNELS, start, 7)
        assert found.at.tolist() == [at for at in times if at >= start]
        for row, at in enumerate(found.at.tolist()):
            cells = expected[(asset, at)]
            for k, channel in enumerate(CHANNELS):
                value, mark = cells.get(channel, (np.nan, 0))
                assert np.array_equal(found.values[row, k], value, equal_nan=True)
                assert (0 if found.quality is None else found.quality[row, k]) == mark
