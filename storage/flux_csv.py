"""Reads InfluxDB's annotated CSV as columns: one table for each group that a query returned."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.readings import Instants

TYPES = "#datatype"
_WHOLE = {"long", "unsignedLong"}


@dataclass(frozen=True, slots=True, eq=False)
class FluxTable:
    """One table of an answer: what is the same in every row, its times and its values.

    `labels` are its columns of text, by the first row; `at` and `value` are empty where the answer
    had no `_time` or `_value`. `value` is float64, or int64 where InfluxDB holds whole numbers.
    """

    labels: dict[str, str]
    at: Instants
    value: NDArray[np.float64] | NDArray[np.int64]

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.value.dtype == np.int64


def tables(text: str) -> Iterator[FluxTable]:
    """Read an answer with the annotation `datatype`; `Unavailable` where it tells of an error."""
    types: list[str] = []
    names: list[str] = []
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO(text, newline="")):
        if len(row) > 1 and row[0] != TYPES:
            if names:
                rows.append(row)
            else:
                names = row
            continue
        yield from _grouped(types, names, rows)
        types, names, rows = row, [], []
    yield from _grouped(types, names, rows)


def _grouped(
    types: Sequence[str], names: Sequence[str], rows: list[list[str]]
) -> Iterator[FluxTable]:
    """Split the rows that share a heading where the number of their table changes."""
    if not rows:
        return
    if "error" in names:
        msg = f"InfluxDB ended a query: {rows[0][names.index('error')]}"
        raise Unavailable(msg)
    if types[:1] != [TYPES] or "table" not in names:
        msg = "what answers in place of InfluxDB does not answer as InfluxDB does"
        raise Unavailable(msg)
    place = names.index("table")
    begin = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][place] != rows[begin][place]:
            yield _table(types, names, rows[begin:end])
            begin = end


def _table(types: Sequence[str], names: Sequence[str], rows: list[list[str]]) -> FluxTable:
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    kinds = dict(zip(names, types, strict=True))
    labels = {name: columns[name][0] for name, kind in kinds.items() if kind == "string" and name}
    times = [time.removesuffix("Z") for time in columns.get("_time", ())]
    at = np.array(times, "datetime64[ns]").astype(np.int64)
    whole = kinds.get("_value") in _WHOLE
    numbers = columns["_value"] if whole or kinds.get("_value") == "double" else ()
    value = np.array(numbers, np.int64) if whole else np.array(numbers, np.float64)
    return FluxTable(labels, at, value)
