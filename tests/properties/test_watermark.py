"""The columnar watermark against a plain twin that walks the readings one by one."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from core.clock import MINUTE
from models.course import rounds, spans
from service.watermark import Watermark

CHANNELS = 3
ARRIVED = 50 * MINUTE
BAD = -1.0
"""Stands for a value that is called bad: it was said, and is none."""

reading = st.tuples(
    st.integers(-1, 3),
    st.sampled_from([MINUTE, 2 * MINUTE, 3 * MINUTE, 49 * MINUTE, 99 * MINUTE]),
    st.lists(st.sampled_from([None, BAD, 1.0, 2.0]), min_size=CHANNELS, max_size=CHANNELS),
)
batches = st.lists(st.lists(reading, max_size=12), max_size=6)
Batch = list[tuple[int, int, list[float | None]]]
Seen = list[tuple[int, int, tuple[float | None, ...]]]


class PlainWatermark:
    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self.seen: dict[int, set[int]] = {}
        self.counts = {"late": 0, "duplicate": 0, "jumped": 0}

    def admit(self, asset: int, at: int, values: list[float | None]) -> list[float | None] | None:
        last, limit = self.last.get(asset), ARRIVED + MINUTE
        present = {k for k, value in enumerate(values) if value is not None}
        if last is not None and at < last:
            if not (last > limit >= at):
                self.counts["late"] += 1
                return None
            self.counts["jumped"] += 1
        if last == at:
            new = present - self.seen[asset]
            self.counts["duplicate"] += bool(present - new) or not present
            self.seen[asset] |= present
            if not new:
                return None
            return [value if k in new else None for k, value in enumerate(values)]
        self.last[asset] = at
        self.seen[asset] = present
        return values


def columnar(batch: Batch, mark: Watermark, counts: dict[str, int]) -> Seen:
    asset = np.array([row[0] for row in batch], np.intp)
    at = np.array([row[1] for row in batch], np.int64)
    values = np.array([row[2] for row in batch], float).reshape(-1, CHANNELS)
    order, bounds = rounds(asset)
    seen: Seen = []
    for part in spans(bounds):
        rows = order[part]
        assert len(set(asset[rows])) == len(rows)
        bad = values[rows] == BAD
        blank = np.where(bad, np.nan, values[rows])
        found = mark.admit(asset[rows], at[rows], blank, ARRIVED, bad if bad.any() else None)
        kept = rows if found.rows is None else rows[found.rows]
        for name, mask in vars_of(found).items():
            counts[name] += 0 if mask is None else int(mask.sum())
        told = found.values if found.bad is None else np.where(found.bad, BAD, found.values)
        for row, admitted in zip(kept, told, strict=True):
            told = tuple(None if np.isnan(v) else float(v) for v in admitted)
            seen.append((int(asset[row]), int(at[row]), told))
    return seen


def vars_of(found: object) -> dict[str, np.ndarray | None]:
    return {name: getattr(found, name) for name in ("late", "duplicate", "jumped")}


@given(batches)
def test_the_columnar_watermark_equals_the_plain_one(played: list[Batch]) -> None:
    mark, plain = Watermark(4, CHANNELS, MINUTE), PlainWatermark()
    counts = dict.fromkeys(plain.counts, 0)
    for batch in played:
        expected: Seen = []
        for asset, at, values in batch:
            admitted = plain.admit(asset, at, values) if asset >= 0 else None
            if admitted is not None:
                expected.append((asset, at, tuple(admitted)))
        found = columnar(batch, mark, counts)
        for asset in range(4):
            assert [row for row in found if row[0] == asset] == [
                row for row in expected if row[0] == asset
            ]
    assert counts == plain.counts


@given(batches)
def test_a_watermark_does_not_depend_on_how_readings_are_batched(played: list[Batch]) -> None:
    whole: Batch = [row for batch in played for row in batch]
    first, second = Watermark(4, CHANNELS, MINUTE), Watermark(4, CHANNELS, MINUTE)
    counts = dict.fromkeys(("late", "duplicate", "jumped"), 0)
    apart = [row for batch in played for row in columnar(batch, first, counts)]
    together = columnar(whole, second, dict(counts))
    for asset in range(4):
        mine = [row for row in apart if row[0] == asset]
        assert mine == [row for row in together if row[0] == asset]
    assert np.array_equal(first.last_at, second.last_at)
