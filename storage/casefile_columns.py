"""Thinned scores laid out as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.casefile import Condition
from core.history import Columns


def columns_of(names: Sequence[str], conditions: Sequence[Condition]) -> Columns:
    """Lay out the conditions of one asset by time, one column per name, NaN where there is none."""
    at = np.array(sorted({condition.at for condition in conditions}), np.int64)
    values = np.full((len(at), len(names)), np.nan)
    column = {name: k for k, name in enumerate(names)}
    rows = np.searchsorted(at, np.array([condition.at for condition in conditions], np.int64))
    for row, condition in zip(rows.tolist(), conditions, strict=True):
        values[row, column[condition.name]] = condition.value
    return Columns(tuple(names), at, values)
