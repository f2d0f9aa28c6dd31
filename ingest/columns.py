"""Readings of one class and source as columns, with the numbers of the messages they came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.readings import Bools, Floats, Indexes, Instants, Reading, Readings
from ingest.form import Form


@dataclass(frozen=True, slots=True)
class Columns:
    """`number[i]` is the message of row i within its batch, `row[i]` its asset's in the form."""

    number: NDArray[np.int64]
    row: Indexes
    at: Instants
    values: Floats
    quality: NDArray[np.uint8] | None = None

    def take(self, rows: Bools | NDArray[np.intp]) -> Columns:
        """Select rows by mask or index."""
        quality = None if self.quality is None else self.quality[rows]
        return Columns(self.number[rows], self.row[rows], self.at[rows], self.values[rows], quality)

    def block(
        self, form: Form, arrived: Instant, source: str, messages: int, *, past: bool = False
    ) -> Readings:
        """Make the journal's block of them."""
        used, asset = np.unique(self.row, return_inverse=True)
        return Readings(
            form.name,
            tuple(form.assets[row] for row in used.tolist()),
            form.channel_names,
            asset.astype(np.int32),
            self.at,
            self.values,
            arrived,
            self.quality,
            past,
            source,
            messages,
        )


def of_readings(form: Form, inspected: Iterable[tuple[int, Reading]]) -> Columns:
    """Make columns of readings that were inspected one by one, each with its message's number."""
    numbers, readings = zip(*inspected, strict=True)
    slow = Readings.of(form.name, form.channel_names, readings, 0)
    row = np.array([form.rows[reading.asset] for reading in readings], np.int32)
    return Columns(np.array(numbers), row, slow.at, slow.values, slow.quality)


def merged(one: Columns | None, other: Columns) -> Columns:
    """Put columns together by order of arrival."""
    if one is None:
        return other
    number = np.concatenate((one.number, other.number))
    order = np.argsort(number, kind="stable")
    quality = None
    if one.quality is not None or other.quality is not None:
        quality = np.concatenate((_marks(one), _marks(other)))[order]
    return Columns(
        number[order],
        np.concatenate((one.row, other.row))[order],
        np.concatenate((one.at, other.at))[order],
        np.concatenate((one.values, other.values))[order],
        quality,
    )


def joined(columns: Columns) -> Columns:
    """Make one row of all rows of one asset and moment; a later value wins over an earlier one."""
    order = np.lexsort((columns.number, columns.at, columns.row))
    row, at = columns.row[order], columns.at[order]
    fresh = np.ones(len(row), np.bool_)
    fresh[1:] = (row[1:] != row[:-1]) | (at[1:] != at[:-1])
    if fresh.all():
        return columns
    group = np.cumsum(fresh) - 1
    first = order[fresh]
    values = np.full((len(first), columns.values.shape[1]), np.nan)
    said = columns.values[order]
    rows, places = np.nonzero(~np.isnan(said))
    values[group[rows], places] = said[rows, places]
    quality = None
    if columns.quality is not None:
        quality = np.zeros(values.shape, np.uint8)
        quality[group[rows], places] = columns.quality[order][rows, places]
    by_arrival = np.argsort(columns.number[first], kind="stable")
    found = Columns(columns.number[first], columns.row[first], columns.at[first], values, quality)
    return found.take(by_arrival)


def _marks(columns: Columns) -> NDArray[np.uint8]:
    if columns.quality is None:
        return np.zeros(columns.values.shape, np.uint8)
    return columns.quality
