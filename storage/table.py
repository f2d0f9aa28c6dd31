"""Tables of recordings: a CSV or Parquet file, or a folder of them, read in pieces.

A table is looked at twice: once only at its times and assets, so that it is known how many rows
there are and whether they are in order, and then piece by piece as arrays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants
from core.suggestion import closest, listed, quoted
from storage.table_column import MEASURED, Column, Kind, kind_of, numbers
from storage.table_file import TableFile, look_at
from storage.table_form import READABLE, fault
from storage.table_time import (
    FORMS,
    TimeForm,
    first_unread,
    form_of,
    read,
    recognise,
    told,
)

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = ((".csv", ".tsv", ".csv.gz", ".parquet", ".pq", ".parq"), (".txt",))
"""How files of a table end; the latter are only looked for where there is none of the former."""

LOOKED_AT = 5000
"""How many rows are looked at to tell what the columns are."""

NEXT = 20
"""Up to so many usual steps later a file of a folder goes on with what the one before recorded."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is said about a table; everything left out is recognised."""

    time: str | None = None
    asset: str | None = None
    ignore: tuple[str, ...] = ()
    separator: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some rows of one file: `first` is the number of the first, `values[i, k]` a channel's value.

    `timed[i]` is false where the time cannot be read, and where the row is `broken`: has more cells
    than the header. `told` are the times as the file has them.
    """

    file: TableFile
    first: int
    asset: list[str]
    at: Instants
    timed: Bools
    told: list[str]
    values: Floats
    broken: Bools

    def parts(self) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Give each asset and the numbers of its rows, in their order."""
        if len(set(self.asset)) < 2:
            if self.asset:
                yield self.asset[0], np.arange(len(self.asset))
            return
        import pandas as pd

        codes, names = pd.factorize(np.array(self.asset, dtype=object))
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        for name, begin, end in zip(names, edges[:-1], edges[1:], strict=True):
            yield str(name), order[begin:end]


@dataclass(slots=True)
class Survey:
    """What a table was seen to hold: rows of each asset, and what is wrong with their times."""

    rows: Counter[str] = field(default_factory=Counter)
    backward: int = 0
    repeated: int = 0
    untimed: int = 0
    first_backward: tuple[TableFile, int] | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self.rows.values())


@dataclass(slots=True)
class Unread:
    """Cells and rows that could not be read, counted while reading."""

    cells: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[TableFile, int, str]] = field(default_factory=dict)
    ragged: int = 0
    first_ragged: tuple[TableFile, int] | None = None


