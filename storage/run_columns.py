"""Columns of run-to-failure records out of a table, and what is odd about them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.clock import DAY
from core.errors import ConfigError
from core.readings import Bools, Floats, Instants
from core.suggestion import closest, listed, quoted
from storage.run_notes import Rows, like_events, notes_on, sane
from storage.run_times import form_in_runs
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

_T = TypeVar("_T")

_NO_CHANNEL = {
    Kind.ASSET: "tells units apart; allowed: another",
    Kind.TIME: "tells the time; allowed: another",
    Kind.LABEL: "bears the name of an answer, and is left out; allowed: another name",
    Kind.IGNORED: "is ignored; allowed: one that takes part",
}
"""Why a column that holds numbers is none of a machine's."""

LATE = 0.1
"""Counts that begin at more than this share of a usual life are not those of a new unit."""


@dataclass(frozen=True, slots=True, eq=False)
class RunColumns:
    """Rows of a table in its order; `time` is the age, in days where the table has dates.

    `told[i]` is the time as the file has it, `failed` what the event column says. `counts` is
    false where the table has dates; `since_first` is true where age is counted from a
    unit's first row. `words` are columns that hold no numbers, and so no channel; `notes` say what
    was passed over. `operating` is what the needed columns are called. `kinds` are those of `unit`
    and `time` in Parquet; in a CSV there are none.
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
    operating: tuple[str, ...]
    kinds: dict[str, Any]

    def called(self, names: Sequence[str]) -> RunColumns:
        """Return the same with its channels called as in `names`, where but the case differs."""
        known = {name.casefold(): name for name in names if name not in self.names}
        mine = [name.casefold() for name in self.names]
        alone = {name for name in mine if mine.count(name) == 1}

        def named(name: str) -> str:
            same = name not in names and name.casefold() in alone
            return known.get(name.casefold(), name) if same else name

        return replace(
            self,
            names=tuple(map(named, self.names)),
            operating=tuple(map(named, self.operating)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Every row of a table; `good` are those with a unit and a time, `broken` those cut wrongly."""

    unit: list[str]
    at: Instants
    told: list[str]
    values: Floats
    good: Bools
    broken: Bools
    places: list[tuple[TableFile, int]]


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """Which columns are what; what is None is recognised by its name.

    `counter` is whether numbers in the column of times count, or are dates.
    """

    unit: str | None = None
    time: str | None = None
    event: str | None = None
    ignore: tuple[str, ...] = ()
    separator: str | None = None
    counter: bool | None = None


def read(
    path: Path,
    asked: RunsAsked,
    needed: Sequence[str] = (),
    *,
    since_first: bool | None = None,
    needed_by: str = "--operating",
) -> RunColumns:
    """Read a table of runs; ConfigError names what cannot be used, and what is allowed.

    `needed` are columns without which it would be of no use, and `needed_by` who asks for them.
    `since_first` says whether age counts from a unit's first row; where it is None, it does where
    most units begin late.
    """
    names = look_at(files_of(path)[0], asked.separator).names
    unit = _found(path, names, asked.unit, UNITS, "--unit") or ""
    time = _found(path, names, asked.time, AGES, "--time", need=False)
    event = None if asked.event is None else _found(path, names, asked.event, (), "--event")
    works = list(dict.fromkeys(_found(path, names, name, (), needed_by) or "" for name in needed))
    _apart(path, [("--unit", unit), ("--time", time), ("--event", event)], works, needed_by)
    table = Table(path, Asked(time, unit, asked.ignore, asked.separator))
    kinds = {column.name: column.kind for column in table.columns}
    for name in works:
        if name not in table.channels:
            why = _NO_CHANNEL.get(kinds[name], "holds no numbers; allowed: numbers")
            raise fault(path, 1, f"{needed_by}: column {quoted(name)} {why}")
    if not table.time.columns:
        raise fault(path, None, f"no column tells the time; --time names it: {listed(names)}")
    table.time, notes = form_in_runs(table, unit, asked.counter)
    if asked.counter is not None and table.time.counts != asked.counter and since_first is None:
        said = {True: "--counter", False: "--dates"}[asked.counter]
        name = quoted(table.names[table.time.columns[0]])
        held = "numbers that are no dates" if table.time.counts else "dates"
        raise fault(path, 1, f"{said}: column {name} holds {held}; --time names another")
    found = _columns(table, unit, event, since_first, works)
    return replace(found, notes=(*notes, *found.notes))


