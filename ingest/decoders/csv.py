"""Rows of comma- or otherwise separated values, each row a sample."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.rejection import Reason
from core.suggestion import listed, quoted
from ingest.decoders.body import number
from ingest.decoders.bounds import LONGEST_TEXT, Bounded, short, usable
from ingest.decoders.conversion import NUMBER
from ingest.decoders.times import TimeForm, Times, Zone
from ingest.payload import Bad, Constant, Number
from ingest.sample import Sample, Value

_Column = Annotated[str, Field(max_length=LONGEST_TEXT)]
_MOST_COLUMNS = 10_000
_WORDS: dict[str, bool] = {"true": True, "false": False}
_NOT_FINITE = {"nan", "inf", "infinity"}


class CsvSettings(Bounded):
    """How rows are read.

    The names of the columns stand in the first row, or in `columns`, where an empty name leaves a
    column out. A cell that is empty, or one of `skip_values`, has no value.
    """

    kind: Literal["csv"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    skip_rows: int = Field(default=0, ge=0, le=1000)
    columns: tuple[_Column, ...] = Field(default=(), max_length=_MOST_COLUMNS)
    timestamp_column: _Column | None = None
    timestamp_format: TimeForm = "iso"
    timestamp_timezone: Zone | None = None
    asset_column: _Column | None = None
    skip_values: tuple[str, ...] = ("", "-", "NA", "null")
    decimal_comma: bool = False

    @model_validator(mode="after")
    def _check_columns(self) -> CsvSettings:
        if self.delimiter in '"\r\n' or (self.decimal_comma and self.delimiter == ","):
            msg = f"delimiter {self.delimiter!r} cannot be told from what it should part"
            raise ValueError(msg)
        for column in (self.timestamp_column, self.asset_column):
            if column is not None and self.columns and column not in self.columns:
                msg = f"there is no column {quoted(column)}; known: {listed(self.columns)}"
                raise ValueError(msg)
        return self


class CsvDecoder:
    """Reads rows."""

    def __init__(self, settings: CsvSettings) -> None:
        self._settings = settings
        self._times = Times(settings.timestamp_format, settings.timestamp_timezone)
        self._skip = set(settings.skip_values)

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message of any number of rows; Bad where none can be used."""
        try:
            text = payload.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            detail = f"byte {error.start} is not UTF-8"
            raise Bad(Reason.NOT_UTF8, detail) from None
        if not text.strip():
            detail = "the payload is empty"
            raise Bad(Reason.MALFORMED, detail)
        rows = _rows(text, self._settings.delimiter)
        for _ in range(self._settings.skip_rows):
            next(rows, None)
        columns = self._settings.columns or tuple(next(rows, (0, []))[1])
        self._check(columns)
        found: list[Sample] = []
        for line, row in rows:
            found.append(self._sample(columns, line, row))
            self._settings.check(len(found))
        return usable(found)

    def _check(self, columns: tuple[str, ...]) -> None:
        """Refuse a header that cannot be used."""
        self._settings.check_values(len(columns))
        seen: set[str] = set()
        for column in columns:
            if column and column in seen:
                detail = f"the column {quoted(column)} comes twice"
                raise Bad(Reason.DUPLICATE_KEY, detail)
            seen.add(column)
        for wanted in (self._settings.timestamp_column, self._settings.asset_column):
            if wanted is not None and wanted not in columns:
                known = listed(each[:60] for each in columns)
                detail = f"there is no column {quoted(wanted)}; known: {known}"
                raise Bad(Reason.MALFORMED, detail)

    def _sample(self, columns: tuple[str, ...], line: int, row: list[str]) -> Sample:
        sample = Sample({})
        try:
            cells = _cells(columns, row)
            self._read_source(sample, cells)
        except Bad as bad:
            sample.bad.append(Bad(bad.reason, f"line {line}: {bad.detail}"))
            return sample
        for name, cell in cells.items():
            if cell in self._skip:
                continue
            try:
                sample.values[short("the column", name)] = self._value(name, cell)
            except Bad as bad:
                sample.bad.append(Bad(bad.reason, f"line {line}: {bad.detail}"))
        return sample

    def _read_source(self, sample: Sample, cells: dict[str, str]) -> None:
        if self._settings.timestamp_column is not None:
            name = self._settings.timestamp_column
            sample.at = self._times.read(name, cells.pop(name))
        if self._settings.asset_column is not None:
            sample.asset = short("the asset", cells.pop(self._settings.asset_column))
            if not sample.asset:
                detail = f"{self._settings.asset_column} is empty: no asset is named"
                raise Bad(Reason.UNKNOWN_ASSET, detail)

    def _value(self, name: str, cell: str) -> Value:
        text = cell.replace(",", ".", 1) if self._settings.decimal_comma else cell
        if len(text) <= LONGEST_TEXT and NUMBER.fullmatch(text):
            return number(name, Number(text))
        if cell.lower().lstrip("+-") in _NOT_FINITE:
            return number(name, Constant(cell))
        return _WORDS.get(cell.lower(), short(f"the text of {name[:60]},", cell))


def _cells(columns: tuple[str, ...], row: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        detail = f"it has {len(row)} cells, not {len(columns)}"
        raise Bad(Reason.MALFORMED, detail)
    return {name: cell.strip() for name, cell in zip(columns, row, strict=True) if name}


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that are not empty, with their lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"line {reader.line_num}: {error}"
            raise Bad(Reason.MALFORMED, detail) from None
        if row:
            yield reader.line_num, row
