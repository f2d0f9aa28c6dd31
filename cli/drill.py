"""`drill`: what would be caught, how soon, and what would be missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.backtest import ClassName, Column, Data, source_of
from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain, print_rows
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from cli.backtest_sources import Source
    from cli.configuration import Configuration
    from core.clock import Span
    from core.drilled import Drilled
    from core.plant import Plant


def drill(
    asset: Annotated[
        str | None, typer.Argument(help="The asset, as `site/area/name`.", show_default=False)
    ] = None,
    config: ConfigFolder = SHIPPED,
    data: Data = None,
    asset_class: ClassName = None,
    asset_column: Column = None,
    last: Annotated[str, typer.Option(help="So much of its past is used.")] = "30d",
    due: Annotated[bool, typer.Option("--due", help="All assets whose turn it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lay faults over an asset's own past: which would be caught.

    The first two thirds of the past are learned from as they are; then each channel steps, drifts
    or becomes restless by one to eight standard deviations, each on a shadow of the asset. The page
    of the asset shows the latest drill on its own history; a running service renews it.

    Examples:
      millwright drill lahore/water/pump-01 -c my-plant
      millwright drill lahore/water/pump-01 -c my-plant --last 90d --json
      millwright drill --due -c my-plant

    """
    from cli.configuration import load
    from cli.drills import open_drills
    from core.quantity import span

    if (asset is None) != due or (due and data is not None):
        msg = "name one asset, or say --due for all of the plant whose turn it is"
        raise Refused(msg)
    try:
        back = span(last)
    except ValueError as error:
        msg = f"--last: {error}"
        raise Refused(msg) from error
    loaded = load(config)
    assets = _due(loaded) if asset is None else (asset,)
    with source_of(loaded, data, asset_class, asset_column) as source:
        for one in assets:
            found = _drilled(source, one, back, renewed=due)
            if data is None:
                open_drills(loaded).keep(found)
            _print(found, source.plant, as_json=as_json)


def _due(loaded: Configuration) -> tuple[str, ...]:
    from cli.adapters import existing, open_casefile
    from cli.drills import open_drills
    from core.clock import system_clock
    from service.drilling import look

    casefile = open_casefile(existing(loaded))
    try:
        return look(
            loaded.plant, casefile, open_drills(loaded), loaded.service.models.drill, system_clock()
        )
    finally:
        casefile.close()


def _drilled(source: Source, asset: str, back: Span, *, renewed: bool) -> Drilled:
    """Drill one asset; one without a past is refused, or passed over where it is its turn."""
    from cli.progress import Progress
    from core.clock import system_clock
    from core.drilled import Drilled
    from service.backtest_past import Past
    from service.drill import TOO_SHORT, drill, untried

    if asset not in source.spans:
        if not renewed:
            raise Refused(unknown("asset", asset, source.reader_assets))
        return Drilled(asset, system_clock(), 0, 0, why=TOO_SHORT)
    first, end = source.spans[asset]
    start, stop = max(first, end + 1 - back), end + 1
    past = Past(source.reader, source.plant, (asset,), start, stop)
    with Progress("percent of the past", 100) as progress:
        trials, anyway = drill(past, asset, lambda _, share: progress.tell(round(100 * share)))
    told = anyway[0].title if anyway else ""
    why = untried(trials, stop - start)
    return Drilled(asset, system_clock(), start, stop, tuple(trials), told, why)


def _print(found: Drilled, plant: Plant, *, as_json: bool) -> None:
    from core.drilled import smallest
    from service.drill import FAULTS, SIZES
    from service.drill_words import cell

    if as_json:
        for one in found.trials:
            print(json_line(asdict(one)))
        return
    least = smallest(found.trials)
    units = {channel.name: channel.unit for channel in plant.class_of(found.asset).channels}
    channels: Sequence[str] = list(dict.fromkeys(one.channel for one in found.trials))
    rows = [
        {"channel": name} | {fault: cell(least.get((name, fault)), units[name]) for fault in FAULTS}
        for name in channels
    ]
    print_rows(rows, ("channel", *FAULTS), as_json=False)
    print(f"\nthe smallest that is caught, of {SIZES[0]:g} to {SIZES[-1]:g} standard deviations")
    if found.anyway:
        print(f"told of the asset as it was, too: {plain(found.anyway)}")
