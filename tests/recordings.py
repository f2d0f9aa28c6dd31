"""Small recordings as files: sound ones, and ugly ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 400
FAULT = 300
"""From this row on, channel `a` reads far too much."""


def frame(rows: int = ROWS, fault: int | None = FAULT) -> pd.DataFrame:
    """Make a recording of two channels at one reading a minute."""
    rng = np.random.default_rng(5)
    times = pd.date_range("2026-01-01", periods=rows, freq="min")
    a, b = rng.normal(10, 1, rows), rng.normal(5, 0.5, rows)
    if fault is not None:
        a[fault:] += 8
    return pd.DataFrame({"time": times.strftime("%Y-%m-%d %H:%M:%S"), "a": a, "b": b})


def csv(
    where: Path, data: pd.DataFrame | None = None, name: str = "pump.csv", **how: object
) -> Path:
    """Write a recording as CSV."""
    path = where / name
    (frame() if data is None else data).to_csv(path, index=False, **how)  # type: ignore[call-overload]
    return path
