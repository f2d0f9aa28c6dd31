"""The options of `score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(help="CSV or Parquet, or a folder of them.", metavar="DATA")]
Train = Annotated[
    Path | None,
    typer.Option(help="Learn from this recording of healthy running.", metavar="FILE"),
]
TrainRows = Annotated[
    int | None,
    typer.Option(help="Learn from so many first rows of each asset.", min=1, metavar="N"),
]
Warmup = Annotated[
    float | None,
    typer.Option(
        help="Learn from this share of each asset's rows.", show_default="0.15", metavar="SHARE"
    ),
]
TimeColumn = Annotated[
    str | None, typer.Option(help="The column of times; else recognised.", metavar="COLUMN")
]
AssetColumn = Annotated[
    str | None, typer.Option(help="The column that tells assets apart.", metavar="COLUMN")
]
Ignored = Annotated[str, typer.Option(help="Columns that take no part.", metavar="COL,COL")]
Separator = Annotated[
    str | None,
    typer.Option(help="Between cells, or tab or blank; else recognised.", metavar="SIGN"),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option(help="Settings of the detector, YAML: kind and its keys.", metavar="FILE"),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Write the scores: .csv, .parquet, or - for stdout.", metavar="FILE"),
]
Plot = Annotated[Path | None, typer.Option(help="Draw it: .svg or .html.", metavar="FILE")]
