"""`models`: what detectors learn from, the promise they keep, and their versions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli import model_learn, model_serving, model_versions
from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain
from cli.teaching import Teaching

app = typer.Typer(no_args_is_help=True, help="What models learn from, and their versions.")


@app.callback()
def models() -> None:
    """Look at what models learn from, learn from history, and choose between versions."""


for _name, _command in (
    ("learn", model_learn.learn),
    ("list", model_versions.list_versions),
    ("show", model_versions.show),
    ("promote", model_serving.promote),
    ("rollback", model_serving.rollback),
):
    app.command(_name, cls=Teaching)(_command)


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
    from cli.grades import from_file, from_history, show

    if what is not None and Path(what).exists():
        found = from_file(Path(what), time, asset)
    else:
        found = from_history(what, since, config)
    for one in found:
        show(one, as_json=as_json)


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
