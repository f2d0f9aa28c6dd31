"""The times of a recording: dates, counts since 1970, or a counter of equal steps."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from core.clock import Instant
from core.errors import Refused
from core.readings import Instants
from simulators.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

_CLOCKS = ("datetime", "timestamp", "time", "date", "ts", "date time", "_time", "date_time")
_COUNTERS = ("cycle", "cycles", "time", "counter", "step", "index", "sample", "row")
_EPOCH_UNITS = ((1e8, 1e11, "s"), (1e11, 1e14, "ms"), (1e14, 1e17, "us"), (1e17, 9e18, "ns"))
UNKNOWN: Instant = np.iinfo(np.int64).min
"""Stands where a row's time is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The instant of each row, the columns they were taken from, and what to tell about them.

    `counted` is true where the instants count from 1970 only because they must count from
    somewhere. Without a column the rows themselves count.
    """

    at: Instants | None
    columns: tuple[str, ...]
    counted: bool
    notes: tuple[str, ...] = ()


def timeline(frame: pd.DataFrame, layout: Layout) -> Timeline:
    """Find and read the time of each row; Refused says what is missing or unreadable."""
    name = layout.time or _find(frame, layout)
    if name is None:
        if layout.step is None:
            msg = (
                "no time column found; name it with --time COLUMN, or give the length of one row"
                f" with --step 1s. Columns: {', '.join(map(str, frame.columns))}"
            )
            raise Refused(msg)
        return Timeline(None, (), counted=True, notes=("no time column: rows are counted",))
    if name not in frame.columns:
        msg = f"no column {name!r}; columns: {', '.join(map(str, frame.columns))}"
        raise Refused(msg)
    column = frame[name]
    if _is_number(column):
        return _numbers(column, name, layout)
    return _dates(frame, column, name, layout)


def _find(frame: pd.DataFrame, layout: Layout) -> str | None:
    known = {str(name).strip().casefold(): name for name in frame.columns}
    wanted = _CLOCKS if layout.step is None else (*_COUNTERS, *_CLOCKS)
    for word in wanted:
        if word in known and known[word] != layout.asset_column:
            found: str = known[word]
            return found
    return None


def _is_number(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf"


def _numbers(column: pd.Series, name: str, layout: Layout) -> Timeline:
    count = column.to_numpy(np.float64, na_value=np.nan)
    missing = ~np.isfinite(count)
    if missing.all():
        msg = f"the time column {name!r} is empty"
        raise Refused(msg)
    unit = next((u for low, high, u in _EPOCH_UNITS if low <= np.nanmedian(count) < high), None)
    if layout.step is None and unit is None:
        msg = (
            f"the column {name!r} counts ({count[~missing][0]:g}, …) and is no date;"
            " say how long one count is: --step 1s"
        )
        raise Refused(msg)
    if layout.step is not None:
        at = np.where(missing, 0.0, count) * layout.step
        note = f"{name} counts steps"
    else:
        factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[str(unit)]
        whole = np.where(missing, 0.0, np.floor(count))
        at = whole.astype(np.int64) * factor
        at = at + np.round(np.where(missing, 0.0, count - whole) * factor).astype(np.int64)
        note = f"{name} is read as {unit} since 1970"
    at = np.where(missing, UNKNOWN, np.round(at).astype(np.int64))
    return Timeline(at, (name,), counted=layout.step is not None, notes=(note,))


def _dates(frame: pd.DataFrame, column: pd.Series, name: str, layout: Layout) -> Timeline:
    columns: tuple[str, ...] = (name,)
    by_name = {str(other).strip().casefold(): other for other in frame.columns}
    partner = by_name.get("time") if name.strip().casefold() == "date" else None
    text = column.astype("string").str.strip()
    if partner is not None and layout.time is None and not _is_number(frame[partner]):
        text = text + " " + frame[partner].astype("string").str.strip()
        columns = (name, partner)
    moments = _parse(text, name)
    notes = []
    if moments.dt.tz is None:
        notes.append(f"times without a zone are taken as {layout.zone}")
        moments = _localize(moments, layout.zone)
    stamps = moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ns]")
    at = stamps.to_numpy().astype(np.int64)
    at = np.where(moments.isna().to_numpy(), UNKNOWN, at)
    return Timeline(at, columns, counted=False, notes=tuple(notes))


def _parse(text: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    attempts: tuple[dict[str, Any], ...] = (
        {"format": "ISO8601"},
        {},
        {"dayfirst": True},
        {"format": "ISO8601", "utc": True},
    )
    for options in attempts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                parsed: pd.Series = pd.to_datetime(text, **options)
        except (ValueError, TypeError, OverflowError, UserWarning, FutureWarning):
            continue
        if parsed.dtype.kind == "M":
            return parsed
    return _refuse_first_bad(text, name)


def _refuse_first_bad(text: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bad = pd.to_datetime(text, errors="coerce", utc=True, format="mixed").isna()
    bad &= text.notna()
    row = int(np.flatnonzero(bad.to_numpy())[0]) if bad.any() else 0
    msg = f"row {row + 1}: {text.iloc[row]!r} in the column {name!r} is not a time"
    raise Refused(msg)


def _localize(moments: pd.Series, zone: str) -> pd.Series:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        msg = f"{zone!r} is not a time zone; write it like Asia/Karachi"
        raise Refused(msg) from None
    try:
        placed: pd.Series = moments.dt.tz_localize(
            zone, ambiguous="infer", nonexistent="shift_forward"
        )
    except ValueError:
        # One reading in the repeated hour cannot show which of the two it is: take the second.
        plain = np.zeros(len(moments), np.bool_)
        placed = moments.dt.tz_localize(zone, ambiguous=plain, nonexistent="shift_forward")
    return placed
