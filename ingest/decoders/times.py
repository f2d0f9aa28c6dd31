"""Times in the form that an engineer names: an epoch, ISO 8601, or a layout of their own.

A layout is written in the directives of strptime (`%d.%m.%Y %H:%M:%S`) or, as Telegraf has it, as
Go's reference time (`02.01.2006 15:04:05`). Fractions of a second are read to the nanosecond.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from core.clock import Instant, from_datetime
from core.localtime import LocalTime
from core.rejection import Reason
from ingest.instants import FURTHEST, WallTime, number_instant, text_instant
from ingest.payload import Bad, Constant, Number, described

EPOCHS = {"unix": 1_000_000_000, "unix_ms": 1_000_000, "unix_us": 1_000, "unix_ns": 1}
ISO = ("iso", "rfc3339")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FRACTION = r"(?P<f>\d{1,9})"
_ZONE = r"(?P<z>Z|[+-]\d\d:?\d\d|[+-]\d\d)"
_DIRECTIVES = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d\d)",
    "%m": r"(?P<m>\d\d?)",
    "%d": r"(?P<d>\d\d?)",
    "%H": r"(?P<H>\d\d?)",
    "%I": r"(?P<I>\d\d?)",
    "%M": r"(?P<M>\d\d?)",
    "%S": r"(?P<S>\d\d?)",
    "%f": _FRACTION,
    "%p": r"(?P<p>[AaPp][Mm])",
    "%b": r"(?P<b>[A-Za-z]{3})",
    "%z": _ZONE,
    "%%": "%",
}
_GO = {
    "2006": "%Y",
    "Jan": "%b",
    "01": "%m",
    "02": "%d",
    "15": "%H",
    "03": "%I",
    "04": "%M",
    "05": "%S",
    "PM": "%p",
    "Z07:00": "%z",
    "-07:00": "%z",
    "-0700": "%z",
    "06": "%y",
}
_GO_TOKEN = re.compile("|".join([*map(re.escape, _GO), r"(?<=05)[.,](?:0+|9+)"]))
_ALLOWED = "unix, unix_ms, unix_us, unix_ns, iso, rfc3339, or a layout"


class Times:
    """Reads times of one form. `timezone` is the IANA zone of those without an offset."""

    def __init__(self, form: str, timezone: str | None = None) -> None:
        self._scale = EPOCHS.get(form)
        self._layout = None if form in {*EPOCHS, *ISO} else _compiled(form)
        self._form = form
        self._local = None if timezone is None else LocalTime(timezone)

    @property
    def counts(self) -> bool:
        """Whether times are numbers, counted since 1970."""
        return self._scale is not None

    def read(self, name: str, said: Any) -> Instant | WallTime:
        """Read the time that stands at `name`; Bad says why it is none."""
        if type(said) is str and self._scale is None and self._layout is None:
            plain = _plain(said)
            if plain is not None:
                return plain
        try:
            at = self._read(said)
        except (ValueError, OverflowError) as error:
            detail = f'"{name}" is {described(said)}: {error}'
            raise Bad(Reason.BAD_TIME, detail) from None
        if self._local is None or not isinstance(at, WallTime):
            return at
        found = self._local.resolve("", at.wall, learn=False)
        if found is None:
            zone = self._local.zone.key
            detail = f"{at.wall.isoformat(' ')} does not exist in {zone}: clocks skipped it"
            raise Bad(Reason.SKIPPED_HOUR, detail)
        return found + at.below

    def _read(self, said: Any) -> Instant | WallTime:
        if isinstance(said, datetime):  # MessagePack has times of its own
            return number_instant(str(from_datetime(said)), 1)
        if self._scale is not None:
            if type(said) is int and -FURTHEST <= said * self._scale <= FURTHEST:
                return said * self._scale
            if isinstance(said, int | float | str) and not isinstance(said, Constant | bool):
                text = _digits(said)
                plain = _fraction(text, self._scale)
                return number_instant(text, self._scale) if plain is None else plain
            msg = f"not a number of {self._form}, as configured"
            raise ValueError(msg)
        if not isinstance(said, str) or isinstance(said, Number | Constant):
            msg = f"not a text of the form {self._form}, as configured"
            raise ValueError(msg)  # noqa: TRY004 - told as all else about a time
        return text_instant(said) if self._layout is None else _by_layout(self._layout, said)


def _fraction(text: str, scale: int) -> Instant | None:
    """Read a positive count whose fraction ends at a nanosecond; None for any other number."""
    whole, _, part = text.partition(".")
    digits = len(str(scale)) - 1
    if len(whole) > 19 or len(part) > digits or not (whole.isdigit() and part.isdigit()):
        return None
    at = int(whole) * scale + int(part.ljust(digits, "0"))
    return at if at <= FURTHEST else None


def _digits(said: float | str) -> str:
    text = repr(said) if isinstance(said, float) else str(said).strip()
    if len(text) > 400 or not re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", text, re.ASCII):
        msg = "not a plain number"
        raise ValueError(msg)
    return text


def _plain(text: str) -> Instant | None:
    """Read `2026-11-23T08:00:00Z`, with or without a fraction; None for any other form."""
    if len(text) < 20 or text[10] != "T" or text[7] != "-" or text[13] != ":":
        return None
    if text[-1] != "Z" or text[11:13] == "24":
        return None
    part = ""
    if len(text) not in {20, 24, 27}:  # all that datetime itself understands
        part = text[20:-1]
        if text[19] != "." or len(part) > 9 or not (part.isascii() and part.isdigit()):
            return None
        text = f"{text[:19]}Z"
    try:
        at = (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND * 1000
    except ValueError:
        return None
    if part:
        at += int(part.ljust(9, "0"))
    return at if abs(at) < 2**63 else None


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Turn a layout into a pattern; ValueError says what in it is not understood."""
    layout = form
    if "%" not in form:
        layout = _GO_TOKEN.sub(lambda found: _GO.get(found[0]) or f"{found[0][0]}%f", form)
    parts = re.findall(r"%.?|[^%]+", layout, re.DOTALL)
    pattern, seen = "", set()
    for part in parts:
        if part[0] != "%":
            pattern += re.escape(part)
            continue
        if part not in _DIRECTIVES or (part in seen and part != "%%"):
            said = (
                "comes twice" if part in seen else f"is not known; known: {' '.join(_DIRECTIVES)}"
            )
            msg = f"{part} in the layout {form!r} {said}"
            raise ValueError(msg)
        seen.add(part)
        pattern += _DIRECTIVES[part]
    hour = "%H" in seen or {"%I", "%p"} <= seen
    if not ({"%d"} <= seen and seen & {"%Y", "%y"} and seen & {"%m", "%b"} and hour):
        msg = f"{form!r} is no form of times; allowed: {_ALLOWED} with year, month, day and hour"
        raise ValueError(msg)
    return re.compile(pattern, re.ASCII)


