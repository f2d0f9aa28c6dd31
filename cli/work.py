"""`work`: record what maintenance did, and list it."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from cli.teaching import Teaching
from core.errors import Refused
from core.suggestion import unknown
from core.work import Work

app = typer.Typer(no_args_is_help=True, help="Record and list maintenance work.")


@app.command(cls=Teaching)
def add(
    asset: Annotated[str, typer.Argument(help="The asset, site/area/name.")],
    work: Annotated[Work, typer.Argument(help="What was done.")],
    by: Annotated[str, typer.Option(help="Who did it.", envvar=["USER", "LOGNAME"])],
    note: Annotated[str, typer.Option(help="What was found.")] = "",
    failure_mode: Annotated[str, typer.Option(help="The failure mode found, if any.")] = "",
    routine: Annotated[bool, typer.Option(help="Planned work; nothing was wrong.")] = False,
    failed: Annotated[bool, typer.Option(help="The machine had failed.")] = False,
    config: ConfigFolder = SHIPPED,
) -> None:
    """Record work on an asset in the journal.

    A repair or replacement ends the asset's open machine cases, and its model learns anew. Whether
    a life ended in failure is told by the machine's own wear, unless --routine or --failed says it.

    Examples:
      millwright work add lahore/water/pump-01 inspected --by Bilal --routine
      millwright work add lahore/water/pump-01 replaced --failure-mode bearing_wear
      millwright work add lahore/water/pump-01 repaired --failure-mode bearing_wear --failed

    """
    from cli.adapters import open_journal
    from cli.configuration import load
    from core.clock import system_clock
    from core.journal import draft
    from core.work import BOTH, WorkEvent

    loaded = load(config)
    if asset not in loaded.plant.assets:
        raise Refused(unknown("asset", asset, loaded.plant.assets))
    known = [mode.name for mode in loaded.plant.class_of(asset).failure_modes]
    if routine and failed:
        raise Refused(BOTH)
    if failure_mode and failure_mode not in known:
        raise Refused(unknown("failure mode", failure_mode, known))
    now = system_clock()
    key = uuid.uuid4().hex
    event = WorkEvent(asset, now, work, by, note, failure_mode, routine, key, failed)
    journal = open_journal(loaded)
    try:
        journal.append([draft(now, event)])
    finally:
        journal.close()
    print(f"recorded: {asset} {work} by {by}")


@app.command("list", cls=Teaching)
def list_work(
    config: ConfigFolder = SHIPPED,
    asset: Annotated[str | None, typer.Option(help="Only this asset.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List recorded work, newest first, and what it came to.

    Examples:
      millwright work list --asset lahore/water/pump-01

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from cli.wording import work_row
    from service.repair_record import recorded

    loaded = existing(load(config))
    casefile = open_casefile(loaded)
    try:
        entries = recorded(casefile.work(asset, limit), loaded.plant, casefile)
    finally:
        casefile.close()
    columns = ("at", "asset", "work", "by", "failure_mode", "note", "came_to")
    print_rows(map(work_row, entries), columns, as_json=as_json)
