"""`life predict`: the life left of units, by a model that was learned from others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import life_options as option
from core.errors import Refused

if TYPE_CHECKING:
    from core.life import Outlook
    from models.run_life import RunLife
    from models.similar_runs import Alike
    from storage.run_columns import RunColumns


def predict(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet of units.", metavar="DATA")],
    model: option.ModelFolder,
    out: Annotated[
        Path, typer.Option(help="Where to write: .csv, .parquet, or - for stdout.", metavar="FILE")
    ],
    every_row: Annotated[
        bool, typer.Option("--every-row", help="Each row, not only the last of each unit.")
    ] = False,
    unit: option.UnitColumn = None,
    time: option.TimeColumn = None,
    separator: option.Separator = None,
) -> None:
    """Say the life left of units, or that it cannot be said.

    All rows of a unit since it was new must be given; where time is dates, age counts from the
    first of them. A row is `ok`, or `cannot_say` with the reason. Units of time are those of the
    model's runs.

    Examples:
      millwright life predict today.csv --model life --out left.csv
      millwright life predict history.csv --model life --every-row --out -

    """
    from cli.life_model import doubts, opened
    from cli.piped import piped
    from storage.life_file import check, write
    from storage.run_columns import RunsAsked, read

    check(out, data)
    made, meant = opened(model)
    asked = RunsAsked(
        unit or meant["unit"],
        time or meant["time"],
        separator=separator,
        counter=bool(meant["counts"]),
    )
    who, late = "operating column of the model", meant["since_first"]
    works = made.regimes.operating
    columns = read(data, asked, works, since_first=late, needed_by=who)
    columns = columns.called((*made.regimes.names, *works))
    notes = [*columns.notes, *doubts(columns, made, meant, data)]
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    try:
        rows = _rows(columns, made, every=every_row)
    except (ValueError, ArithmeticError, LookupError) as error:
        msg = f"{model}: this model says nothing of {data}: {error}"
        raise Refused(msg) from error
    told = sum(row["state"] == "ok" for row in rows)
    words = f"{told} of {len(rows)} rows have an estimate"
    if str(out) == "-":
        print(words, file=sys.stderr)
    with piped():
        write(out, rows, columns.kinds)
    if str(out) != "-":
        print(f"{words}; written to {out}", file=sys.stderr)


def _rows(columns: RunColumns, made: RunLife, *, every: bool) -> list[dict[str, Any]]:
    import numpy as np

    from cli.life_model import leaps, staleness, wanting

    runs = option.runs_of(columns, made.regimes.operating)
    for note in leaps(columns, runs, made):
        print(f"note: {note}", file=sys.stderr)
    said = made.forecast(runs) if every else made.latest(runs)
    wanted = np.arange(len(runs.time)) if every else runs.last
    asked = runs.last.tolist() if every else range(len(wanted))
    notes = wanting([said.at(k) for k in asked], runs)
    late = np.where(said.reason == "", said.late, 0.0)
    for note in [*notes, *staleness(late, runs, runs.unit[wanted])]:
        print(f"note: {note}", file=sys.stderr)
    second = dict(zip(runs.last.tolist(), made.alike(runs), strict=True))
    return [
        {
            "unit": runs.called[runs.unit[i]],
            "time": columns.told[runs.row[i]],
            **_told(said.at(k), float(said.health[k]), (made.basis, _second(second.get(i)))),
        }
        for k, i in enumerate(wanted.tolist())
    ]


def _told(left: Outlook, health: float, basis: tuple[str, ...]) -> dict[str, Any]:
    """Lay out what is said of a row; one of which nothing is has no number and rests on nothing."""
    from core.life import CannotSay, chance

    if isinstance(left, CannotSay):
        return {"state": "cannot_say", "reason": left.reason, "basis": ""}
    return {
        "rul": left.mean,
        "rul_p05": left.p05,
        "rul_p50": left.p50,
        "rul_p95": left.p95,
        "p_fail_10": chance(left, 10.0),
        "p_fail_30": chance(left, 30.0),
        "health": health,
        "state": "ok",
        "basis": "; ".join(filter(None, basis)),
    }


def _second(alike: Alike | None) -> str:
    """Say the second opinion, which is asked for at the last row of each unit."""
    return "" if alike is None else alike.words
