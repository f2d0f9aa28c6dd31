"""Sends a person's command by way of the journal and waits for what scoring makes of it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from core.clock import system_clock
from core.errors import Refused, Unavailable
from core.journal import Command, draft


def send(folder: Path, verb: str, alert_id: str, by: str, note: str, wait: float = 10) -> str:
    """Append a command, wait for its outcome and return it in words.

    Raises Refused with scoring's words, Unavailable where no scoring runs to decide.
    """
    from cli.adapters import open_casefile, open_journal
    from cli.configuration import load

    config = load(folder)
    command = Command(uuid.uuid4().hex, verb, alert_id, by, note)
    casefile = open_casefile(config)
    journal = open_journal(config)
    try:
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
    msg = "written to the journal, but no `millwright run` or `serve` has taken it up yet"
    raise Unavailable(msg)
