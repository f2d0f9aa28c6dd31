"""Columns as pandas frames, for notebooks, plots and exports; never in the running service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.history import Columns

if TYPE_CHECKING:
    import pandas as pd


def to_frame(columns: Columns) -> pd.DataFrame:
    """Turn columns into a frame with one column per channel, indexed by UTC time."""
    import pandas as pd

    index = pd.DatetimeIndex(columns.at, tz="UTC", name="at")
    return pd.DataFrame(columns.values, index=index, columns=list(columns.channels))
