"""Sends a person's command by way of the journal and waits for what scoring makes of it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from core.clock import system_clock
from core.errors import Refused, Unavailable
from core.journal import Command, draft
from core.suggestion import quoted


def send(folder: Path, verb: str, alert_id: str, by: str, note: str, wait: float = 10) -> str:
    """Append a command, wait for its outcome and return it in words.

    Raises Refused with scoring's words, Unavailable where no scoring runs to decide.
    """
    from cli.adapters import existing, open_casefile, open_journal
    from cli.configuration import load

    config = existing(load(folder))
    command = Command(uuid.uuid4().hex, verb, alert_id, by, note)
    casefile = open_casefile(config)
    journal = open_journal(config)
    try:
        if casefile.alert(alert_id) is None:
            raise Refused(no_alert(alert_id))
        journal.append([draft(system_clock(), command)])
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            outcome = casefile.outcome(command.id)
            if outcome is not None and not outcome.accepted:
                raise Refused(outcome.words)
            if outcome is not None:
                return outcome.words
            time.sleep(0.05)
    finally:
        journal.close()
        casefile.close()
    msg = (
        f"written down, but not decided within {wait:.0f} s: no `millwright run` or `serve` works"
        f" on {config.data.resolve()}; it is decided when one starts"
    )
    raise Unavailable(msg)


def no_alert(alert_id: str) -> str:
    """Say that there is no such alert, and how to find those there are."""
    return f"no alert {quoted(alert_id)}; millwright alerts list --all shows the known ones"
