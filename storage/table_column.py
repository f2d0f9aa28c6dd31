"""What the columns of a table are: measurements, states, text, or the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from core.readings import Bools, Floats
from storage.table_time import as_numbers

if TYPE_CHECKING:
    import pandas as pd

LABELS = frozenset(
    {"anomaly", "changepoint", "label", "labels", "is_anomaly", "anomaly_label", "ground_truth"}
)
"""Columns that hold the answer rather than a measurement, and are left out."""

_TRUTHS = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}
_GROUPED = {sign: rf"[+-]?\d{{1,3}}(\{sign}\d{{3}})+([.,]\d+)?" for sign in ".,"}
"""Numbers whose digits are grouped by thousands."""

_NOTHING = frozenset({"", "-", "--", "---", "?", "n/a", "na", "nan", "null", "none", "nil", "bad"})


class Kind(StrEnum):
    """What is in a column."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    EMPTY = "empty"
    LABEL = "label"
    IGNORED = "ignored"
    TIME = "time"
    ASSET = "asset"


MEASURED = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.EMPTY})
"""Columns that become channels; an empty one may still begin to speak."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name, and what is in it."""

    name: str
    kind: Kind


def kind_of(cells: pd.Series[Any], name: str, decimal: str = ".") -> Kind:
    """Tell from the first rows what a column holds."""
    if name.strip().casefold() in LABELS:
        return Kind.LABEL
    given = cells.dropna()
    if not len(given):
        return Kind.EMPTY
    if cells.dtype.kind in "iuf":
        return Kind.NUMBER
    return Kind.TEXT if cells.dtype.kind in "mM" else _kind_of_words(given, decimal)


def _kind_of_words(given: pd.Series[Any], decimal: str) -> Kind:
    words = _words(given)
    speaking = words[~words.isin(_NOTHING)]
    if not len(speaking):
        return Kind.EMPTY
    if speaking.isin(_TRUTHS).all():
        return Kind.BOOLEAN
    unread = numbers(given, decimal)[1]
    return Kind.TEXT if unread.sum() * 2 > len(speaking) else Kind.NUMBER


def numbers(cells: pd.Series[Any], decimal: str = ".") -> tuple[Floats, Bools]:
    """Read cells as numbers; true where one says something that is none. Infinities are none."""
    if cells.dtype.kind in "iufb":
        values: Floats = cells.to_numpy(np.float64, na_value=np.nan)
        infinite = np.isinf(values)
        return np.where(infinite, np.nan, values), infinite
    if cells.dtype.kind in "mM":
        return np.full(len(cells), np.nan), cells.notna().to_numpy(np.bool_)
    words = _words(cells)
    group = "." if decimal == "," else ","
    grouped = words.str.fullmatch(_GROUPED[group]).fillna(value=False)
    if grouped.any():
        words = words.where(~grouped, words.str.replace(group, "", regex=False))
    if decimal == ",":
        words = words.str.replace(",", ".", regex=False)
    read = as_numbers(words)
    truths = words.map(_TRUTHS).to_numpy(np.float64, na_value=np.nan)
    values = np.where(np.isnan(read), truths, read)
    said = words.notna().to_numpy(np.bool_) & ~words.isin(_NOTHING).to_numpy(np.bool_)
    unread = said & ~np.isfinite(values)
    return np.where(np.isfinite(values), values, np.nan), unread


def _words(cells: pd.Series[Any]) -> pd.Series[Any]:
    return cells.astype("string").str.strip().str.casefold()
