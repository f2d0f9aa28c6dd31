"""Joins columns of one asset that were kept in several places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.history import Columns


def joined(channels: tuple[str, ...], parts: Sequence[Columns], limit: int | None) -> Columns:
    """Merge parts by time; for the same moment and channel the last part wins."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return Columns(channels, np.empty(0, np.int64), np.empty((0, len(channels))))
    at = np.unique(np.concatenate([part.at for part in filled]))
    values = np.full((len(at), len(channels)), np.nan)
    quality = np.zeros(values.shape, np.uint8)
    for part in filled:
        rows = np.searchsorted(at, part.at)
        present = ~np.isnan(part.values)
        values[rows] = np.where(present, part.values, values[rows])
        if part.quality is not None:
            quality[rows] = np.where(present, part.quality, quality[rows])
        else:
            quality[rows] = np.where(present, 0, quality[rows])
    begin = 0 if limit is None else max(0, len(at) - limit)
    marks = quality[begin:]
    return Columns(channels, at[begin:], values[begin:], marks if marks.any() else None)
