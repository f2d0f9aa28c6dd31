"""Joins the series of an answer to columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.history import Columns
from storage.flux_csv import FluxTable
from storage.line_protocol import MARK


def classes_in(found: Iterable[FluxTable]) -> list[tuple[str, list[FluxTable]]]:
    """Sort tables by their class, which is their measurement."""
    classes: dict[str, list[FluxTable]] = {}
    for table in found:
        classes.setdefault(table.labels["_measurement"], []).append(table)
    return list(classes.items())


def class_columns(channels: tuple[str, ...], found: Sequence[FluxTable]) -> Columns:
    """Join the series of one asset and class by time: floats are values, whole numbers marks."""
    times = [table.at for table in found if not table.whole]
    at = np.unique(np.concatenate([np.empty(0, np.int64), *times]))
    values = np.full((len(at), len(channels)), np.nan)
    quality = np.zeros(values.shape, np.uint8)
    for table in found:
        name = table.labels["_field"]
        if not table.whole:
            rows = np.searchsorted(at, table.at)
            for k in (k for k, channel in enumerate(channels) if channel == name):
                values[rows, k] = table.value
            continue
        held = np.isin(table.at, at)
        rows = np.searchsorted(at, table.at[held])
        for k in (k for k, channel in enumerate(channels) if channel + MARK == name):
            quality[rows, k] = table.value[held]
    told = ~np.isnan(values).all(axis=1)
    marks = quality[told]
    return Columns(channels, at[told], values[told], marks if marks.any() else None)


def newest(columns: Columns, limit: int | None) -> Columns:
    """Keep the newest rows."""
    if limit is None or len(columns) <= limit:
        return columns
    marks = None if columns.quality is None else columns.quality[-limit:]
    return Columns(
        columns.channels,
        columns.at[-limit:],
        columns.values[-limit:],
        marks if marks is not None and marks.any() else None,
    )