def _by_layout(layout: re.Pattern[str], text: str) -> Instant | WallTime:
    found = layout.fullmatch(text) if len(text) < 100 else None
    if found is None:
        msg = "not of the layout that is configured"
        raise ValueError(msg)
    part = found.groupdict()
    year = int(part["Y"]) if part.get("Y") else 2000 + int(part["y"])
    month = int(part["m"]) if part.get("m") else _MONTHS.index(part["b"].lower()) + 1
    hour = int(part["H"]) if part.get("H") else _twelve(int(part["I"]), part["p"])
    minute, second = (int(part.get(key) or 0) for key in "MS")
    fraction = (part.get("f") or "").ljust(9, "0")
    written = (
        f"{year:04}-{month:02}-{int(part['d']):02}T{hour:02}:{minute:02}:{second:02}.{fraction}"
    )
    return text_instant(written + (part.get("z") or ""))


def _twelve(hour: int, half: str) -> int:
    if not 1 <= hour <= 12:
        msg = "hour must be in 1..12"
        raise ValueError(msg)
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _check_form(form: str) -> str:
    if form not in {*EPOCHS, *ISO}:
        _compiled(form)
    return form


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        msg = f'unknown time zone "{name}"; known: IANA names such as "Asia/Karachi"'
        raise ValueError(msg) from None
    return name


TimeForm = Annotated[str, AfterValidator(_check_form), Field(max_length=100)]
"""A settings field that names the form of times."""

Zone = Annotated[str, AfterValidator(_check_zone), Field(max_length=100)]
"""A settings field that holds an IANA time zone."""
