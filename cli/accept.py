"""`messages accept`: puts a proposed asset into the plant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import SHIPPED, ConfigFolder, plain


def accept(
    asset: Annotated[str, typer.Argument(help="As `messages proposed` lists it.")],
    asset_class: Annotated[
        str | None, typer.Option("--class", help="The class it is of; default the one that fits.")
    ] = None,
    new_class: Annotated[
        str | None, typer.Option(help="Write a new class of this name from what was seen.")
    ] = None,
    title: Annotated[str, typer.Option(help="The words people know it by.")] = "",
    timezone: Annotated[
        str | None, typer.Option(help="Of its site, where that is not in the plant yet.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, and change nothing.")] = False,
    config: ConfigFolder = SHIPPED,
) -> None:
    """Put what reports into the plant: plant.yaml, and a class where wanted; then try it again.

    Shows what changes in the files, checks the configuration with it, and leaves everything as it
    was where that finds a fault. What was refused of the asset and is still kept is then taken. A
    service that runs takes up the changed configuration when it is restarted.

    Examples:
      millwright messages accept lahore/water/pump-04 --class centrifugal_pump --title "Pump 4"
      millwright messages accept lahore/water/fan-01 --new-class fan --dry-run

    """
    from cli.accepting import Wish, planned, put
    from cli.adapters import existing, open_proposals
    from cli.configuration import load

    loaded = existing(load(config), "proposed.db")
    proposals = open_proposals(loaded)
    try:
        wish = Wish(asset, asset_class, new_class, title, timezone)
        proposal, changes = planned(loaded, proposals, wish)
        for change in changes:
            print(plain_lines(change.diff()), end="")
        if dry_run:
            return
        taken = put(loaded, proposal, changes)
        proposals.discard([asset])
    finally:
        proposals.close()
    print(f"\n{asset} is in the plant; messages taken that were refused: {taken}")
    print(f"restart `millwright run -c {_shown(config)}` to take it up")


def plain_lines(text: str) -> str:
    """Write a diff so that nothing in it steers the terminal."""
    return "".join(f"{plain(line)}\n" for line in text.splitlines())


def _shown(config: Path) -> str:
    from cli.folder import shown

    return shown(config)
