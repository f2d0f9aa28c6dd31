"""`life fit`: learn remaining life from runs, and say how it did on units left out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import life_options as option

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
    seed: Annotated[int, typer.Option(help="Of the folds and the trees.", min=0)] = 0,
) -> None:
    """Learn remaining life from runs to failure.

    Units are dealt to five folds; what is said of each by the model that had not seen it is the
    error and the coverage that are told, and drawn in DIR/fit.svg.

    Examples:
      millwright life fit runs.csv --unit engine --time cycle --model life
      millwright life fit fleet.csv --event failed --operating load,speed --model life

    """
    from models.run_life_fit import fit as fitted
    from models.run_life_kept import kept
    from models.run_table import spacing
    from storage import life_folder
    from storage.run_columns import RunsAsked, read

    works = option.listed(operating)
    asked = RunsAsked(unit, time, event, option.listed(ignore), separator)
    columns = read(runs, asked, works)
    table = option.runs_of(columns, works)
    for note in columns.notes:
        print(f"note: {note}", file=sys.stderr)
    if columns.counts and columns.since_first:
        print("note: most units begin late: age counts from the first row of each", file=sys.stderr)
    print(f"learning from {len(table.called)} units, {len(table.time):,} rows", file=sys.stderr)
    made, checked = fitted(table, seed)
    facts, arrays = kept(made)
    facts |= {"columns": _meant(columns, works, spacing(table)), "checked": _figures(checked)}
    life_folder.keep(model, facts, arrays)
    _draw(checked, columns, model / PLOT)
    for line in _lines(table, made, checked, columns):
        print(line)
    print(f"model and {PLOT} written to {model}", file=sys.stderr)


def _meant(columns: RunColumns, operating: tuple[str, ...], apart: float) -> dict[str, Any]:
    return {
        "unit": columns.unit_column,
        "time": columns.time_column,
        "counts": columns.counts,
        "since_first": columns.since_first,
        "operating": list(operating),
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


def _lines(table: RunTable, made: RunLife, checked: Checked, columns: RunColumns) -> list[str]:
    from cli.options import plain
    from core.suggestion import listed

    said = columns.time_column if columns.counts else "days"
    still = [name for name in table.conditions if name not in made.regimes.names]
    thirds = ", ".join(f"{100 * share:.0f} %" for share in checked.coverage_by_third())
    lines = [
        f"{made.failures} units failed, {int((~table.failed).sum())} had not; "
        f"{len(made.regimes.names)} channels, {len(made.regimes.centre)} operating regimes",
        f"on units left out: error {checked.error():.3g} (root mean square, {said}), "
        f"{checked.error(made.spread.cap):.3g} below {made.spread.cap:.4g}, above which the "
        "channels do not tell",
        f"90 % intervals held {100 * checked.coverage():.1f} % of the time; by thirds of the life "
        f"that was said, the shortest first: {thirds}",
        f"mean width {checked.width:.3g}; an equally wide interval that holds as often: "
        f"{checked.constant_width:.3g}",
    ]
    if still:
        lines.append(f"without a part, since they never move: {listed(still)}")
    if columns.words:
        lines.append(f"without a part, since they hold no numbers: {listed(columns.words)}")
    return [plain(line) for line in lines]


def _draw(checked: Checked, columns: RunColumns, path: Path) -> None:
    from cli.life_plot import draw

    draw(checked, columns.time_column if columns.counts else "days", path)
