"""Columns of run-to-failure records out of a table, and what is odd about them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.clock import DAY
from core.errors import ConfigError
from core.readings import Bools, Floats, Instants
from core.suggestion import closest, listed, quoted
from storage.table import Asked, Table, files_of
from storage.table_column import Kind
from storage.table_file import TableFile, look_at
from storage.table_form import fault

UNITS = (
    "unit", "unit_id", "unit number", "unit_number", "unit_nr", "unit id", "engine", "engine_id",
    "machine", "machine_id", "machineid", "asset", "asset_id", "device", "device_id", "equipment",
    "serial", "serial_number", "id",
)  # fmt: skip
"""What the column that tells units apart is usually called, likeliest first."""

AGES = ("cycle", "cycles", "age", "hours", "operating_hours", "time", "time_cycles", "day", "days")
"""Columns that count, which are taken for the time where none is named."""

LATE = 0.1
"""Counts that begin at more than this share of a usual life are not those of a new unit."""


@dataclass(frozen=True, slots=True, eq=False)
class RunColumns:
    """Rows of a table in its order; `time` is the age, in days where the table has dates.

    `told[i]` is the time as the file has it, `failed` what the event column says. `counts` is
    false where the table has dates; `since_first` is true where age is counted from a
    unit's first row. `words` are columns that hold no numbers, and so no channel; `notes` say what
    was passed over.
    """

    unit: list[str]
    time: Floats
    told: list[str]
    values: Floats
    names: tuple[str, ...]
    words: tuple[str, ...]
    failed: Bools | None
    counts: bool
    since_first: bool
    unit_column: str
    time_column: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
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
        path, line = self.place(row)
        at = path.name if line is None else f"line {line} of {path.name}"
        return f"{at} (unit {quoted(self.unit[row])}, {self.age[row]:g})"


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """Which columns are what; what is None is recognised by its name."""

    unit: str | None = None
    time: str | None = None
    event: str | None = None
    ignore: tuple[str, ...] = ()
    separator: str | None = None


def read(
    path: Path, asked: RunsAsked, needed: Sequence[str] = (), *, since_first: bool | None = None
) -> RunColumns:
    """Read a table of runs; ConfigError names what cannot be used, and what is allowed.

    `needed` are columns without which it would be of no use. `since_first` says whether age counts
    from a unit's first row; where it is None, it does where most units begin late.
    """
    names = look_at(files_of(path)[0], asked.separator).names
    unit = _found(path, names, asked.unit, UNITS, "--unit")
    time = _found(path, names, asked.time, AGES, "--time", need=False)
    event = None if asked.event is None else _found(path, names, asked.event, (), "--event")
    for name in needed:
        _found(path, names, name, (), "--operating")
    table = Table(path, Asked(time, unit, asked.ignore, asked.separator))
    words = [name for name in needed if name not in table.channels]
    if words:
        message = f"--operating: column {quoted(words[0])} holds no numbers; allowed: numbers"
        raise fault(path, 1, message)
    if not table.time.columns:
        raise fault(path, None, f"no column tells the time; --time names it: {listed(names)}")
    return _columns(table, unit or "", event, since_first)


def _found(
    path: Path,
    names: Sequence[str],
    given: str | None,
    usual: Sequence[str],
    option: str,
    *,
    need: bool = True,
) -> str | None:
    """Find a column by what was given, else by what it is usually called."""
    folded = {name.strip().casefold(): name for name in names}
    if given is not None:
        if given in names or given.strip().casefold() in folded:
            return given if given in names else folded[given.strip().casefold()]
        guess = closest(given, names)
        meant = f"did you mean {quoted(guess[0])}? " if guess else ""
        raise fault(
            path, 1, f"{option}: no column {quoted(given)}; {meant}columns: {listed(names)}"
        )
    known = [folded[word] for word in usual if word in folded]
    if known or not need:
        return known[0] if known else None
    raise fault(path, 1, f"which column tells units apart? {option} names it: {listed(names)}")


def _columns(table: Table, unit: str, event: str | None, since_first: bool | None) -> RunColumns:
    names = tuple(name for name in table.channels if name != event)
    wanted = [*names, *([event] if event is not None else [])]
    units, ages, told, values, timed = [], [], [], [], []
    places: list[tuple[TableFile, int]] = []
    for piece in table.pieces(wanted):
        places += [(piece.file, piece.first + k) for k in range(len(piece.at))]
        units += piece.asset
        ages.append(piece.at)
        told += piece.told
        values.append(piece.values)
        timed.append(piece.timed & np.array([name != "(none)" for name in piece.asset]))
    every, good = np.concatenate(values), np.concatenate(timed)
    at = np.concatenate(ages)[good]
    kept = [name for name, fine in zip(units, good.tolist(), strict=True) if fine]
    said = [one for one, fine in zip(told, good.tolist(), strict=True) if fine]
    places = [place for place, fine in zip(places, good.tolist(), strict=True) if fine]
    if not kept:
        raise fault(table.path, None, "no row has both a unit and a time that can be read")
    counts = table.time.counts
    begun = _since_first(kept, at)
    if since_first is None:
        since_first = not counts or _late(kept, at, begun)
    age = (begun if since_first else at) / (table.time.scale if counts else DAY)
    rows = _Rows(kept, age, places)
    failed = None if event is None else _events(table, event, rows, every[good, -1])
    return RunColumns(
        kept,
        age.astype(np.float64),
        said,
        every[good][:, : len(names)],
        names,
        tuple(column.name for column in table.columns if column.kind is Kind.TEXT),
        failed,
        counts,
        since_first,
        unit,
        table.names[table.time.columns[0]],
        tuple(_notes(table, rows, int((~good).sum()))),
    )


def _since_first(unit: Sequence[str], at: Instants) -> Floats:
    number = np.unique(np.array(unit), return_inverse=True)[1]
    first = np.full(int(number.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, number, at)
    found: Floats = (at - first[number]).astype(np.float64)
    return found


def _late(unit: Sequence[str], at: Instants, begun: Floats) -> bool:
    """Tell whether most units begin with a count that is no small part of what they live."""
    number = np.unique(np.array(unit), return_inverse=True)[1]
    span = np.zeros(int(number.max()) + 1)
    np.maximum.at(span, number, begun)
    first = at[begun == 0]
    return bool(np.median(np.abs(first)) > LATE * max(float(np.median(span)), 1.0))


def _events(table: Table, event: str, rows: _Rows, said: Floats) -> Bools:
    """Read which units have failed: those whose event is 1 in their last row."""
    allowed = "allowed: 1 failed, 0 not"
    if event in table.unread.first:
        file, row, word = table.unread.first[event]
        message = f"column {quoted(event)}: {quoted(word)} is no event; {allowed}"
        raise fault(file.path, file.line(row), message)
    odd = np.flatnonzero(np.isfinite(said) & (said != 0) & (said != 1))
    if len(odd):
        message = f"column {quoted(event)}: {said[odd[0]]:g} is no event; {allowed}"
        raise fault(*rows.place(odd[0]), message)
    found = np.zeros(len(rows.unit), np.bool_)
    failed_at: dict[str, int] = {}
    after: dict[str, int] = {}
    for row in np.argsort(rows.age, kind="stable").tolist():
        name = rows.unit[row]
        if said[row] == 1:
            found[row] = True
            failed_at.setdefault(name, row)
        elif name in failed_at:
            after.setdefault(name, failed_at[name])
    faults = [
        fault(*rows.place(row), _goes_on(rows, event, row)).faults[0] for row in after.values()
    ]
    if faults:
        raise ConfigError(*faults[:5])
    return found


def _goes_on(rows: _Rows, event: str, row: int) -> str:
    return (
        f"column {quoted(event)}, unit {quoted(rows.unit[row])}: failed at {rows.age[row]:g}, but "
        "rows follow in which it had not; what a unit does after a failure is another run: give it "
        "another name"
    )


def _notes(table: Table, rows: _Rows, lost: int) -> list[str]:
    notes = [note for file in table.files[:1] for note in file.notes]
    if lost:
        notes.append(f"{lost} rows without a unit or a time that can be read were passed over")
    unread = table.unread
    for name, count in unread.cells.most_common(3):
        example = unread.first[name][2]
        notes.append(f"{quoted(name)}: {count} cells are no numbers, such as {quoted(example)}")
    if unread.ragged:
        notes.append(f"{unread.ragged} rows with more cells than the header were passed over")
    return notes + _notes_on_time(rows)


def _notes_on_time(rows: _Rows) -> list[str]:
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