class Table:
    """A recording. `columns` say what is in it, `channels` which are measured."""

    def __init__(self, path: Path, asked: Asked | None = None) -> None:
        self.path = path
        self._asked = asked or Asked()
        self.files = [look_at(each, self._asked.separator) for each in files_of(path)]
        self.names = tuple(dict.fromkeys(name for file in self.files for name in file.names))
        self._asset = (
            None if self._asked.asset is None else self._column(self._asked.asset, "--asset")
        )
        ignored = {self._column(name, "--ignore") for name in self._asked.ignore}
        head = self._head()
        self.time = self._time(head, ignored)
        self.columns = self._columns(head, ignored)
        self.channels = tuple(c.name for c in self.columns if c.kind in MEASURED)
        self.unread = Unread()
        self.apart = False
        self._check()

    def survey(self) -> Survey:
        """Look at all times and assets once; also tells whether files are assets of their own."""
        found, last = Survey(), dict[str, int]()
        usual, before = 0.0, None
        for file in self.files:
            span = None
            for piece in self._pieces(file, (), found.count if not self.apart else 0):
                span = _joined(span, piece)
                usual = usual or _usual(piece.at[piece.timed])
                _note(found, last, piece)
            if span is not None and before is not None and self._asset is None and not self.apart:
                gap = span[0] - before
                if not self.time.columns or not 0 < gap <= NEXT * max(usual, 1.0):
                    self.apart = bool(self.time.columns)
                    return self.survey() if self.apart else found
            before = span[1] if span is not None else before
        return found

    def pieces(self, channels: Sequence[str] | None = None) -> Iterator[Piece]:
        """Read everything, in the order of the files and rows; `channels` if others are wanted."""
        self.unread = Unread()
        wanted = self.channels if channels is None else tuple(channels)
        done = 0
        for file in self.files:
            for piece in self._pieces(file, wanted, 0 if self.apart else done):
                done += len(piece.at)
                yield piece

    def _pieces(self, file: TableFile, channels: Sequence[str], before: int) -> Iterator[Piece]:
        """Read one file; `before` rows of its asset came from other files."""
        place = {name: k for k, name in enumerate(file.names)}
        here = [place[name] for name in channels if name in place]
        times = tuple(place[self.names[k]] for k in self.time.columns)
        form = TimeForm(times, self.time.layout, self.time.scale, self.time.counts, "")
        asset = None if self._asset is None else place[self._asset]
        aside = {*times} | (set() if asset is None else {asset})
        wanted = sorted({*here, *aside} or {0})
        first = 0
        for frame in file.frames(wanted, aside, narrow=not channels):
            at, timed = read(frame, form, before + first)
            ragged = frame[-1].to_numpy(np.bool_)
            values = np.full((len(frame), len(channels)), np.nan)
            for k, name in enumerate(channels):
                if name in place:
                    values[:, k] = self._numbers(file, frame[place[name]], name, first)
            if channels and ragged.any():
                self.unread.ragged += int(ragged.sum())
                first_here = file, first + int(np.argmax(ragged))
                self.unread.first_ragged = self.unread.first_ragged or first_here
            values[ragged] = np.nan
            names = self._assets(file, frame, asset)
            said = told(frame, form, first)
            yield Piece(file, first, names, at, timed & ~ragged, said, values, ragged)
            first += len(frame)

    def _numbers(self, file: TableFile, cells: pd.Series, name: str, first: int) -> Floats:
        decimal = "." if file.form is None else file.form.decimal
        values, unread = numbers(cells, decimal)
        count = int(unread.sum())
        if count:
            self.unread.cells[name] += count
            if name not in self.unread.first:
                row = int(np.argmax(unread))
                self.unread.first[name] = (file, first + row, str(cells.iloc[row]))
        return values

    def _assets(self, file: TableFile, frame: pd.DataFrame, asset: int | None) -> list[str]:
        if asset is not None:
            text = frame[asset].astype("string").str.strip().fillna("")
            return [name or "(none)" for name in text.tolist()]
        name = self.path.name.removesuffix(self.path.suffix) if self.path.is_file() else ""
        name = name.removesuffix(".csv") or self.path.name
        if self.apart:
            name = file.path.relative_to(self.path).with_suffix("").as_posix()
        return [name] * len(frame)

    def _head(self) -> pd.DataFrame:
        """Read the first rows of the first file that has any, every column as it comes."""
        for file in self.files:
            every = list(range(len(file.names)))
            for frame in file.frames(every, set(), LOOKED_AT):
                if len(frame):
                    found = frame.drop(columns=[-1])
                    places = [self.names.index(name) for name in file.names]
                    found.columns = places
                    return found.reindex(columns=range(len(self.names)))
        file = self.files[0]
        line = None if file.form is None else file.form.skip
        raise fault(file.path, line, "no row of data; at least one is needed below the header")

    def _time(self, head: pd.DataFrame, ignored: set[str]) -> TimeForm:
        aside = {self.names.index(name) for name in {*ignored, *filter(None, [self._asset])}}
        if self._asked.time is None:
            return recognise(head, list(self.names), aside)
        name = self._column(self._asked.time, "--time")
        place = self.names.index(name)
        found = form_of(head, list(self.names), place)
        if found is not None:
            return found
        file, row = self.files[0], first_unread(head[place])
        said = str(head[place].iloc[row])
        message = f"column {quoted(name)}: {quoted(said)} is no time; allowed: {FORMS}"
        raise fault(file.path, file.line(row), message)

    def _columns(self, head: pd.DataFrame, ignored: set[str]) -> tuple[Column, ...]:
        decimal = "." if self.files[0].form is None else self.files[0].form.decimal
        found = []
        for k, name in enumerate(self.names):
            kind = kind_of(head[k], name, decimal)
            if name == self._asset:
                kind = Kind.ASSET
            elif k in self.time.columns:
                kind = Kind.TIME
            elif name in ignored:
                kind = Kind.IGNORED
            found.append(Column(name, kind))
        return tuple(found)

    def _column(self, name: str, option: str) -> str:
        folded = {each.casefold(): each for each in self.names}
        found = name if name in self.names else folded.get(name.strip().casefold())
        if found is not None:
            return found
        guess = closest(name, self.names)
        meant = f"did you mean {quoted(guess[0])}? " if guess else ""
        file = self.files[0]
        line = 1 if file.form is not None else None
        message = f"{option}: no column {quoted(name)}; {meant}columns: {listed(self.names)}"
        raise fault(file.path, line, message)

    def _check(self) -> None:
        for file in self.files:
            lost = [self.names[k] for k in self.time.columns if self.names[k] not in file.names]
            lost += [self._asset] if self._asset and self._asset not in file.names else []
            if lost:
                raise fault(file.path, 1, f"no column {quoted(lost[0])}, which other files have")
        if any(c.kind in MEASURED and c.kind is not Kind.EMPTY for c in self.columns):
            return
        file = self.files[0]
        kinds = ", ".join(f"{c.name} ({c.kind})" for c in self.columns[:12])
        sign = "" if file.form is None else f" cut at {_named(file.form.separator)}"
        allowed = "allowed: numbers, or true and false"
        message = f"no column holds numbers{sign}; columns: {kinds}; {allowed}"
        hint = "; if the cells are cut wrongly, give --separator" if sign else ""
        raise fault(
            file.path, None if file.form is None else max(file.form.skip, 1), message + hint
        )


