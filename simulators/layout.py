"""How a recorded file is laid out: what a person says of it, and what it shows by itself."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.clock import Span
from core.errors import Refused

_SAMPLE = 50
_SEPARATORS = (";", "\t", ",", "|")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_RANGE = re.compile(r"^(\D*)(\d+)\.\.\1(\d+)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """What is said about a file; everything left out is recognised.

    `names` are the columns of a file without a header. `time` is the time column, `step` the
    length of one count where it counts (or of one row, where there is no time column at all).
    `asset_column` tells the rows of many assets apart. `drop` are columns to leave out,
    `rename` maps a column to the channel it is. `zone` is where times without a zone are from.
    """

    separator: str | None = None
    names: tuple[str, ...] = ()
    time: str | None = None
    step: Span | None = None
    asset_column: str | None = None
    drop: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Form:
    """The outer form of a file: its separator (None: blanks), decimal sign and encoding."""

    separator: str | None
    decimal: str
    encoding: str
    head: tuple[str, ...]

    def split(self, line: str) -> list[str]:
        """Cut one line into its cells, roughly: enough for looking at it."""
        if self.separator is None:
            return line.split()
        return [cell.strip().strip('"') for cell in line.split(self.separator)]


def names_from(text: str) -> tuple[str, ...]:
    """Read column names from a list (`unit,cycle,s1..s21`) or from a file of them."""
    path = Path(text)
    if "," not in text and path.is_file():
        text = path.read_text(encoding="utf-8-sig")
    names: list[str] = []
    for word in re.split(r"[,\n;]" if re.search(r"[,\n;]", text) else r"\s+", text):
        name = word.strip()
        counted = _RANGE.match(name)
        if counted:
            first, last = int(counted[2]), int(counted[3])
            names += [f"{counted[1]}{number}" for number in range(first, last + 1)]
        elif name:
            names.append(name)
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        msg = f"names given more than once: {', '.join(twice)}"
        raise Refused(msg)
    if not names:
        msg = f"no column names in {text!r}"
        raise Refused(msg)
    return tuple(names)


def renames_from(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read `old=new` pairs."""
    pairs = []
    for text in texts:
        old, sign, new = text.partition("=")
        if not (sign and old.strip() and new.strip()):
            msg = f"{text!r} does not map a column; write it as COLUMN=CHANNEL"
            raise Refused(msg)
        pairs.append((old.strip(), new.strip()))
    return tuple(pairs)


def look(path: Path, separator: str | None = None) -> Form:
    """Recognise the form of a file; Refused where it is missing, empty or not text."""
    encoding, head = _head(path)
    if not head:
        msg = f"{path} is empty"
        raise Refused(msg)
    found = _separator(head) if separator is None else separator
    form = Form(found, ".", encoding, tuple(head))
    if found != "," and any(_DECIMAL_COMMA.match(cell) for x in head[1:] for cell in form.split(x)):
        form = Form(found, ",", encoding, tuple(head))
    return form


def _head(path: Path) -> tuple[str, list[str]]:
    try:
        with path.open("rb") as file:
            start = file.read(65_536)
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise Refused(msg) from error
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in start:
        msg = f"{path} is not a text file"
        raise Refused(msg)
    else:
        encoding = "utf-8-sig" if _is_utf8(path) else "latin-1"
    with path.open(encoding=encoding) as text:
        lines = (line.rstrip("\r\n") for line in islice(text, _SAMPLE))
        return encoding, [line for line in lines if line.strip()]


def _is_utf8(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as text:
            for _ in iter(lambda: text.read(1 << 20), ""):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _separator(head: list[str]) -> str | None:
    """Find the sign that cuts every line into equally many cells; None for blanks."""
    best, most = None, 0
    for sign in _SEPARATORS:
        counts = {line.count(sign) for line in head}
        least = min(counts)
        if least > most and len(counts) == 1:
            best, most = sign, least
    if best is not None:
        return best
    # Text cells may hold separators of their own: take what at least occurs in every line.
    always = [sign for sign in _SEPARATORS if all(sign in line for line in head)]
    return always[0] if always else None
