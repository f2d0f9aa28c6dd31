"""When the rows of a table were measured: which column tells it, and in which form."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.clock import SECOND
from core.readings import Bools, Floats, Instants

if TYPE_CHECKING:
    import pandas as pd

CALLED = (
    "datetime", "timestamp", "date time", "date_time", "time stamp", "time_stamp", "ts", "_time",
    "event_time", "time", "date", "zeit", "zeitstempel", "datum",
)  # fmt: skip
"""What columns of times are usually called, likeliest first."""

COUNTING = ("index", "cycle", "cycles", "counter", "step", "sample", "row", "t")
"""What columns that count may be called; they are taken for times only where they run on."""

FORMS = (
    "ISO 8601 (2026-11-23T08:00:00Z), a date with time (23.11.2026 08:00:00), seconds, milli-,"
    " micro- or nanoseconds since 1970, or a counter"
)

MOSTLY = 0.9
"""Such a share of cells must be readable for a column to count as times."""

LATEST = 9.2e18
"""The greatest number of nanoseconds that is kept."""

_EPOCHS = ((1e8, 1e11, 10**9), (1e11, 1e14, 10**6), (1e14, 1e17, 10**3), (1e17, 9e18, 1))
WORDS = {10**9: "seconds", 10**6: "milliseconds", 10**3: "microseconds", 1: "nanoseconds"}
"""What scales are called."""

_CLOCKS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%Y%m%d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a table tells the time.

    `columns` are their places: none where the rows themselves count, two for a date beside a time.
    `layout` is "iso", "stamps" (times as such), a layout of strptime, or "" for numbers, of which
    one is `scale` nanoseconds. `counts` is true where there is no date. `said` is it in words.
    """

    columns: tuple[int, ...]
    layout: str
    scale: int
    counts: bool
    said: str


ROWS = TimeForm((), "", SECOND, counts=True, said="no time column: rows are counted")


def recognise(frame: pd.DataFrame, names: list[str], aside: set[int]) -> TimeForm:
    """Find the column of times in the first rows; `ROWS` where none is one.

    `frame` has its columns by place; `aside` are places that hold something else.
    """
    known = {name.strip().casefold(): k for k, name in enumerate(names) if k not in aside}
    for word in (*CALLED, *COUNTING):
        if word in known:
            found = form_of(frame, names, known[word])
            if found is not None and (word in CALLED or _runs_on(frame[known[word]])):
                return found
    for k in range(min(len(names), 5)):
        if k in aside or frame[k].dtype.kind in "iufb":
            continue
        found = form_of(frame, names, k)
        if found is not None and not found.counts:
            return found
    first = names[0].strip().casefold() if names else ""
    if first.startswith(("unnamed", "column 1")) and _is_index(frame[0]):
        return TimeForm((0,), "", SECOND, counts=True, said="the first column counts the rows")
    return ROWS


def form_of(frame: pd.DataFrame, names: list[str], place: int) -> TimeForm | None:
    """Tell in which form one column holds times; None where it holds none."""
    cells, name = frame[place], names[place]
    if cells.dtype.kind == "M":
        return TimeForm((place,), "stamps", 1, counts=False, said=f'"{name}" holds times')
    numbers = as_numbers(cells)
    given = int(cells.notna().sum())
    if not given:
        return None
    if int(np.isfinite(numbers).sum()) >= MOSTLY * given:
        return _number_form(numbers, name, place)
    text = cells.astype("string").str.strip()
    partner = _partner(frame, names, place)
    if partner is not None:
        text = text + " " + frame[partner].astype("string").str.strip()
    layout = _layout(text)
    if layout is None:
        return None
    columns = (place,) if partner is None else (place, partner)
    return TimeForm(columns, layout, 1, counts=False, said=_in_words(layout, name))


def read(frame: pd.DataFrame, form: TimeForm, first: int) -> tuple[Instants, Bools]:
    """Read the times of rows, of which the first is number `first`; false where one is unread."""
    if not form.columns:
        at = (first + np.arange(len(frame), dtype=np.int64)) * form.scale
        return at, np.ones(len(frame), np.bool_)
    cells = frame[form.columns[0]]
    if form.layout == "":
        return _counted(cells, form.scale)
    import pandas as pd

    text = cells if form.layout == "stamps" else cells.astype("string").str.strip()
    if len(form.columns) > 1:
        text = text + " " + frame[form.columns[1]].astype("string").str.strip()
    layout = "ISO8601" if form.layout == "iso" else form.layout
    given: dict[str, Any] = {} if form.layout == "stamps" else {"format": layout}
    stamps = pd.to_datetime(text, utc=True, errors="coerce", **given)
    known = stamps.notna().to_numpy(np.bool_)
    held = stamps.where(known, pd.Timestamp(0, tz="UTC")).dt.as_unit("ns")
    return np.asarray(held.astype(np.int64), np.int64), known


def told(frame: pd.DataFrame, form: TimeForm, first: int) -> list[str]:
    """Write the times of rows as the table has them."""
    if not form.columns:
        return [str(first + k) for k in range(len(frame))]
    parts = [_as_text(frame[place]) for place in form.columns]
    return parts[0] if len(parts) == 1 else [" ".join(pair) for pair in zip(*parts, strict=True)]


