"""`messages ledger`: what became of every message that came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.errors import Refused

if TYPE_CHECKING:
    from core.ledger import Line

_COLUMNS = (
    "source",
    "received",
    "stored",
    "rejected",
    "duplicate",
    "dropped",
    "told",
    "waiting",
    "settled",
    "missing",
    "lost_upstream",
)
_IMBALANCE = 1


def ledger(
    config: ConfigFolder = SHIPPED,
    settle: Annotated[
        bool, typer.Option("--settle", help="Write off what is missing, once you know why.")
    ] = False,
    site: Annotated[
        str | None, typer.Option(help="Show what this site last told of its own ledger.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Account for every message that came in, by source.

    received = stored + rejected + duplicate + dropped + told + waiting + settled; what is left is
    missing. Ends with 1 where any is.

    Examples:
      millwright messages ledger
      millwright messages ledger --json
      millwright messages ledger --settle
      millwright messages ledger --site lahore

    """
    if site is not None:
        from cli.site_ledger import site_ledger

        if settle:
            msg = "--settle is for our own ledger; what a site misses is settled there"
            raise Refused(msg)
        site_ledger(config, site, as_json=as_json)
        return
    from cli.adapters import existing, open_history, open_journal
    from cli.configuration import load
    from core.ledger import look

    loaded = existing(load(config), "journal.db")
    journal, history = open_journal(loaded), open_history(loaded)
    try:
        lines = look(history, journal)
        if settle and any(line.missing for line in lines):
            journal.settle(history.account(), "written off")
            lines = look(history, journal)
    finally:
        journal.close()
        history.close()
    show(lines, as_json=as_json)


def show(lines: tuple[Line, ...], *, as_json: bool) -> None:
    """Print lines of a ledger; ends with 1 where any message is missing."""
    print_rows((_row(line, whole=as_json) for line in lines), _COLUMNS, as_json=as_json)
    if not as_json:
        _explain(lines)
    if any(line.missing for line in lines):
        raise typer.Exit(_IMBALANCE)


def _row(line: Line, *, whole: bool) -> dict[str, Any]:
    counts = {
        "rejected": line.rejected,
        "dropped": line.dropped,
        "settled": line.settled,
    }
    row = {name: getattr(line, name) for name in _COLUMNS if name not in counts}
    summed = {name: found if whole else sum(found.values()) for name, found in counts.items()}
    return row | summed | ({"in_part": line.in_part} if whole else {})


def _explain(lines: tuple[Line, ...]) -> None:
    """Say below the table why messages were refused, dropped or settled."""
    if not lines:
        print("no message has come in yet")
    for line in lines:
        for what, reasons in (
            ("rejected", line.rejected),
            ("dropped", line.dropped),
            ("settled", line.settled),
        ):
            if reasons:
                print(f"{line.source}: {what}: {_listed(reasons)}")
        if line.in_part:
            print(f"{line.source}: stored, but refused in part: {line.in_part}")


def _listed(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.items())