def files_of(path: Path) -> list[Path]:
    """List the files of a table, a folder's in natural order; ConfigError where there is none."""
    if not path.exists():
        raise fault(path, None, f"no such file or folder; {READABLE}")
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise fault(path, None, f"neither a file nor a folder; {READABLE}")
    every = [e for e in path.rglob("*") if e.is_file() and not e.name.startswith((".", "_"))]
    for endings in ENDINGS:
        found = [each for each in every if each.name.lower().endswith(endings)]
        if found:
            return sorted(found, key=_natural)
    known = ", ".join(ending for endings in ENDINGS for ending in endings)
    raise fault(path, None, f"no file in it ends with {known}; {READABLE}")


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Order numbers within names by their size."""
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def _named(sign: str | None) -> str:
    return {None: "blanks", "\t": "tabs"}.get(sign, f'"{sign}"')


def _joined(span: tuple[int, int] | None, piece: Piece) -> tuple[int, int] | None:
    at = piece.at[piece.timed]
    if not len(at):
        return span
    low, high = int(at.min()), int(at.max())
    return (low, high) if span is None else (min(span[0], low), max(span[1], high))


def _usual(at: Instants) -> float:
    passed = np.diff(at)
    passed = passed[passed > 0]
    return float(np.median(passed)) if len(passed) else 0.0


def _note(found: Survey, last: dict[str, int], piece: Piece) -> None:
    """Count a piece's rows, and where their times do not run on."""
    found.untimed += int((~piece.timed).sum())
    for name, every in piece.parts():
        found.rows[name] += len(every)
        rows = every[piece.timed[every]]
        at = piece.at[rows]
        if not len(at):
            continue
        passed = np.diff(at, prepend=last.get(name, int(at[0]) - 1))
        back = passed < 0
        if back.any() and found.first_backward is None:
            found.first_backward = (piece.file, piece.first + int(rows[np.argmax(back)]))
        found.backward += int(back.sum())
        found.repeated += int((passed == 0).sum())
        last[name] = int(at[-1])
