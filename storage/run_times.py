"""Whether the numbers in a time column of runs count, or are dates.

A table of readings nearly always bears dates; runs are as often told by what a machine counts, and
revolutions or strokes soon pass 10^8, where seconds since 1970 lie. So numbers are only dates here
where they can hardly be anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.clock import SECOND
from core.readings import Bools, Floats, Instants
from core.suggestion import quoted
from storage.table import Table
from storage.table_time import LATEST, WORDS, TimeForm, as_numbers

if TYPE_CHECKING:
    import pandas as pd

PERIOD = (946_684_800, 4_102_444_800)
"""Numbers may be dates where they lie from 2000 to 2100, in seconds since 1970 or parts of them."""

NEARLY = 0.99
"""And where no more than one in a hundred lies elsewhere."""

SCALES = (10**9, 10**6, 10**3, 1)
"""Nanoseconds that one of a column may stand for."""

CALENDAR = "%Y%m%d"


def form_in_runs(table: Table, unit: str, counter: bool | None) -> tuple[TimeForm, list[str]]:
    """Tell how a table of runs tells the time, and note where that is a guess.

    `counter` is what is known: true where numbers count, false where they are dates. Where it is
    None they are dates if nearly all lie within `PERIOD` and so do the first of most units, or if
    all are days as 20240131.
    """
    form = table.time
    if form.layout != "" or not form.columns:
        return form, []
    name = table.names[form.columns[0]]
    units, text, numbers = _written(table, unit, form.columns[0])
    counts = replace(form, scale=_scale(numbers), counts=True, said=f"{quoted(name)} counts")
    days = None if counter else _days(text)
    if days is not None:
        calendar = replace(form, layout=CALENDAR, scale=1, counts=False)
        return calendar, [] if counter is False else [_guess(name, "days as 20240131", days)]
    if counter is None:
        return _by_size(form, counts, name, numbers, units)
    return (counts if counter or form.counts else form), []


def _by_size(
    form: TimeForm, counts: TimeForm, name: str, numbers: Floats, units: list[str]
) -> tuple[TimeForm, list[str]]:
    """Tell by their size whether numbers are dates; `form` is what they would be elsewhere."""
    for scale in SCALES:
        if _dates(numbers * (scale / SECOND), units):
            at = numbers[np.isfinite(numbers)] * scale
            told = np.array([at.min(), at.max()]).clip(-LATEST, LATEST).astype(np.int64)
            dates = replace(form, scale=scale, counts=False)
            return dates, [_guess(name, f"{WORDS[scale]} since 1970", told)]
    if form.counts:
        return counts, []
    said = f"{WORDS[form.scale]} since 1970"
    return counts, [f"{quoted(name)} is taken for a counter; where it holds {said}, give --dates"]


def _guess(name: str, said: str, at: Instants) -> str:
    first, last = (str(np.datetime64(int(each), "ns").astype("datetime64[D]")) for each in at)
    return (
        f"{quoted(name)} is read as dates, {said} ({first} to {last}); where it counts, give "
        "--counter"
    )


def _written(table: Table, unit: str, place: int) -> tuple[list[str], list[pd.Series[Any]], Floats]:
    """Read the column of times whole: the unit of each row, the cells, and them as numbers."""
    units: list[str] = []
    text: list[pd.Series[Any]] = []
    numbers: list[Floats] = []
    for names, cells in _cells(table, unit, table.names[place]):
        units += names
        text.append(cells)
        numbers.append(as_numbers(cells.str.replace(",", ".", regex=False)))
    return units, text, np.concatenate(numbers)


def _cells(table: Table, unit: str, time: str) -> Iterator[tuple[list[str], pd.Series[Any]]]:
    for file in table.files:
        places = [file.names.index(name) for name in (unit, time)]
        for frame in file.frames(sorted(set(places)), set(places), narrow=True):
            names, cells = (frame[place].astype("string").str.strip() for place in places)
            yield names.fillna("").tolist(), cells.mask(cells.eq(""))


def _scale(numbers: Floats) -> int:
    """Return the greatest scale by which all numbers can be kept, so that parts of one are."""
    known = np.abs(numbers[np.abs(numbers) < LATEST])
    most = float(known.max(initial=0.0))
    return next((scale for scale in SCALES if most * scale < LATEST), 1)


def _dates(seconds: Floats, units: list[str]) -> bool:
    """Tell whether nearly all lie within `PERIOD`, and the first of most units too."""
    known = np.isfinite(seconds)
    if not known.any():
        return False
    inside = _inside(seconds[known])
    number = np.unique(np.array(units)[known], return_inverse=True)[1]
    first = np.full(int(number.max()) + 1, np.inf)
    np.minimum.at(first, number, seconds[known])
    return bool(inside.mean() >= NEARLY and _inside(first).mean() > 0.5)


def _inside(seconds: Floats) -> Bools:
    found: Bools = (seconds >= PERIOD[0]) & (seconds < PERIOD[1])
    return found


def _days(text: list[pd.Series[Any]]) -> Instants | None:
    """Return the first and the last day where all cells are days as 20240131; else None."""
    import pandas as pd

    least, most = [], []
    for cells in text:
        given = cells.dropna()
        if not given.str.fullmatch(r"(19|20)\d{6}").all():
            return None
        days = pd.to_datetime(given, format=CALENDAR, errors="coerce", utc=True)
        if days.isna().any():
            return None
        if len(days):
            least.append(days.min().value)
            most.append(days.max().value)
    return np.array([min(least), max(most)], np.int64) if least else None
