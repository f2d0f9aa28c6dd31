"""Forwards a site's journal to its centre: readings, steps of cases, and how its assets stand.

Its own positions move only once the centre's broker has confirmed, so a link that is cut loses
nothing. What is sent twice carries the same numbers, and counts once there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import msgspec
import structlog

from core import parcel, site
from core.casefile import CaseFile
from core.clock import SECOND, Clock
from core.errors import Unavailable
from core.journal import Command, Entry, Journal, Kind, LinkChanged, draft
from core.journal import Link as JournalLink
from core.ledger import Line
from core.readings import Readings
from service.positions import PositionFile
from service.settings import ForwardSettings
from storage import casefile_body

CONSUMER = "forward"
_EVENTS = 200
_CELLS = 400_000
"""So many values fill a parcel: some 3 MB before it is packed."""

_LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.5
_MARK_EVERY = 1.0
_TELL_AFTER = 60.0
"""Seconds after which an outage is told in the feed."""

_log = structlog.get_logger("forward")


class Link(Protocol):
    """A connection to the centre's broker."""

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        """Publish and wait for confirmation; `Unavailable` without it."""
        ...

    def look(self) -> None:
        """See that the connection stands; `Unavailable` where it does not."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class CommandDesk:
    """Takes what the centre asks for into the site's own journal, which decides."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def take(self, body: bytes) -> None:
        """Take a command; what is none is passed over. `Unavailable` where it must come again."""
        try:
            command = site.unpack(body, Command)
        except ValueError as error:
            _log.warning("command_unreadable", why=str(error))
            return
        self._journal.append([draft(self._clock(), command)])


class Forwarder:
    """A consumer of the journal and of the case file."""

    def __init__(
        self,
        settings: ForwardSettings,
        journal: Journal,
        casefile: CaseFile,
        positions: PositionFile,
        link: Link,
        clock: Clock,
        ledger: Callable[[], Sequence[Line]] = tuple,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._casefile = casefile
        self._positions = positions
        self._link = link
        self._clock = clock
        self._ledger = ledger
        self._sent = positions.now.entry
        self._state_at = self._mark_at = 0.0
        self._away_since: float | None = None
        self._told = True  # of an outage before a restart; telling twice is harmless
        self._failures = 0
        self.heartbeat = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Forward until told to stop; says an outage once at its start and once at its end."""
        while not stop.is_set():
            self.heartbeat = time.monotonic()
            try:
                busy = self.step()
                wait = 0.0 if busy else self._settings.every / SECOND
                self._came_back()
            except Unavailable as error:
                wait = self._away(error)
            stop.wait(wait)
        with contextlib.suppress(Unavailable):
            self.step()
        self._link.close()

    def step(self) -> bool:
        """Send what there is, at most one parcel of each kind; tells whether more may wait."""
        more = self._readings() | self._cases()
        self._mark()
        now = time.monotonic()
        if not self._state_at or now - self._state_at >= self._settings.heartbeat / SECOND:
            self._state()
            self._state_at = now
        elif not more:
            self._link.look()
        return more

    @property
    def waiting(self) -> int:
        """How many journal entries are not forwarded yet."""
        return max(0, self._journal.last_id() - self._positions.now.entry)

    def _readings(self) -> bool:
        """Send the readings of the next entries in one parcel; tells whether more wait."""
        now = self._positions.now
        entries = self._journal.read(now.entry, self._settings.most)
        if now.until > now.entry:
            entries = [entry for entry in entries if entry.id <= now.until]
        if not entries:
            now.until = now.entry  # what was to be sent had to make room
            return False
        taken, readings = _filling(entries)
        last = taken[-1].id
        if readings:
            first = self._sent + 1
            if now.entry and entries[0].id > now.entry + 1:
                first = entries[0].id  # what lay between had to make room before it was sent
            now.until = last
            self._positions.save()
            body = parcel.pack(parcel.Parcel(now.journal, first, last, tuple(readings)))
            self._link.publish(self._topic(site.Topic.READINGS), body)
            self._sent = now.entry = last
            self._positions.save()
        now.entry = last
        return len(taken) < len(entries) or len(entries) == self._settings.most

    def _cases(self) -> bool:
        """Send the next steps of cases; tells whether more wait."""
        now = self._positions.now
        most = now.until_event - now.event if now.until_event > now.event else _EVENTS
        events = self._casefile.events(now.event, most)
        if not events:
            return False
        items = tuple(
            (casefile_body.encode(step), casefile_body.encode(alert)) for step, alert in events
        )
        last = now.until_event = events[-1][0].id
        self._positions.save()
        self._link.publish(
            self._topic(site.Topic.CASES),
            site.pack(site.Cases(now.journal, now.event + 1, last, items)),
        )
        now.event = last
        self._positions.save()
        return len(events) == _EVENTS

    def _state(self) -> None:
        statuses = tuple(casefile_body.encode(status) for status in self._casefile.statuses())
        lines = tuple(_plain(line) for line in self._ledger())
        state = site.State(self._clock(), self.waiting, statuses, lines)
        self._link.publish(self._topic(site.Topic.STATE), site.pack(state))

    def _topic(self, what: site.Topic) -> str:
        return site.topic(self._settings.prefix, self._settings.site, what)

    def _mark(self) -> None:
        """Leave a trailing copy of the position with the journal, which trimming waits for."""
        now = time.monotonic()
        if now - self._mark_at >= _MARK_EVERY:
            self._mark_at = now
            self._journal.mark(CONSUMER, self._positions.now.entry)

    def _away(self, error: Unavailable) -> float:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            _log.warning("centre_unavailable", why=str(error), waiting=self.waiting)
        if not self._told and now - self._away_since >= _TELL_AFTER:
            words = f"{error}; {self.waiting:,} journal entries wait"
            self._told = self._tell(LinkChanged(JournalLink.CENTRE_AWAY, words))
        self._failures += 1
        longest = min(_LONGEST_WAIT, max(self._settings.every / SECOND, _FIRST_WAIT) * 20)
        return error.retry_after or min(longest, _FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def _came_back(self) -> None:
        if self._away_since is not None:
            _log.info("centre_came_back", waiting=self.waiting)
        if self._told:
            self._told = not self._tell(LinkChanged(JournalLink.CENTRE_BACK))
        self._away_since, self._failures = None, 0

    def _tell(self, change: LinkChanged) -> bool:
        """Say in the site's feed that the centre cannot be reached, or can be again."""
        try:
            self._journal.append([draft(self._clock(), change)])
        except Unavailable:
            return False
        return True


def _filling(entries: Sequence[Entry]) -> tuple[Sequence[Entry], list[Readings]]:
    """Take entries until their readings fill a parcel."""
    readings: list[Readings] = []
    cells = 0
    for count, entry in enumerate(entries, 1):
        block = _readings_of(entry)
        if block is not None:
            readings.append(block)
            cells += block.values.size
            if cells >= _CELLS:
                return entries[:count], readings
    return entries, readings


def _readings_of(entry: Entry) -> Readings | None:
    if entry.kind is not Kind.READINGS:
        return None
    try:
        return Readings.decode(entry.body)
    except (ValueError, msgspec.MsgspecError):
        _log.warning("journal_entry_unreadable", entry=entry.id)
        return None


def _plain(line: Line) -> dict[str, Any]:
    return {key: dict(v) if hasattr(v, "items") else v for key, v in asdict(line).items()}
