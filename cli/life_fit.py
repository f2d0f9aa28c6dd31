"""`life fit`: learn remaining life from runs, and say how it did on units left out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import life_options as option
from core.errors import Refused

if TYPE_CHECKING:
    from models.run_life import RunLife
    from models.run_life_fit import Checked
    from models.run_table import RunTable
    from storage.run_columns import RunColumns

PLOT = "fit.svg"


def fit(
    runs: Annotated[Path, typer.Argument(help="CSV or Parquet of runs.", metavar="RUNS")],
    model: option.ModelFolder,
    unit: option.UnitColumn = None,
    time: option.TimeColumn = None,
    event: Annotated[
        str | None,
        typer.Option(help="1 failed, 0 not; all failed when absent.", metavar="COLUMN"),
    ] = None,
    operating: Annotated[
        str, typer.Option(help="Columns that say how hard it works.", metavar="COL,COL")
    ] = "",
    ignore: Annotated[str, typer.Option(help="Columns that take no part.", metavar="COL,COL")] = "",
    separator: option.Separator = None,
    counter: option.Counts = None,
    seed: Annotated[int, typer.Option(help="Of the folds and the trees.", min=0)] = 0,
) -> None:
    """Learn remaining life from runs to failure.

    Units are dealt to ten folds; what is said of each by the model that had not seen it is the
    error and the coverage that are told, and drawn in DIR/fit.svg.

    Examples:
      millwright life fit runs.csv --unit engine --time cycle --model life
      millwright life fit fleet.csv --event failed --operating load,speed --model life

    """
    from cli.life_model import leaps
    from cli.life_report import report
    from cli.signals import saying
    from models.run_life_kept import kept
    from models.run_table import spacing
    from storage import life_folder
    from storage.run_columns import RunsAsked, check_lives, read

    life_folder.check(model)
    works = option.listed(operating)
    asked = RunsAsked(unit, time, event, option.listed(ignore), separator, counter)
    columns = read(runs, asked, works)
    for note in columns.notes:
        print(f"note: {note}", file=sys.stderr)
    check_lives(runs, columns)
    table = option.runs_of(columns, columns.operating, by_name=True)
    if columns.counts and columns.since_first:
        print("note: most units begin late: age counts from the first row of each", file=sys.stderr)
    print(f"learning from {len(table.called)} units, {len(table.time):,} rows", file=sys.stderr)
    with saying("millwright: interrupted; what is being fitted comes to its end, nothing is kept"):
        made, checked = _fitted(table, seed, runs)
    for note in leaps(columns, table, made):
        print(f"note: {note}", file=sys.stderr)
    facts, arrays = kept(made)
    facts |= {"columns": _meant(columns, spacing(table)), "checked": _figures(checked)}
    life_folder.keep(model, facts, arrays)
    _draw(checked, columns, model / PLOT)
    for line in report(table, made, checked, columns):
        print(line)
    print(f"model and {PLOT} written to {model}", file=sys.stderr)


def _fitted(table: RunTable, seed: int, runs: Path) -> tuple[RunLife, Checked]:
    """Fit, and tell how far it is; what cannot be learned from is Refused, whatever it is."""
    from cli.progress import Progress
    from models.run_life_fit import fit as fitted

    try:
        with Progress("percent of the model", 100) as line:
            return fitted(table, seed, beat=lambda share: line.tell(round(100 * share)))
    except Refused as error:
        msg = f"{runs}: {error}"
        raise Refused(msg) from error
    except (ValueError, ArithmeticError, LookupError) as error:
        msg = f"{runs}: nothing can be learned from it: {error}"
        raise Refused(msg) from error


def _meant(columns: RunColumns, apart: float) -> dict[str, Any]:
    return {
        "unit": columns.unit_column,
        "time": columns.time_column,
        "counts": columns.counts,
        "since_first": columns.since_first,
        "operating": list(columns.operating),
        "spacing": apart,
    }


def _figures(checked: Checked) -> dict[str, Any]:
    return {
        "error": checked.error(),
        "coverage": checked.coverage(),
        "coverage_by_third": checked.coverage_by_third(),
        "width": checked.width,
        "constant_width": checked.constant_width,
    }


def _draw(checked: Checked, columns: RunColumns, path: Path) -> None:
    from cli.life_plot import draw

    draw(checked, columns.time_column if columns.counts else "days", path)
