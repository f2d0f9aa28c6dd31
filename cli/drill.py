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
    from core.plant import Plant
    from service.drill import Trial


def drill(
    asset: Annotated[str, typer.Argument(help="The asset, as `site/area/name`.")],
    config: ConfigFolder = SHIPPED,
    data: Data = None,
    asset_class: ClassName = None,
    asset_column: Column = None,
    last: Annotated[str, typer.Option(help="So much of its past is used.")] = "30d",
    as_json: AsJson = False,
) -> None:
    """Lay faults over an asset's own past: which would be caught.

    The first two thirds of the past are learned from as they are; then each channel steps, drifts
    or becomes restless by one to eight standard deviations, each on a shadow of the asset.

    Examples:
      millwright drill lahore/water/pump-01 -c my-plant
      millwright drill lahore/water/pump-01 -c my-plant --last 90d --json

    """
    from cli.configuration import load
    from cli.progress import Progress
    from core.quantity import span
    from service.backtest_past import Past
    from service.drill import drill as tried

    try:
        back = span(last)
    except ValueError as error:
        msg = f"--last: {error}"
        raise Refused(msg) from error
    with source_of(load(config), data, asset_class, asset_column) as source:
        if asset not in source.spans:
            raise Refused(unknown("asset", asset, source.reader_assets))
        first, end = source.spans[asset]
        start, stop = max(first, end + 1 - back), end + 1
        past = Past(source.reader, source.plant, (asset,), start, stop)
        with Progress("percent of the past", 100) as progress:
            trials, anyway = tried(past, asset, lambda _, share: progress.tell(round(100 * share)))
        plant = source.plant
    if as_json:
        for one in trials:
            print(json_line(asdict(one)))
        return
    _print(trials, plant, asset)
    if anyway:
        print(f"told of the asset as it was, too: {plain(anyway[0].title)}")


def _print(trials: Sequence[Trial], plant: Plant, asset: str) -> None:
    from service.drill import FAULTS, SIZES, smallest

    found = smallest(trials)
    units = {channel.name: channel.unit for channel in plant.class_of(asset).channels}
    rows = [
        {"channel": name}
        | {fault: _cell(found.get((name, fault)), units[name]) for fault in FAULTS}
        for name in dict.fromkeys(one.channel for one in trials)
    ]
    print_rows(rows, ("channel", *FAULTS), as_json=False)
    print(f"\nthe smallest that is caught, of {SIZES[0]:g} to {SIZES[-1]:g} standard deviations")


def _cell(one: Trial | None, unit: str) -> str:
    from service.lengths import length

    if one is None or one.after is None:
        return "missed"
    size = f"{one.size:.3g} {unit}".strip()
    blamed = "" if one.named else ", another blamed"
    return f"{size} ({one.deviations:g} sd) after {length(one.after)}{blamed}"
