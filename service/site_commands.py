"""Sends what people ask for about a site's case to that site."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace

import msgspec
import structlog

from core import site
from core.casefile import CaseFile
from core.errors import Unavailable
from core.journal import Command, Entry, Journal, Kind, decode
from service.forwarder import Link
from service.positions import PositionFile

CONSUMER = "commands"
_LOOK_EVERY = 0.2
_MARK_EVERY = 10.0
_AT_ONCE = 500
_LONGEST_WAIT = 30.0
_log = structlog.get_logger("sites")


class SiteCommands:
    """A consumer of the centre's journal; its position moves once the broker has a command."""

    def __init__(
        self, journal: Journal, casefile: CaseFile, positions: PositionFile, link: Link, prefix: str
    ) -> None:
        self._journal = journal
        self._casefile = casefile
        self._positions = positions
        self._link = link
        self._prefix = prefix
        self._mark_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; says an outage once."""
        wait, away = _LOOK_EVERY, False
        while not stop.wait(wait):
            try:
                self.step()
            except Unavailable as error:
                if not away:
                    _log.warning("commands_wait", why=str(error))
                away, wait = True, min(_LONGEST_WAIT, 2 * max(wait, 0.5))
                continue
            if away:
                _log.info("commands_go_on")
            away, wait = False, _LOOK_EVERY
        with contextlib.suppress(Unavailable):
            self._link.close()

    def step(self) -> None:
        """Send what is new."""
        now = self._positions.now
        while entries := self._journal.read(now.entry, _AT_ONCE):
            for entry in entries:
                if (command := _command(entry)) and (sent := self._addressed(command)):
                    self._link.publish(*sent)
                    now.entry = entry.id
                    self._positions.save()
            now.entry = entries[-1].id
        if time.monotonic() - self._mark_at >= _MARK_EVERY:
            self._mark_at = time.monotonic()
            self._positions.save()
            self._journal.mark(CONSUMER, now.entry)

    def _addressed(self, command: Command) -> tuple[str, bytes] | None:
        """Write a command for the site that its case is from; None where it is ours."""
        case = self._casefile.alert(command.alert)
        if case is None or not case.origin:
            return None
        theirs = replace(command, alert=case.id.removeprefix(f"{case.origin}-"))
        name = site.topic(self._prefix, case.origin, site.Topic.COMMANDS)
        return name, site.pack(theirs)


def _command(entry: Entry) -> Command | None:
    """Read a command; None where the entry is none, or cannot be read, which scoring tells."""
    if entry.kind is not Kind.COMMAND:
        return None
    try:
        body = decode(entry)
    except (ValueError, msgspec.MsgspecError):
        return None
    return body if isinstance(body, Command) else None
