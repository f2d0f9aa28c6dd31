"""The times of a recording: dates, counts since 1970, or a counter of equal steps."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from core.clock import Instant
from core.errors import Refused
from core.readings import Bools, Instants
from simulators.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

_CLOCKS = ("datetime", "timestamp", "date time", "date_time", "ts", "_time", "date", "time")
_COUNTERS = ("cycle", "cycles", "time", "counter", "step", "index", "sample", "row")
_EPOCH_UNITS = ((1e8, 1e11, "s"), (1e11, 1e14, "ms"), (1e14, 1e17, "us"), (1e17, 9e18, "ns"))
_EPOCH_FACTORS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_TIME_OF_DAY = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_DAY_AND_MONTH = r"^(\d{1,2})[./-](\d{1,2})[./-]\d"
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
    if layout.step is not None:
        at = np.round(np.where(missing, 0.0, count) * layout.step).astype(np.int64)
        note = f"{name} counts steps"
    elif unit is not None:
        at = _since_1970(column, missing, _EPOCH_FACTORS[unit])
        note = f"{name} is read as {unit} since 1970"
    else:
        msg = (
            f"the column {name!r} counts ({count[~missing][0]:g}, …) and is no date;"
            " say how long one count is: --step 1s"
        )
        raise Refused(msg)
    at = np.where(missing, UNKNOWN, at)
    return Timeline(at, (name,), counted=layout.step is not None, notes=(note,))


def _since_1970(column: pd.Series, missing: Bools, factor: int) -> Instants:
    if column.dtype.kind in "iu":
        # Nanoseconds do not fit into a double.
        return column.to_numpy(np.int64) * factor
    count = np.where(missing, 0.0, column.to_numpy(np.float64, na_value=0.0))
    whole = np.floor(count)
    below = np.round((count - whole) * factor).astype(np.int64)
    at: Instants = whole.astype(np.int64) * factor + below
    return at


def _dates(frame: pd.DataFrame, column: pd.Series, name: str, layout: Layout) -> Timeline:
    columns: tuple[str, ...] = (name,)
    by_name = {str(other).strip().casefold(): other for other in frame.columns}
    partner = by_name.get("time") if name.strip().casefold() == "date" else None
    text = column.astype("string").str.strip()
    if partner is not None and layout.time is None and not _is_number(frame[partner]):
        text = text + " " + frame[partner].astype("string").str.strip()
        columns = (name, partner)
    moments, told = _parse(text, name)
    notes = list(told)
    if moments.dt.tz is None:
        notes.append(f"times without a zone are taken as {layout.zone}")
        moments = _localize(moments, layout.zone)
    stamps = moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ns]")
    at = stamps.to_numpy().astype(np.int64)
    at = np.where(moments.isna().to_numpy(), UNKNOWN, at)
    return Timeline(at, columns, counted=False, notes=tuple(notes))


def _parse(text: pd.Series, name: str) -> tuple[pd.Series, tuple[str, ...]]:
    """Read dates of one form, whichever it is; what could be read in two ways is noted."""
    if text.str.fullmatch(_TIME_OF_DAY).fillna(value=True).all():
        msg = f"the column {name!r} holds times of day without a date; name another with --time"
        raise Refused(msg)
    numbers = text.str.extract(_DAY_AND_MONTH).astype("Float64")
    day_first = not bool((numbers[1] > 12).any())
    open_question = day_first and bool(numbers[0].notna().any()) and not (numbers[0] > 12).any()
    attempts: tuple[dict[str, Any], ...] = (
        {"format": "ISO8601"},
        {"format": "ISO8601", "utc": True},
        {"dayfirst": day_first},
    )
    for options in attempts:
        parsed = _attempt(text, options)
        if parsed is not None:
            return parsed, ("dates are read as day, month, year",) if open_question else ()
    raise _first_bad(text, name)


def _attempt(text: pd.Series, options: dict[str, Any]) -> pd.Series | None:
    import pandas as pd

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            parsed: pd.Series = pd.to_datetime(text, **options)
    except (ValueError, TypeError, OverflowError):
        return None
    # Without one form for all rows, each would be guessed by itself, day and month mixed up.
    guessed = any("Could not infer format" in str(warning.message) for warning in caught)
    return None if guessed or parsed.dtype.kind != "M" else parsed


def _first_bad(text: pd.Series, name: str) -> Refused:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bad = pd.to_datetime(text, errors="coerce", utc=True, format="mixed").isna()
    bad &= text.notna()
    row = int(np.flatnonzero(bad.to_numpy())[0]) if bad.any() else 0
    return Refused(f"row {row + 1}: {text.iloc[row]!r} in the column {name!r} is not a time")


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
