"""Data sets: tables in a metric, whose rows become samples of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.clock import Instant
from core.rejection import Reason
from ingest.instants import FURTHEST
from ingest.payload import Bad
from ingest.sample import Value
from ingest.sparkplug.metric import DataType, Metric, scalar, text

_MOST_COLUMNS = 256


def rows(metric: Metric) -> Iterator[tuple[Instant | None, dict[str, Value]]]:
    """Give the time and the values of each row, named `metric/column`.

    The first column of dates is the time of a row; without one, only a single row has a time,
    that of its metric. Bad where the table does not fit its own heading.
    """
    table = metric.raw
    columns = [text(column) for column in table.columns]
    kinds = [int(kind) for kind in table.types]
    _check(metric, table, columns, kinds)
    clock = kinds.index(DataType.DATE_TIME) if DataType.DATE_TIME in kinds else None
    if clock is None and len(table.rows) > 1:
        raise Bad(Reason.BAD_TIME, f"{metric.said} has rows without a column of times")
    for row in table.rows:
        if len(row.elements) != len(columns):
            raise Bad(Reason.MALFORMED, f"{metric.said} has a row that does not fit its columns")
        yield _row(metric, columns, kinds, clock, row.elements)


def _check(metric: Metric, table: Any, columns: list[str], kinds: list[int]) -> None:
    if len(columns) > _MOST_COLUMNS:
        raise Bad(Reason.OVERSIZED, f"{metric.said} has more than {_MOST_COLUMNS} columns")
    if len(columns) != len(kinds) or table.num_of_columns != len(columns):
        detail = f"{metric.said} has not as many columns as types, or as it says"
        raise Bad(Reason.MALFORMED, detail)
    if len(set(columns)) < len(columns):
        raise Bad(Reason.DUPLICATE_KEY, f"{metric.said} has two columns of one name")


def _row(
    metric: Metric, columns: list[str], kinds: list[int], clock: int | None, elements: Any
) -> tuple[Instant | None, dict[str, Value]]:
    at, values = metric.at, {}
    for k, (column, kind, element) in enumerate(zip(columns, kinds, elements, strict=True)):
        field = element.WhichOneof("value")
        if field is None:
            continue
        name = f"{metric.name}/{column}"
        if k == clock:
            if field != "long_value":
                raise Bad(Reason.BAD_TIME, f"{name} is not a time in milliseconds")
            at = min(int(element.long_value) * 1_000_000, FURTHEST)
        else:
            values[name] = scalar(name, kind, field, getattr(element, field))
    return at, values
