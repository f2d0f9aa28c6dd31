"""`models`: what detectors learn from, and the promise they keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain
from cli.teaching import Teaching
from core.errors import Refused

if TYPE_CHECKING:
    from service.grading import Graded

app = typer.Typer(no_args_is_help=True, help="What models learn from.")


@app.callback()
def models() -> None:
    """Look at what models learn from."""


@app.command(cls=Teaching)
def grade(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A CSV or Parquet file, a folder of them, or an asset of the plant; all assets"
            " where it is left out.",
            metavar="[FILE|ASSET]",
            show_default=False,
        ),
    ] = None,
    asset: Annotated[
        str | None, typer.Option(help="Of a file: the column that tells assets apart.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Of a file: the column of times.")] = None,
    since: Annotated[str, typer.Option(help="Of the history: how far back to look.")] = "30d",
    config: ConfigFolder = SHIPPED,
    as_json: AsJson = False,
) -> None:
    """Tell what each channel is worth for learning, and why.

    A channel is used (judged), context (explains others) or left out. A class's `grade` for a
    channel overrules it.

    Examples:
      millwright models grade pump.csv
      millwright models grade lahore/water/pump-01 -c my-plant --since 90d

    """
    if what is not None and Path(what).exists():
        found = _from_file(Path(what), time, asset)
    else:
        found = _from_history(what, since, config)
    for one in found:
        if as_json:
            for row in _rows(one):
                print(json_line(row))
        else:
            _print(one)


@app.command(cls=Teaching)
def budget(config: ConfigFolder = SHIPPED, as_json: AsJson = False) -> None:
    """Tell how many false alerts are promised of each asset, and how many would have come.

    A class says with `false_alerts` how many within thirty days are put up with. `line` is where
    that puts the alarm line, in scores of the detector as it was learned; `came` is what the rules
    would have raised at it, by the healthy time seen so far.

    Examples:
      millwright models budget -c my-plant
      millwright models budget -c my-plant --json

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from service.budgets import promises

    loaded = load(config)
    casefile = open_casefile(existing(loaded))
    try:
        for one in promises(loaded.plant, casefile):
            said = asdict(one.account)
            row = {"asset": one.asset, "detector": one.detector, "ready": one.ready} | said
            if as_json:
                print(json_line(row | {"delivered": None} if one.ready < 1 else row))
                continue
            came = "-" if said["delivered"] != said["delivered"] else f"{said['delivered']:.2f}"
            figures = f"promised {said['promised']:g} a month, came {came}, line {said['line']:.2f}"
            print(f"{plain(one.asset)} {plain(one.detector)}: {figures}; {one.words}")
    finally:
        casefile.close()


def _from_file(path: Path, time: str | None, asset: str | None) -> Iterator[Graded]:
    from service.recorded_grades import grades_of
    from storage.table import Asked, Table

    yield from grades_of(Table(path, Asked(time, asset)))


def _from_history(asset: str | None, since: str, config: Path) -> Iterator[Graded]:
    from cli.adapters import existing, open_history
    from cli.configuration import load
    from core.clock import system_clock
    from core.quantity import span
    from core.suggestion import unknown
    from service.grading import graded

    try:
        back = span(since)
    except ValueError as error:
        msg = f"--since: {error}"
        raise Refused(msg) from error
    loaded = load(config)
    plant = loaded.plant
    if asset is not None and asset not in plant.assets:
        raise Refused(f"no such file, and {unknown('asset', asset, plant.assets)}")  # noqa: EM102
    file = "history.db" if loaded.service.history.kind == "sqlite" else "cases.db"
    history = open_history(existing(loaded, file))
    try:
        now = system_clock()
        for each in plant.assets.values() if asset is None else [plant.assets[asset]]:
            stop = (history.latest(each.id) or now) + 1
            yield graded(each, plant.class_of(each.id), history, stop - back, stop)
    finally:
        history.close()


def _print(one: Graded) -> None:
    from service.recorded_words import graded_lines

    modes = ", ".join(f"{mode.name.lower()} {share:.0%}" for mode, share in one.modes.items())
    print(f"{plain(one.asset)}: {one.rows:,} readings, {modes or 'none at all'}")
    for line in graded_lines(one.grades):
        print(plain(line))


def _rows(one: Graded) -> Iterator[dict[str, Any]]:
    for each in one.grades:
        row = {"asset": one.asset, "channel": each.name, "grade": str(each.verdict)}
        figures = {k: None if v != v else v for k, v in asdict(each.figures).items()}  # noqa: PLR0124
        yield row | {"reason": each.reason} | figures
