"""The outer form of a CSV file: encoding, separator, decimal sign, header, as it shows itself."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from core.errors import ConfigError, Fault

READABLE = "allowed: CSV (also .csv.gz) and Parquet, or a folder of them"
PARQUET = b"PAR1"

_START = 1 << 18
_SIGNS = ("\t", ";", "|", ",", "^", "~", "#", "!", "&", "\x1f")
_SAID: dict[str, str | None] = {"tab": "\t", "\\t": "\t", "blank": None, " ": None}
_MOSTLY = 0.9
_PREAMBLE = 10
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+([eE][+-]?\d+)?$")
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?$")
_BINARY = {
    b"PK\x03\x04": "an Excel workbook or another archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite file",
    b"\x89HDF": "an HDF5 file; save the table as CSV or Parquet",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a CSV file is written. `separator` None stands for blanks.

    `names` are its columns; `skip` physical lines stand before the first row of data. `notes` say
    what was made up.
    """

    encoding: str
    separator: str | None
    decimal: str
    names: tuple[str, ...]
    skip: int
    notes: tuple[str, ...] = ()


def fault(path: Path, line: int | None, message: str) -> ConfigError:
    """Make the error for a file that cannot be used as it is."""
    return ConfigError(Fault(str(path), line, message))


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading; what is packed by gzip is unpacked."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def begins(path: Path) -> bytes:
    """Read the beginning of a file; ConfigError where it is missing, empty or unreadable."""
    try:
        with opened(path) as file:
            start = file.read(_START)
    except OSError as error:
        said = error.strerror or str(error)
        raise fault(path, None, f"cannot be read: {said}; {READABLE}") from error
    except EOFError as error:
        raise fault(path, None, "cannot be unpacked: it is cut off") from error
    if not start.strip():
        raise fault(path, None, f"empty; a header and at least one row are needed; {READABLE}")
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            raise fault(path, None, f"{what}; {READABLE}")
    return start


def look(path: Path, separator: str | None = None) -> Form:
    """Recognise the form of a CSV file; ConfigError says why it is none."""
    start = begins(path)
    encoding, text = _text(path, start)
    lines = text.splitlines()
    if len(start) == _START:
        lines = lines[:-1]
    skip = 0
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=") + 1:
        separator, skip = separator or lines[0].strip()[-1], 1
    remarks = next((k for k, line in enumerate(lines) if _plain(line)), len(lines))
    body = [line for line in lines[max(skip, remarks) :] if line.strip()]
    sign = separator_of(body[:200]) if separator is None else _SAID.get(separator, separator)
    if sign is not None and len(sign) != 1:
        message = f"--separator: {sign!r} is not one sign; allowed: one, or tab, or blank"
        raise fault(path, None, message)
    rows = [cells_of(line, sign) for line in body[:200]]
    rows, first = _without_preamble(lines, max(skip, remarks), rows)
    titled, names, before = _header(lines, first, rows, sign)
    decimal = "," if sign != "," and _has_decimal_comma(rows) else "."
    notes = [] if titled else ["no header: columns are called column 1, column 2, …"]
    return Form(encoding, sign, decimal, _unique(names, notes), before, tuple(notes))


def separator_of(lines: list[str]) -> str | None:
    """Find the sign that cuts every line into equally many cells; None for blanks."""
    fits = [sign for sign in _SIGNS if _cuts(lines, sign)]
    titled = [s for s in fits if len(cells_of(lines[0], s)) == len(cells_of(lines[-1], s))]
    if titled or fits:
        return (titled or fits)[0]
    always = [sign for sign in _SIGNS[:4] if lines and all(sign in line for line in lines)]
    if always:
        return always[0]
    blanks = {len(line.split()) for line in lines}
    return None if len(blanks) == 1 and blanks != {1} else ","


def _cuts(lines: list[str], sign: str) -> bool:
    """Tell whether a sign cuts nearly every line into as many cells, more than one."""
    counts = Counter(len(cells_of(line, sign)) for line in lines)
    usual, times = counts.most_common(1)[0] if counts else (1, 0)
    return usual > 1 and times >= _MOSTLY * max(len(lines) - _PREAMBLE, min(len(lines), 2))


def cells_of(line: str, sign: str | None) -> list[str]:
    """Cut one line into its cells."""
    if sign is None:
        return line.split()
    try:
        cells = next(csv.reader([line], delimiter=sign, skipinitialspace=True), [])
    except csv.Error:
        cells = line.split(sign)
    return [cell.strip() for cell in cells]


def line_of(path: Path, form: Form, row: int) -> int:
    """Find the line on which a row of data stands, counted from 1; blank lines are no rows."""
    with opened(path) as file:
        seen = -1
        for number, line in enumerate(file, 1):
            if number > form.skip and line.strip():
                seen += 1
                if seen == row:
                    return number
    return form.skip + row + 1


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number, with either decimal sign."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _text(path: Path, start: bytes) -> tuple[str, str]:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", start.decode("utf-16", "replace")
    if b"\0" in start:
        raise fault(path, None, f"not a text file; {READABLE}")
    whole = start[: start.rfind(b"\n") + 1] or start
    try:
        whole.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1", start.decode("latin-1")
    return "utf-8-sig", start.decode("utf-8-sig", "ignore")


def _plain(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _without_preamble(
    lines: list[str], first: int, rows: list[list[str]]
) -> tuple[list[list[str]], int]:
    """Pass over lines before the header that are much shorter than a row: titles, remarks."""
    width = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0
    while len(rows) > 1 and width > 1 and len(rows[0]) <= max(1, width // 3):
        rows = rows[1:]
        while first < len(lines) and not lines[first].strip():
            first += 1
        first += 1
    return rows, first


def _header(
    lines: list[str], first: int, rows: list[list[str]], sign: str | None
) -> tuple[bool, list[str], int]:
    """Tell whether there is a header, the names of the columns, and where the data begins."""
    while first < len(lines) and not lines[first].strip():
        first += 1
    width = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0
    if rows and not _is_data(rows[0]):
        names = rows[0] + [""] * (width - len(rows[0]))
        return True, names, first + 1
    remark = lines[first - 1].lstrip("# ") if first and lines[first - 1].startswith("#") else ""
    if width > 1 and len(cells_of(remark, sign)) == width:
        return True, cells_of(remark, sign), first
    return False, [""] * width, first


def _is_data(cells: list[str]) -> bool:
    """Tell a row of numbers and times from a row of names; names may be numbers, but not only."""
    given = [cell for cell in cells if cell]
    numbers = sum(is_number(cell) for cell in given)
    dates = sum(bool(_DATE.match(cell)) for cell in given)
    return bool(given) and (dates > 0 or numbers == len(given)) and numbers + dates > 0


def _has_decimal_comma(rows: list[list[str]]) -> bool:
    return any(_DECIMAL_COMMA.match(cell) for row in rows[1:] for cell in row)


def _unique(names: list[str], notes: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    while names and not names[-1] and len(names) > 1 and any(names):
        names = names[:-1]  # a separator at the end of each line
    for number, raw in enumerate(names, 1):
        name = " ".join(raw.split()) or f"column {number}"
        unique, times = name, 1
        while unique in found:
            times += 1
            unique = f"{name} ({times})"
        if unique != name:
            notes.append(f'column {number} is called "{name}" again: taken as "{unique}"')
        found.append(unique)
    return tuple(found)
