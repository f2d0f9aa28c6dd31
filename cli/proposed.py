"""`messages proposed`: what reports and is not in the plant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows

if TYPE_CHECKING:
    from core.proposal import Observed, Proposal

_COLUMNS = ("asset", "source", "first", "last", "messages", "channels")
_SHOWN = 6


def proposed(
    config: ConfigFolder = SHIPPED,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List what reports and is not in the plant, most often heard first.

    Of each a sample is looked at: its channels, what they lay between, and a few whole messages.
    `accept` puts one into the plant.

    Examples:
      millwright messages proposed
      millwright messages proposed --json

    """
    from cli.adapters import existing, open_proposals
    from cli.configuration import load

    proposals = open_proposals(existing(load(config), "proposed.db"))
    try:
        listed, forgotten = proposals.listed(limit), proposals.forgotten()
    finally:
        proposals.close()
    print_rows([_row(one, whole=as_json) for one in listed], _COLUMNS, as_json=as_json)
    if not as_json and forgotten:
        print(f"\n{forgotten} more were heard once or long ago and are no longer kept")


def said_of(name: str, seen: Observed) -> str:
    """Say what was seen of a channel in a few words."""
    if seen.low is None or seen.high is None:
        return f"{name} {'/'.join(seen.words)}".rstrip()
    return f"{name} {seen.low:g}..{seen.high:g} {seen.unit}".rstrip()


def _row(one: Proposal, *, whole: bool) -> dict[str, Any]:
    from core.clock import iso

    row = {
        "asset": one.asset,
        "source": one.source,
        "first": iso(one.first),
        "last": iso(one.last),
        "messages": one.messages,
    }
    if whole:
        from dataclasses import asdict

        return row | {"channels": {name: asdict(seen) for name, seen in one.channels.items()}}
    said = [said_of(name, seen) for name, seen in one.channels.items()]
    more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return row | {"channels": "; ".join(said[:_SHOWN]) + more}
