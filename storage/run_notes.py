"""Rows of runs and where they stand, and what is odd about them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.readings import Bools, Floats
from core.suggestion import quoted
from storage.table import Table
from storage.table_file import TableFile

MOST = 1e30
"""No channel says more; what is beyond is taken for missing, since its square is no number."""

EVENTS = frozenset({"event", "failed", "failure", "fail", "broken"})
"""What a column that says in all rows of a unit whether it failed is usually called."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows that were kept: the unit and age of each, and where in which file it stands."""

    unit: list[str]
    age: Floats
    places: list[tuple[TableFile, int]]

    def place(self, row: int) -> tuple[Path, int | None]:
        """Return the file and the line of a row."""
        file, number = self.places[row]
        return file.path, file.line(number)

    def named(self, row: int) -> str:
        """Name a row in words."""
        return f"{standing(*self.places[row])} (unit {quoted(self.unit[row])}, {self.age[row]:g})"

    def last(self) -> Bools:
        """Tell which rows bear the greatest age of their unit."""
        number = np.unique(np.array(self.unit), return_inverse=True)[1]
        most = np.full(int(number.max(initial=0)) + 1, -np.inf)
        np.maximum.at(most, number, self.age)
        found: Bools = self.age == most[number]
        return found


def standing(file: TableFile, row: int) -> str:
    """Say where a row of a file stands."""
    line = file.line(row)
    return (
        f"row {row + 1} of {file.path.name}" if line is None else f"line {line} of {file.path.name}"
    )


def sane(rows: Rows, values: Floats, names: Sequence[str]) -> list[str]:
    """Blank cells that are too great to be reckoned with, in place; return notes that say so."""
    with np.errstate(invalid="ignore"):
        great = np.abs(values) > MOST
    notes = []
    for k in np.flatnonzero(great.any(axis=0)).tolist():
        row = int(np.argmax(great[:, k]))
        notes.append(
            f"{quoted(names[k])}: {int(great[:, k].sum())} cells are beyond any measurement, such "
            f"as {values[row, k]:g} in {standing(*rows.places[row])}: taken for missing"
        )
    values[great] = np.nan
    return notes


def like_events(rows: Rows, values: Floats, names: Sequence[str]) -> list[str]:
    """Say which channels look like the event: only 0 and 1, and 1 in last rows of units alone."""
    last = rows.last()
    notes = []
    for k, name in enumerate(names):
        said = values[:, k]
        if not np.isin(said[np.isfinite(said)], (0.0, 1.0)).all():
            continue
        ones = said == 1
        ends = bool(ones.any() and last[ones].all())
        if ends or (name.strip().casefold() in EVENTS and 0 < ones.sum() < len(ones)):
            where = "1 in last rows alone" if ends else "bears the name of one"
            notes.append(
                f"{quoted(name)} holds only 0 and 1, and {where}: it looks like the event, but is "
                f"taken for a channel; with --event {name} units that end without a 1 count as "
                f"not failed, with --ignore {name} it takes no part"
            )
    return notes


def notes_on(table: Table, rows: Rows, lost: Sequence[tuple[TableFile, int, str]]) -> list[str]:
    """Say what was passed over of a table; `lost` are rows without a unit or time, and the time."""
    notes = [note for file in table.files[:1] for note in file.notes]
    if lost:
        file, row, said = lost[0]
        notes.append(
            f"{len(lost)} rows without a unit or a time that can be read were passed over, such as "
            f"{standing(file, row)} (time {quoted(said)})"
        )
    unread = table.unread
    for name, count in unread.cells.most_common(3):
        example = unread.first[name][2]
        notes.append(f"{quoted(name)}: {count} cells are no numbers, such as {quoted(example)}")
    if unread.ragged:
        where = "" if unread.first_ragged is None else f", such as {standing(*unread.first_ragged)}"
        notes.append(
            f"{unread.ragged} rows with more cells than the header were passed over{where}; a "
            "number such as 1,000.0 is two cells where commas part them, unless it is in quotes"
        )
    return notes + _notes_on_time(rows)


def _notes_on_time(rows: Rows) -> list[str]:
    """Say where time stands still, goes back or leaps."""
    notes = []
    number = np.unique(np.array(rows.unit), return_inverse=True)[1]
    written = np.argsort(number, kind="stable")
    same = np.diff(number[written]) == 0
    back = written[1:][same & (np.diff(rows.age[written]) < 0)]
    if len(back):
        notes.append(
            f"{len(back)} rows are earlier than the row before of their unit, such as "
            f"{rows.named(int(back.min()))}: taken in order of time; where a unit began a new life "
            "there, give that another name"
        )
    order = np.lexsort((rows.age, number))
    step = np.diff(rows.age[order])[same]
    again = order[1:][same][step == 0]
    if len(again):
        first = rows.named(int(again.min()))
        notes.append(f"{len(again)} rows bear the time of the row before, such as {first}")
    usual = float(np.median(step[step > 0])) if (step > 0).any() else 0.0
    wide = int((step > 20 * usual).sum()) if usual else 0
    if wide:
        notes.append(f"{wide} gaps of over twenty usual steps; rows are taken as they follow")
    return notes
