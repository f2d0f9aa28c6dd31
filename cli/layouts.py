"""The options by which `replay` is told how a file is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Refused

if TYPE_CHECKING:
    from simulators.layout import Layout

Separator = Annotated[
    str | None,
    typer.Option(help="Sign between cells, tab for a tabulator. Default: recognised."),
]
TimeColumn = Annotated[
    str | None, typer.Option("--time", help="Time column. Default: recognised.", metavar="COLUMN")
]
Names = Annotated[
    str | None,
    typer.Option(
        help="Column names of a file without a header: a,b,s1..s3, or a file of them.",
        metavar="LIST|FILE",
    ),
]
Step = Annotated[
    str | None,
    typer.Option(help="Length of one count where time is a counter, or of one row: 1h, 10s."),
]
AssetColumn = Annotated[
    str | None,
    typer.Option(help="Column that tells many assets apart.", metavar="COLUMN"),
]
Drop = Annotated[str, typer.Option(help="Columns to leave out, comma-separated.", metavar="LIST")]
Renames = Annotated[
    list[str] | None,
    typer.Option("--map", help="COLUMN=CHANNEL, may be repeated.", metavar="COLUMN=CHANNEL"),
]
_SIGNS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}


def layout_of(
    *,
    separator: str | None,
    names: str | None,
    time: str | None,
    step: str | None,
    asset_column: str | None,
    drop: str,
    renames: list[str] | None,
) -> Layout:
    """Put the options together; Refused says which of them makes no sense."""
    from core.quantity import span
    from simulators.layout import Layout, names_from, renames_from

    try:
        length = span(step) if step else None
    except ValueError as error:
        msg = f"--step: {error}"
        raise Refused(msg) from error
    if length is not None and length <= 0:
        msg = f"--step: a count must last longer than {step}"
        raise Refused(msg)
    return Layout(
        separator=_SIGNS.get(separator, separator) if separator else None,
        names=names_from(names) if names else (),
        time=time,
        step=length,
        asset_column=asset_column,
        drop=tuple(name.strip() for name in drop.split(",") if name.strip()),
        rename=renames_from(tuple(renames or ())),
    )