def as_numbers(cells: pd.Series[Any]) -> Floats:
    """Read cells as numbers, NaN where one is none."""
    import pandas as pd

    if cells.dtype.kind in "mM":
        return np.full(len(cells), np.nan)
    read = pd.to_numeric(cells, errors="coerce")
    numbers: Floats = read.to_numpy(np.float64, na_value=np.nan)
    return numbers


def first_unread(cells: pd.Series[Any]) -> int:
    """Find the first cell that keeps a column from being numbers; 0 where hardly any is one."""
    given = cells.notna().to_numpy(np.bool_)
    number = np.isfinite(as_numbers(cells))
    odd = given & ~number
    return int(np.argmax(odd)) if number.any() and odd.any() else 0


def _as_text(cells: pd.Series[Any]) -> list[str]:
    if cells.dtype.kind == "M":
        stamps = cells.dt.tz_convert("UTC").dt.tz_localize(None) if _zoned(cells) else cells
        written = np.datetime_as_string(stamps.to_numpy())
        ends = "Z" if _zoned(cells) else ""
        return ["" if text == "NaT" else _shortened(str(text)) + ends for text in written]
    return [text.strip() for text in cells.astype("string").fillna("").tolist()]


def _shortened(text: str) -> str:
    whole, dot, below = text.partition(".")
    below = below.rstrip("0")
    return f"{whole}{dot}{below}" if below else whole


def _zoned(cells: pd.Series[Any]) -> bool:
    return getattr(cells.dtype, "tz", None) is not None


def _is_index(cells: pd.Series[Any]) -> bool:
    numbers = as_numbers(cells)
    return len(numbers) > 1 and bool((np.diff(numbers) == 1).all())


def _runs_on(cells: pd.Series[Any]) -> bool:
    """Tell whether nearly every count is above the one before, or below it."""
    passed = np.diff(as_numbers(cells)) if cells.dtype.kind != "M" else np.ones(1)
    if not len(passed):
        return True
    return bool(max(np.mean(passed > 0), np.mean(passed < 0)) >= MOSTLY)


def _number_form(numbers: Floats, name: str, place: int) -> TimeForm:
    middle = float(np.nanmedian(numbers))
    for least, most, scale in _EPOCHS:
        if least <= middle < most:
            said = f'"{name}" is read as {WORDS[scale]} since 1970'
            return TimeForm((place,), "", scale, counts=False, said=said)
    said = f'"{name}" counts: one is taken as a second'
    return TimeForm((place,), "", SECOND, counts=True, said=said)


def _partner(frame: pd.DataFrame, names: list[str], place: int) -> int | None:
    """Find the time of day that stands beside a date."""
    if names[place].strip().casefold() not in {"date", "datum"}:
        return None
    for k, name in enumerate(names):
        if (
            name.strip().casefold() in {"time", "zeit", "uhrzeit"}
            and frame[k].dtype.kind not in "iuf"
        ):
            return k
    return None


def _layout(text: pd.Series[Any]) -> str | None:
    """Find the layout by which nearly all texts are times; among several, that which runs on."""
    import pandas as pd

    given = text[text.notna() & (text != "")].iloc[:2000]
    if not len(given) or given.str.contains(r"\d").mean() < MOSTLY:
        return None
    candidates = [f"{day} {clock}" for day in _DAYS for clock in _CLOCKS]
    candidates += [f"{day}T{clock}" for day in _DAYS for clock in _CLOCKS[:2]]
    best: tuple[float, int, bool, str] | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = pd.to_datetime(given, format="ISO8601", utc=True, errors="coerce")
        if whole.notna().mean() >= MOSTLY:
            return "iso"
        for layout in [*candidates, *_DAYS]:
            one = pd.to_datetime(given.iloc[:5], format=layout, utc=True, errors="coerce")
            if not one.notna().any():
                continue
            every = pd.to_datetime(given, format=layout, utc=True, errors="coerce")
            share = float(every.notna().mean())
            backward = int((every.dropna().diff().dropna() < pd.Timedelta(0)).sum())
            # Who writes am and pm writes the month first.
            odd = "%p" in layout and layout.startswith("%d")
            if share >= MOSTLY and (best is None or (-share, backward, odd) < best[:3]):
                best = (-share, backward, odd, layout)
    return None if best is None else best[3]


def _in_words(layout: str, name: str) -> str:
    if layout == "iso":
        return f'"{name}" holds times as ISO 8601; those without a zone are taken as UTC'
    return f'"{name}" is read as {layout}, UTC'


def _counted(cells: pd.Series[Any], scale: int) -> tuple[Instants, Bools]:
    """Read counts: whole ones to the digit, others to what a double holds."""
    if cells.dtype.kind in "iu":
        whole: Instants = cells.to_numpy(np.int64)
        known = np.abs(whole.astype(np.float64)) * scale < LATEST
        return np.where(known, whole, 0) * scale, known
    if cells.dtype.kind == "f":
        numbers: Floats = cells.to_numpy(np.float64)
    else:
        text = cells.astype("string").str.strip()
        digits = text.str.fullmatch(r"[+-]?\d{1,18}").fillna(value=False).to_numpy(np.bool_)
        if digits.all():
            return _counted(text.astype(np.int64), scale)
        numbers = as_numbers(text.str.replace(",", ".", regex=False))
    with np.errstate(invalid="ignore"):
        known = np.isfinite(numbers) & (np.abs(numbers) * scale < LATEST)
    held = np.where(known, numbers, 0.0)
    base = np.floor(held)
    return base.astype(np.int64) * scale + np.round((held - base) * scale).astype(np.int64), known
