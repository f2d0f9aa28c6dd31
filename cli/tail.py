"""`alerts tail`: the steps of cases as they come."""

from __future__ import annotations

import select
import sys
import threading
from typing import Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain


def tail(
    config: ConfigFolder = SHIPPED,
    after: Annotated[int, typer.Option(help="Begin after this event; -1 means now.")] = -1,
    as_json: AsJson = False,
) -> None:
    """Follow alerts as they come, until interrupted.

    Examples:
      millwright alerts tail
      millwright alerts tail --after 0 --json

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from cli.signals import until_signal
    from cli.wording import event_row

    casefile, stop = open_casefile(existing(load(config))), threading.Event()
    try:
        seen = casefile.last_event() if after < 0 else after
        with until_signal(stop):
            while not stop.wait(0.2) and not _reader_gone():
                for step, alert in casefile.events(seen):
                    row = event_row(step, alert)
                    print(json_line(row) if as_json else plain(row["line"]), flush=True)
                    seen = step.id
    finally:
        casefile.close()


def _reader_gone() -> bool:
    """Tell whether who read our output has left, as `| head` does; a pipe says it unasked."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