def check_lives(path: Path, columns: RunColumns) -> None:
    """Raise ConfigError where there is nothing to learn from.

    Time never goes on within a unit, or no row says how hard it works.
    """
    units = np.unique(np.array(columns.unit), return_inverse=True)[1]
    if len(units) > 1 and len(np.unique(units)) == len(units):
        name = quoted(columns.unit_column)
        message = f"--unit: column {name} is another in each of {len(units):,} rows"
        allowed = "allowed: one that is the same in all rows of a unit"
        raise fault(path, 1, f"{message}; {allowed}")
    least = np.full(int(units.max()) + 1, np.inf)
    np.minimum.at(least, units, columns.time)
    if not (columns.time > least[units]).any():
        name = quoted(columns.time_column)
        message = f"--time: column {name} is the same in all rows of each unit"
        raise fault(path, 1, f"{message}; allowed: an age, or dates, that go on within a unit")
    _check_operating(path, columns)


def _check_operating(path: Path, columns: RunColumns) -> None:
    asked = columns.operating
    filled = np.isfinite(columns.values[:, [columns.names.index(name) for name in asked]])
    if filled.all(axis=1).any():
        return
    empty = [name for k, name in enumerate(asked) if not filled[:, k].any()]
    where = f"column {quoted(empty[0])}" if empty else f"{listed(asked)} together"
    message = f"--operating: no row has a number in {where}"
    raise fault(path, 1, f"{message}; allowed: columns that are filled in the same rows")


def _apart(
    path: Path, options: Sequence[tuple[str, str | None]], works: Sequence[str], needed_by: str
) -> None:
    """Raise ConfigError where one column is asked to be two things."""
    taken: dict[str, str] = {}
    for option, name in [*options, *((needed_by, work) for work in works)]:
        if name is not None and taken.setdefault(name, option) != option:
            message = f"{option}: column {quoted(name)} is that of {taken[name]}; allowed: another"
            raise fault(path, 1, message)


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


def _columns(
    table: Table, unit: str, event: str | None, since_first: bool | None, works: Sequence[str]
) -> RunColumns:
    names = tuple(name for name in table.channels if name != event)
    wanted = [*names, *([event] if event is not None else [])]
    read = _read(table, wanted)
    good = read.good
    if not good.any():
        raise fault(table.path, None, "no row has both a unit and a time that can be read")
    kept, at = _of(read.unit, good), read.at[good]
    counts = table.time.counts
    begun = _since_first(kept, at)
    learning = since_first is None
    if since_first is None:
        since_first = not counts or _late(kept, at, begun)
    age = (begun if since_first else at) / (table.time.scale if counts else DAY)
    rows = Rows(kept, age, _of(read.places, good))
    every = read.values[good]
    odd = sane(rows, every[:, : len(names)], names)
    failed = None if event is None else _events(table, event, rows, every[:, -1])
    if event is None and learning:
        odd += like_events(rows, every, names)
    lost = [(*read.places[k], read.told[k]) for k in np.flatnonzero(~good & ~read.broken).tolist()]
    time = table.names[table.time.columns[0]]
    single = len(table.time.columns) == 1
    return RunColumns(
        kept,
        age.astype(np.float64),
        _of(read.told, good),
        every[:, : len(names)],
        names,
        tuple(column.name for column in table.columns if column.kind is Kind.TEXT),
        failed,
        counts,
        since_first,
        unit,
        time,
        (*notes_on(table, rows, lost), *odd),
        tuple(works),
        {
            "unit": table.files[0].kind(unit),
            "time": table.files[0].kind(time) if single else None,
        },
    )


def _read(table: Table, wanted: Sequence[str]) -> _Read:
    pieces = list(table.pieces(wanted))
    unit = [name for piece in pieces for name in piece.asset]
    timed = np.concatenate([piece.timed for piece in pieces])
    return _Read(
        unit,
        np.concatenate([piece.at for piece in pieces]),
        [said for piece in pieces for said in piece.told],
        np.concatenate([piece.values for piece in pieces]),
        timed & np.array([name != "(none)" for name in unit], np.bool_),
        np.concatenate([piece.broken for piece in pieces]),
        [(piece.file, piece.first + k) for piece in pieces for k in range(len(piece.at))],
    )


def _of(every: Sequence[_T], chosen: Bools) -> list[_T]:
    return [every[k] for k in np.flatnonzero(chosen).tolist()]


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


def _events(table: Table, event: str, rows: Rows, said: Floats) -> Bools:
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


def _goes_on(rows: Rows, event: str, row: int) -> str:
    return (
        f"column {quoted(event)}, unit {quoted(rows.unit[row])}: failed at {rows.age[row]:g}, but "
        "rows follow in which it had not; what a unit does after a failure is another run: give it "
        "another name"
    )
