"""`messages`: the person's side of ingest: what was refused, and trying it again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.accept import accept
from cli.block import block
from cli.ledger import ledger
from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from cli.proposed import proposed
from cli.teaching import Teaching
from cli.trying import try_message
from core.errors import Refused
from core.rejection import Reason

app = typer.Typer(
    no_args_is_help=True, help="What became of messages: account for them, try refused ones again."
)
app.command(cls=Teaching)(block)
app.command(cls=Teaching)(ledger)
app.command(cls=Teaching)(proposed)
app.command("try", cls=Teaching)(try_message)
app.command(cls=Teaching)(accept)


@app.command(cls=Teaching)
def rejected(
    config: ConfigFolder = SHIPPED,
    reason: Annotated[Reason | None, typer.Option(help="Only those refused for this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List refused messages, newest first, and count by reason.

    Examples:
      millwright messages rejected --limit 10
      millwright messages rejected --reason "unknown asset" --json

    """
    from cli.adapters import existing, open_journal
    from cli.configuration import load
    from core.clock import iso

    journal = open_journal(existing(load(config), "journal.db"))
    try:
        letters = journal.rejected(limit, reason)
        counts, dropped = journal.rejected_counts(), journal.dropped()
    finally:
        journal.close()
    rows = [
        {
            "id": letter.id,
            "at": iso(letter.at),
            "reason": str(letter.reason),
            "topic": letter.topic,
            "detail": letter.detail,
            "bytes": letter.size,
            "payload": letter.payload[:200].decode("utf-8", "replace"),
        }
        for letter in letters
    ]
    print_rows(rows, ("id", "at", "reason", "topic", "detail", "bytes"), as_json=as_json)
    if not as_json:
        total = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
        print(f"\nsince the journal was made: {total or 'none'}; no longer kept: {dropped}")


@app.command(cls=Teaching)
def retry(
    letters: Annotated[list[int] | None, typer.Argument(help="Ids; default all.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="Only those refused for this.")] = None,
    config: ConfigFolder = SHIPPED,
) -> None:
    """Try refused messages again, after the configuration was mended.

    What is now taken leaves the list; what is refused again stays.

    Examples:
      millwright messages retry --reason "unknown asset"
      millwright messages retry 17 18

    """
    from cli.adapters import existing, open_journal
    from cli.configuration import load
    from core.clock import system_clock
    from ingest.memory import MemoryFile
    from ingest.retry import retry as try_again

    loaded = existing(load(config), "journal.db")
    journal = open_journal(loaded)
    try:
        chosen = journal.rejected(1_000_000, reason)
        if letters:
            chosen = [letter for letter in chosen if letter.id in set(letters)]
        if unknown := set(letters or ()) - {letter.id for letter in chosen}:
            msg = f"no such message is kept: {', '.join(map(str, sorted(unknown)))}"
            raise Refused(msg)
        offsets = MemoryFile(loaded.data / "ingest.json").now.offsets
        done = try_again(
            chosen, loaded.plant, loaded.service.ingest, journal, system_clock, offsets
        )
    finally:
        journal.close()
    print(f"taken now: {done.taken}, refused again: {done.refused}, not kept whole: {done.partial}")
