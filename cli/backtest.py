"""`backtest`: a past through the live code, and what it would have told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.backtest_work import moment
from cli.options import SHIPPED, AsJson, ConfigFolder, json_line
from core.errors import Refused
from core.suggestion import unknown

Data = Annotated[
    Path | None,
    typer.Option(help="A folder of CSV files, one a machine; else the configured history."),
]
ClassName = Annotated[
    str | None, typer.Option("--class", help="With --data: the class of its machines, or auto.")
]
Column = Annotated[
    str | None,
    typer.Option(help="With --data: the column that tells machines apart.", metavar="COLUMN"),
]
Since = Annotated[str | None, typer.Option(help="From when on, as 2026-01-01.", metavar="TIME")]
Until = Annotated[str | None, typer.Option(help="Until when.", metavar="TIME")]


def backtest(
    config: ConfigFolder = SHIPPED,
    data: Data = None,
    asset_class: ClassName = None,
    asset_column: Column = None,
    asset: Annotated[list[str] | None, typer.Option(help="Only this asset; repeatable.")] = None,
    since: Since = None,
    until: Until = None,
    horizon: Annotated[
        str, typer.Option(help="So long before the work on a failure an alert is about it.")
    ] = "30d",
    compare: Annotated[
        Path | None, typer.Option(help="Another configuration, to see what it would change.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The report; a JSON is written beside it.")] = Path(
        "backtest.html"
    ),
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many processes share it.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Run a past through the live code: what it would have told.

    Failures are work that was no routine, from the service's own record or work.csv, or what an
    `anomaly` or `label` column marks. With --compare it ends with 1 where a confirmed failure
    would be lost.

    Examples:
      millwright backtest -c my-plant --since 2026-01-01
      millwright backtest --data recordings --class auto
      millwright backtest -c my-plant --compare my-plant-edited --out review.html

    """
    from cli.backtest_runs import Chosen, Wanted, figures_of, write
    from cli.configuration import load
    from core.quantity import span

    try:
        before = span(horizon)
    except ValueError as error:
        msg = f"--horizon: {error}"
        raise Refused(msg) from error
    begin = None if since is None else moment(since, "--since")
    end = None if until is None else moment(until, "--until")
    wanted = Wanted(begin, end, before, tuple(asset or ()))
    with source_of(load(config), data, asset_class, asset_column) as source:
        known = source.reader_assets
        for one in wanted.assets:
            if one not in known:
                raise Refused(unknown("asset", one, known))
        chosen = Chosen.of(source, wanted)
        ours = figures_of(chosen, jobs)
        theirs = None
        if compare is not None:
            theirs = figures_of(chosen.under(load(compare).plant, asset_class), jobs)
    result = write(chosen, ours, theirs, out)
    _tell(result, out, as_json=as_json)
    if result.get("compared", {}).get("lost_failures"):
        raise typer.Exit(1)


@contextlib.contextmanager
def source_of(
    loaded: Any, data: Path | None, asset_class: str | None, asset_column: str | None
) -> Iterator[Any]:
    """Open the past that the options name: the configured history, or a folder of CSV."""
    from cli.backtest_sources import Source, of_folder, of_store

    if data is None:
        if asset_class is not None or asset_column is not None:
            msg = "--class and --asset-column say what the files of --data are; give --data too"
            raise Refused(msg)
        with of_store(loaded) as source:
            yield source
        return
    if not data.is_dir():
        msg = f"--data: no such folder: {data}"
        raise Refused(msg)
    found: Source = of_folder(data, loaded, asset_class, asset_column)
    yield found


def _tell(result: dict[str, Any], out: Path, *, as_json: bool) -> None:
    if as_json:
        print(json_line(result["figures"] | {"report": str(out)}))
        return
    for line in result["words"]:
        print(line)
    print(f"report: {out}, {out.with_suffix('.json')}")
