"""`models learn`: learns from history, tries what came of it, and puts into service what is fit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.backtest import Column, source_of
from cli.options import SHIPPED, ConfigFolder, plain, span_of
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.backtest_sources import Source
    from cli.configuration import Configuration
    from cli.model_change import Desk
    from core.model_version import Cause


def learn(
    since: Annotated[str, typer.Option(help="How far back to begin, as 90d.")] = "90d",
    asset: Annotated[list[str] | None, typer.Option(help="Only this asset; repeatable.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A folder of CSV files, one an asset; else the configured history."),
    ] = None,
    asset_column: Column = None,
    by: Annotated[str, typer.Option(help="Who does it.", envvar=["USER", "LOGNAME"])] = "",
    promote: Annotated[
        bool, typer.Option(help="Put into service what is fit, or only keep it.")
    ] = True,
    due: Annotated[
        bool, typer.Option("--due", help="Only those whose turn it is, as the service asks.")
    ] = False,
    config: ConfigFolder = SHIPPED,
) -> None:
    """Learn from history, and promote what is not worse.

    Each asset learns from the first two thirds through the code that runs live, without the times
    of its cases and failures. The last third is held out: there what came of it and what is in
    service raise alerts and meet laid faults. It goes into service only if it is not worse.

    Examples:
      millwright models learn --since 90d -c my-plant
      millwright models learn --asset lahore/water/pump-01 --no-promote -c my-plant

    """
    from cli.configuration import load
    from cli.model_change import desk
    from cli.model_course import Course
    from core.model_version import Cause
    from storage.lockfile import LockFile

    loaded = load(config)
    back = loaded.service.models.since if due else span_of(since, "--since")
    alone = LockFile(loaded.data / "models-learn.lock")
    with source_of(loaded, data, None, asset_column) as source, alone, desk(loaded) as at:
        for one in asset or ():
            if one not in source.spans:
                raise Refused(unknown("asset", one, source.reader_assets))
        ours = [one for one in source.reader_assets if loaded.plant.judges(one)]
        turns = whose_turn(at) if due else dict.fromkeys(asset or ours, Cause.ASKED)
        course = Course(loaded, source, str(data or "history"), back, by, promote)
        waits, failed = course.all(at, turns)
        unheard = [] if due or asset else _unheard(loaded, source)
    if waits:
        print("taken up when `millwright run` or `serve` starts", file=sys.stderr)
    if unheard and (data is None or not turns):
        print(f"no history of {counted(unheard)}", file=sys.stderr)
    if failed:
        msg = f"{counted(failed)} could not be taught: it is told above why"
        raise Refused(msg)


def _unheard(loaded: Configuration, source: Source) -> list[str]:
    plant = loaded.plant
    return [one for one in sorted(plant.assets) if plant.judges(one) and one not in source.spans]


def counted(assets: Sequence[str], most: int = 3) -> str:
    """Say how many assets, and name the first."""
    names = ", ".join(plain(one) for one in assets[:most]) + (", ..." if assets[most:] else "")
    return f"{len(assets)} {'asset' if len(assets) == 1 else 'assets'}: {names}"


def whose_turn(at: Desk) -> dict[str, Cause]:
    """Find whose models are to be learned anew, and why."""
    from core.clock import system_clock
    from service.relearning import look

    relearn = at.config.service.models.relearn
    return look(at.config.plant, at.casefile, at.store, relearn, system_clock())
