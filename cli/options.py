"""Options that several commands share, and how lists are printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import Refused

if TYPE_CHECKING:
    from simulators.pace import Pace

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What comes from outside may steer the terminal that it is printed on."""
_WIDEST = 120

SHIPPED = Path(__file__).resolve().parent.parent / "configs"

ConfigFolder = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        envvar="MILLWRIGHT_CONFIG",
        help="Folder with plant.yaml, service.yaml and classes/.",
        show_default="the configuration that ships",
    ),
]
Speed = Annotated[
    str, typer.Option(help="max, real, or how many times as fast: 600.", metavar="SPEED")
]
Authority = Annotated[
    Path | None,
    typer.Option("--ca", help="With mqtts://: the file of the authority that signed the broker."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


def pace_named(speed: str) -> Pace:
    """Read the speed as it was given; Refused says how to write it."""
    from simulators.pace import pace

    try:
        return pace(speed)
    except ValueError as error:
        msg = f"--speed: {error}"
        raise Refused(msg) from error


def span_of(text: str, option: str) -> int:
    """Read a span of time such as `30d`, in ns; Refused says how to write it."""
    from core.quantity import span

    try:
        return span(text)
    except ValueError as error:
        msg = f"{option}: {error}"
        raise Refused(msg) from error


def json_line(row: dict[str, Any]) -> str:
    """Write one row as JSON on one line, safe for a terminal."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    return _CONTROLS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def print_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as JSON lines, or as a plain table of the named columns."""
    if as_json:
        for row in rows:
            print(json_line(row))
        return
    table = [[_cell(row.get(column)) for column in columns] for row in rows]
    head = [column.replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [head, *table]) for i in range(len(columns))]
    for line in [head, *table]:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _cell(value: Any) -> str:
    text = plain(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def plain(value: Any) -> str:
    """Write a cell on one line; signs that would steer the terminal become `?`."""
    return _CONTROLS.sub("?", "" if value is None else str(value))
