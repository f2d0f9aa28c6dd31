"""Downsampled history against a slow plain twin, whatever is settled, repeated, late or trimmed."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import HOUR, MINUTE, SECOND, Instant, Span
from core.history import Summary, TelemetryHistory
from core.readings import Quality, Reading, Readings
from storage.history_memory import MemoryHistory
from storage.history_sqlite import SqliteHistory
from tests.buckets import Buckets

CHANNELS = ("u", "v")
ASSETS = ("p1", "p2")
LATEST = 3 * HOUR
floats = st.floats(-1e9, 1e9, width=64)
moments = st.integers(-6, 360).map(lambda number: number * 30 * SECOND)

Cell = tuple[float, int]
Samples = dict[tuple[str, Instant, str], Cell]
Row = tuple[float, float, float, int]


@st.composite
def a_batch(draw: st.DrawFn) -> Readings:
    readings = []
    for _ in range(draw(st.integers(0, 8))):
        values = draw(st.dictionaries(st.sampled_from(CHANNELS), floats, max_size=2))
        quality = {channel: draw(st.sampled_from(list(Quality))) for channel in values}
        at = draw(moments) + draw(st.integers(0, 3)) * 7 * SECOND
        readings.append(Reading(draw(st.sampled_from(ASSETS)), at, values, quality))
    return Readings.of("pump", CHANNELS, readings, arrived=0)


writes = st.lists(st.tuples(a_batch(), st.booleans()), min_size=1, max_size=6)


def note(samples: Samples, batch: Readings) -> None:
    for reading in batch:
        for channel, value in reading.values.items():
            mark = int(reading.quality.get(channel, 0))
            samples[(reading.asset, reading.at, channel)] = (value, mark)


def twin(samples: Samples, asset: str, channel: str, step: Span) -> dict[Instant, Row]:
    gathered: dict[Instant, list[float]] = {}
    for (name, at, said), (value, mark) in samples.items():
        if (name, said) == (asset, channel) and mark < Quality.BAD:
            gathered.setdefault(at // step * step, []).append(value)
    return {
        at: (math.fsum(values) / len(values), min(values), max(values), len(values))
        for at, values in gathered.items()
    }


def rows(found: Summary, channel: int) -> dict[Instant, Row]:
    columns = (found.mean, found.low, found.high, found.count)
    cells = zip(found.at.tolist(), *(part[:, channel].tolist() for part in columns), strict=True)
    return {at: (mean, low, high, count) for at, mean, low, high, count in cells if count}


@contextlib.contextmanager
def histories() -> Iterator[tuple[TelemetryHistory, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        kept = SqliteHistory(Path(folder) / "h.db")
        yield kept, MemoryHistory()
        kept.close()


def check(history: TelemetryHistory, samples: Samples, start: Instant, stop: Instant) -> None:
    for asset in ASSETS:
        for step in (MINUTE, HOUR):
            found = history.summary(asset, CHANNELS, start, stop, step)
            assert found.at.tolist() == sorted(set(found.at.tolist()))
            for number, channel in enumerate(CHANNELS):
                expected = twin(samples, asset, channel, step)
                chosen = {at: row for at, row in expected.items() if start <= at < stop}
                shown = rows(found, number)
                assert shown.keys() == chosen.keys()
                for at, row in chosen.items():
                    assert shown[at] == pytest.approx(row, rel=1e-9, abs=1e-6)
                    assert shown[at][1:] == row[1:]


@settings(max_examples=60)
@given(written=writes, start=moments, trims=st.integers(0, 3))
def test_a_summary_is_what_a_plain_count_would_give(
    written: list[tuple[Readings, bool]], start: Instant, trims: int
) -> None:
    samples: Samples = {}
    with histories() as both:
        for position, (batch, settled) in enumerate(written, 1):
            note(samples, batch)
            for history in both:
                history.write([batch], position)
                while settled and history.settle():
                    pass
                check(history, samples, start, LATEST + HOUR)
        for history in both:
            history.trim(trims * HOUR)
            check(history, samples, start, LATEST + HOUR)


@settings(max_examples=30)
@given(before=writes, after=writes, trimmed=st.integers(0, 3).map(lambda hours: hours * HOUR))
def test_after_a_trim_old_steps_stay_and_new_ones_follow_what_comes(
    before: list[tuple[Readings, bool]], after: list[tuple[Readings, bool]], trimmed: Instant
) -> None:
    samples: Samples = {}
    with histories() as both:
        for position, (batch, _) in enumerate(before, 1):
            note(samples, batch)
            for history in both:
                history.write([batch], position)
        for history in both:
            history.trim(trimmed)
        for position, (batch, settled) in enumerate(after, 1 + len(before)):
            fresh = [reading for reading in batch if reading.at >= trimmed]
            late = Readings.of("pump", CHANNELS, fresh, arrived=0)
            note(samples, late)
            for history in both:
                history.write([late], position)
                while settled and history.settle():
                    pass
                check(history, samples, -HOUR, LATEST + HOUR)


@pytest.mark.influxd
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=writes, after=writes, trimmed=st.integers(0, 3).map(lambda hours: hours * HOUR))
def test_influxdb_sums_up_as_a_plain_count_would(
    buckets: Buckets,
    before: list[tuple[Readings, bool]],
    after: list[tuple[Readings, bool]],
    trimmed: Instant,
) -> None:
    samples: Samples = {}
    with tempfile.TemporaryDirectory() as folder:
        history = buckets.history(Path(folder))
        for position, (batch, settled) in enumerate(before, 1):
            note(samples, batch)
            history.write([batch], position)
            while settled and history.settle():
                pass
        check(history, samples, -HOUR, LATEST + HOUR)
        history.trim(trimmed)
        check(history, samples, -HOUR, LATEST + HOUR)
        for position, (batch, settled) in enumerate(after, 1 + len(before)):
            fresh = [reading for reading in batch if reading.at >= trimmed]
            late = Readings.of("pump", CHANNELS, fresh, arrived=0)
            note(samples, late)
            history.write([late], position)
            while settled and history.settle():
                pass
        check(history, samples, -HOUR, LATEST + HOUR)
        history.close()
