"""Forwards a site's journal to its centre: readings, steps of cases, and how its assets stand.

Its own positions move only once the centre's broker has confirmed, so a link that is cut loses
nothing. What is sent twice carries the same numbers, and counts once there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol

import msgspec
import structlog

from core import parcel, site
from core.alert import AlertQuery, AlertState
from core.casefile import CaseFile
from core.clock import SECOND, Clock
from core.errors import Refused, Unavailable
from core.journal import Command, Entry, Journal, Kind, LinkChanged, draft
from core.journal import Link as JournalLink
from core.ledger import Line
from core.readings import Readings
from service.positions import PositionFile
from service.settings import ForwardSettings
from storage import casefile_body

CONSUMER = "forward"
OPEN = frozenset(state for state in AlertState if state.is_open)
_EVENTS = 200
_CELLS = 120_000
"""So many values fill a parcel: some 250 kB on the link. Where that is not confirmed in time, each
next one is half as large, so that a link as thin as may be still gets on."""

_PAGE = 500

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
        self._fill = _CELLS
        self._missed = 0
        self._told_missed = False
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
            self._mark_at = 0.0
            self._mark()
        self._link.close()

    def step(self) -> bool:
        """Send what there is, at most one parcel of each kind; tells whether more may wait."""
        self._mark()  # first, so that trimming waits from the beginning
        more = self._readings() | self._cases()
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
        now, end = self._positions.now, self._journal.last_id()
        entries = self._journal.read(now.entry, self._settings.most)
        if not entries:
            return False
        if now.entry and (missed := entries[0].id - now.entry - 1):
            self._miss(missed)
        if now.cuts and (cuts := [cut for cut in now.cuts if cut > now.entry]):
            entries = [entry for entry in entries if entry.id <= cuts[0]]
        taken, readings = _filling(entries, self._fill)
        last = taken[-1].id
        if readings:
            self._send(readings, last)
        now.entry = last
        return last < end

    def _send(self, readings: Sequence[Readings], last: int) -> None:
        now = self._positions.now
        try:
            body = parcel.pack(parcel.Parcel(now.journal, now.sent + 1, last, tuple(readings)))
        except Refused as error:  # one entry alone: several never come to so much
            _log.error("entry_too_large", entry=last, why=str(error))
            self._miss(last - now.entry)
            return
        now.cuts = sorted({last, *(cut for cut in now.cuts if cut > now.entry)})
        self._positions.save()
        try:
            self._link.publish(self._topic(site.Topic.READINGS), body)
        except Unavailable:
            self._fill = max(1, self._fill // 2)
            raise
        self._fill = min(_CELLS, 2 * self._fill)
        now.sent = now.entry = last
        self._positions.save()

    def _miss(self, entries: int) -> None:
        """Leave a gap in the numbers, by which the centre counts what it never got."""
        if not self._missed:
            _log.warning("centre_misses", entries=entries, why="they had to make room")
        self._missed += entries
        self._positions.now.entry += entries
        self._positions.now.sent += entries

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
        return last < self._casefile.last_event()

    def _state(self) -> None:
        statuses = tuple(casefile_body.encode(status) for status in self._casefile.statuses())
        lines = tuple(_plain(line) for line in self._ledger())
        state = site.State(self._clock(), self.waiting, statuses, lines, self._open())
        self._link.publish(self._topic(site.Topic.STATE), site.pack(state))

    def _open(self) -> tuple[str, ...] | None:
        """List the open cases; None while the centre does not have all their steps."""
        found: list[str] = []
        query = AlertQuery(states=OPEN, limit=_PAGE)
        while True:
            page = self._casefile.alerts(query)
            found += [alert.id for alert in page.alerts if not alert.origin]
            if page.cursor is None:
                break
            query = replace(query, cursor=page.cursor)
        whole = self._casefile.last_event() == self._positions.now.event
        return tuple(found) if whole else None

    def _topic(self, what: site.Topic) -> str:
        return site.topic(self._settings.prefix, self._settings.site, what)

    def _mark(self) -> None:
        """Leave a trailing copy of the position with the journal, which trimming waits for."""
        now = time.monotonic()
        if now - self._mark_at >= _MARK_EVERY:
            self._mark_at = now
            with contextlib.suppress(Unavailable):
                self._positions.save()  # first: what is trimmed must never lie ahead of it
                self._journal.mark(CONSUMER, self._positions.now.entry)

    def _away(self, error: Unavailable) -> float:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            _log.warning("centre_unavailable", why=str(error))
        with contextlib.suppress(Unavailable):
            self._say_away(str(error), now - self._away_since)
        self._failures += 1
        longest = min(_LONGEST_WAIT, max(self._settings.every / SECOND, _FIRST_WAIT) * 20)
        return error.retry_after or min(longest, _FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def _say_away(self, why: str, seconds: float) -> None:
        """Tell it once, and once more when something has to make room that was not sent."""
        if seconds < _TELL_AFTER or (self._told and self._told_missed):
            return
        position, missed = self._positions.now.entry, self._missed
        if position:
            missed += sum(entry.id - position - 1 for entry in self._journal.read(position, 1))
        words = f"{why}; {self.waiting:,} journal entries wait"
        if missed:
            words += f"; {missed:,} had to make room and will be missing there"
        if missed or not self._told:
            self._told = self._tell(LinkChanged(JournalLink.CENTRE_AWAY, words))
            self._told_missed = bool(missed)

    def _came_back(self) -> None:
        if self._away_since is not None:
            _log.info("centre_came_back", waiting=self.waiting)
        if self._told:
            words = f"{self._missed:,} journal entries are missing there" if self._missed else ""
            self._told = not self._tell(LinkChanged(JournalLink.CENTRE_BACK, words))
        self._away_since, self._failures = None, 0
        self._missed, self._told_missed = 0, False

    def _tell(self, change: LinkChanged) -> bool:
        """Say in the site's feed that the centre cannot be reached, or can be again."""
        try:
            self._journal.append([draft(self._clock(), change)])
        except Unavailable:
            return False
        return True


def _filling(entries: Sequence[Entry], most: int) -> tuple[Sequence[Entry], list[Readings]]:
    """Take entries that follow each other until their readings fill a parcel."""
    readings: list[Readings] = []
    cells = 0
    for count, entry in enumerate(entries):
        if entry.id != entries[0].id + count:
            return entries[:count], readings
        block = _readings_of(entry)
        if block is not None:
            readings.append(block)
            cells += block.values.size
            if cells >= most:
                return entries[: count + 1], readings
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
