"""`life scorecard`: how good what was said of lives was, now that they have ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.life import Record
    from service.scorecard import Line

_SHOWN = (
    "class", "failure_mode", "ended", "cut_short", "outlasted", "graded", "error", "bias",
    "covered", "width", "accurate", "horizon_hours", "widened",
)  # fmt: skip

Plot = Annotated[Path | None, typer.Option("--plot", help="An SVG of how often ends came as said.")]


def scorecard(config: ConfigFolder = SHIPPED, as_json: AsJson = False, plot: Plot = None) -> None:
    """Show how good what was said of ended lives was.

    A life ends by work that mends the machine, in failure or cut short: as planned, or well before
    its end; outlasted are those cut short that had lasted longer than was said.

    Error, bias and width are shares of what was truly left; covered is how often the 90 % interval
    held the end; accurate, how often the middle was within 20 % half-way; horizon, how long before
    the end it began to stay within. As JSON, below tells how many ended before each level of what
    was said, which --plot draws.

    Examples:
      millwright life scorecard -c my-plant
      millwright life scorecard -c my-plant --json
      millwright life scorecard -c my-plant --plot calibration.svg

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from service import scorecard as found

    _check(plot)
    loaded = existing(load(config))
    casefile = open_casefile(loaded)
    try:
        lines = found.scorecard(found.lives(loaded.plant, casefile))
        records = found.records(loaded.plant, casefile)
    finally:
        casefile.close()
    rows = [_row(line, as_json=as_json) | _widened(line, records) for line in lines]
    print_rows(rows, _SHOWN, as_json=as_json)
    if plot is not None:
        from service.calibration_plot import calibrations, draw

        plot.write_text(draw(calibrations(lines, loaded.plant)), encoding="utf-8")


def _check(plot: Path | None) -> None:
    if plot is None:
        return
    from cli.score_settings import misused

    if plot.suffix.lower() != ".svg":
        said = f"{plot.name} has no known form; allowed: .svg"
        raise misused(said, "--plot")
    if not plot.absolute().parent.is_dir():
        said = f"{plot}: there is no folder {plot.absolute().parent}"
        raise misused(said, "--plot")


def _widened(line: Line, records: Mapping[tuple[str, str], Record]) -> dict[str, Any]:
    record = records.get((line.asset_class, line.failure_mode))
    return {"widened": 1.0 if record is None else round(record.widened, 2)}


def _row(line: Line, *, as_json: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "class": line.asset_class,
        "failure_mode": line.failure_mode,
        "ended": line.ended,
        "cut_short": line.cut_short,
        "outlasted": line.outlasted,
        "graded": line.graded,
    }
    if line.grade is None:
        return told | dict.fromkeys(_SHOWN[len(told) :])
    grade = line.grade
    shares = {
        "error": grade.error,
        "bias": grade.bias,
        "covered": grade.covered,
        "width": grade.width,
        "accurate": grade.accurate,
    }
    if as_json:
        from core.life import LEVELS

        below = dict(zip(map(str, LEVELS), grade.below, strict=True))
        return told | shares | {"horizon_hours": grade.horizon, "below": below}
    written = {name: f"{100 * share:.0f} %" for name, share in shares.items()}
    return told | written | {"horizon_hours": f"{grade.horizon:.0f}"}
