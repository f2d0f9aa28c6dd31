r"""Influx line protocol: `pump,asset=p1 temp=61.5,speed=1480i,run=t 1795420800000000000`.

As InfluxDB reads it: in names and tags a backslash escapes comma, equals sign and space, in quoted
text the quote and itself, and elsewhere it stands for itself. A line is a sample; what begins with
`#` is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from core.rejection import Reason
from core.suggestion import quoted
from ingest.decoders.body import number
from ingest.decoders.bounds import LONGEST_TEXT, Bounded, short, usable
from ingest.instants import SCALES, number_instant
from ingest.payload import Bad, Constant, Number
from ingest.sample import Sample, Value

# Possessive throughout: nothing is ever tried twice, so a line costs no more than its length.
_NAME = r"(?:\\[, ]|[^, \n])++"
_KEY = r"(?:\\[,= ]|[^,= \n])++"
_FIELD = re.compile(rf'({_KEY})=("(?:[^"\\]|\\.)*+"|[^, \n"]++)', re.DOTALL)
_HEAD = re.compile(rf"({_NAME})((?:,{_KEY}={_KEY})*+) ++")
_TAG = re.compile(rf",({_KEY})=({_KEY})")
_TAIL = re.compile(r" *+(-?\d++)? *+(?:\r?\n|\r?\Z)", re.ASCII)
_BLANK = re.compile(r"(?:[ \t\r]*+(?:#[^\n]*+)?\n)++|[ \t\r]*+(?:#[^\n]*+)?\Z")
_UNESCAPED = re.compile(r"\\([,= ])")
_QUOTED = re.compile(r'\\(["\\])')
_NUMBER = re.compile(
    r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?:(-?\d{1,19})i|(\d{1,20})u)", re.ASCII
)
_NOT_FINITE = re.compile(r"[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_BOOLS = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


class LineProtocolSettings(Bounded):
    """How lines are read.

    `asset_tag` is the tag that names the asset; without it the topic does. With
    `prepend_measurement` a value is called `measurement_field`.
    """

    kind: Literal["line_protocol"] = "line_protocol"
    asset_tag: str | None = Field(default=None, min_length=1, max_length=LONGEST_TEXT)
    prepend_measurement: bool = False
    precision: Literal["ns", "us", "ms", "s"] = "ns"


class LineProtocolDecoder:
    """Reads lines, each a sample."""

    def __init__(self, settings: LineProtocolSettings) -> None:
        self._settings = settings
        self._scale = SCALES[settings.precision]

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message of any number of lines; Bad where none can be used."""
        try:
            text = payload.decode()
        except UnicodeDecodeError as error:
            detail = f"byte {error.start} is not UTF-8"
            raise Bad(Reason.NOT_UTF8, detail) from None
        found: list[Sample] = []
        at, line, counted = 0, 1, 0
        while at < len(text):
            blank = _BLANK.match(text, at)
            if blank is not None and blank.end() > at:
                at = blank.end()
                continue
            sample = Sample({})
            try:
                at = self._line(text, at, sample)
            except Bad as bad:
                line += text.count("\n", counted, at)
                counted = at
                sample.values.clear()
                sample.bad.append(Bad(bad.reason, f"line {line}: {bad.detail}"))
                end = text.find("\n", at)
                at = len(text) if end < 0 else end + 1
            found.append(sample)
            self._settings.check(len(found))
        return usable(found)

    def _line(self, text: str, at: int, sample: Sample) -> int:
        """Read a line into a sample and return where the next begins."""
        head = _HEAD.match(text, at)
        if head is None:
            raise _malformed(text, at, "no measurement with its tags, and a space after them")
        self._read_tags(head[2], sample)
        prefix = f"{_plain(head[1])}_" if self._settings.prepend_measurement else ""
        at = head.end()
        while True:
            field = _FIELD.match(text, at)
            if field is None:
                raise _malformed(text, at, "no field such as temp=61.5")
            self._take(prefix + _plain(field[1]), field[2], sample)
            at = field.end()
            if text[at : at + 1] != ",":
                break
            at += 1
        tail = _TAIL.match(text, at)
        if tail is None:
            raise _malformed(text, at, "neither a comma, nor a time in whole numbers, nor the end")
        if tail[1] is not None:
            try:
                sample.at = number_instant(tail[1], self._scale)
            except ValueError as error:
                detail = f"the time {quoted(tail[1])}: {error}"
                raise Bad(Reason.BAD_TIME, detail) from None
        return tail.end()

    def _read_tags(self, text: str, sample: Sample) -> None:
        wanted = self._settings.asset_tag
        if wanted is None:
            return
        for tag in _TAG.finditer(text):
            if _plain(tag[1]) == wanted:
                sample.asset = short("the asset", _plain(tag[2]))
                return
        detail = f"there is no tag {quoted(wanted)}, which should name the asset"
        raise Bad(Reason.UNKNOWN_ASSET, detail)

    def _take(self, name: str, written: str, sample: Sample) -> None:
        short("the field", name)
        if name in sample.values:
            detail = f"the field {quoted(name)} comes twice"
            raise Bad(Reason.DUPLICATE_KEY, detail)
        self._settings.check_values(len(sample.values) + 1)
        try:
            sample.values[name] = _value(name, written)
        except Bad as bad:
            sample.bad.append(bad)


def _value(name: str, written: str) -> Value:
    if written[0] == '"':
        return short(f"the text of {name},", _QUOTED.sub(r"\1", written[1:-1]))
    known = _BOOLS.get(written)
    if known is not None:
        return known
    found = _NUMBER.fullmatch(written) if len(written) <= 400 else None
    if found is not None:
        return number(name, Number(found[1] or found[2] or found[3]))
    said: Any = Constant(written) if _NOT_FINITE.fullmatch(written) else written
    return number(name, said)


def _plain(text: str) -> str:
    return _UNESCAPED.sub(r"\1", text) if "\\" in text else text


def _malformed(text: str, at: int, wanted: str) -> Bad:
    end = text.find("\n", at)
    seen = text[at : min(len(text) if end < 0 else end, at + 40)]
    return Bad(Reason.MALFORMED, f"{quoted(seen)}: {wanted}")
