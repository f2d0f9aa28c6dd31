"""Options that `life fit` and `life predict` share, and how they read runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.run_table import RunTable
    from storage.run_columns import RunColumns

UnitColumn = Annotated[
    str | None, typer.Option(help="The column that tells units apart.", metavar="COLUMN")
]
TimeColumn = Annotated[
    str | None, typer.Option(help="The column of age, or of times.", metavar="COLUMN")
]
Separator = Annotated[
    str | None,
    typer.Option(help="Between cells, or tab or blank; else recognised.", metavar="SIGN"),
]
Counts = Annotated[
    bool | None,
    typer.Option(
        "--counter/--dates", help="What numbers in the column of times are; else recognised."
    ),
]
ModelFolder = Annotated[Path, typer.Option(help="The folder of the model.", metavar="DIR")]


def listed(names: str) -> tuple[str, ...]:
    """Cut names at commas."""
    return tuple(name.strip() for name in names.split(",") if name.strip())


def runs_of(columns: RunColumns, operating: tuple[str, ...], *, by_name: bool = False) -> RunTable:
    """Put the rows of a table together to runs; `by_name`: whatever the order of its units."""
    from models.run_table import gathered

    names = columns.names, operating, columns.failed
    return gathered(columns.unit, columns.time, columns.values, *names, by_name=by_name)
