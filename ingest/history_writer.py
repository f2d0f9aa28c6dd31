"""Drains the journal into the telemetry history, at whatever pace that takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import msgspec
import numpy as np
import structlog

from core.clock import HOUR, SECOND, Clock, Instant, Span
from core.errors import PartlyRefused, Refused, RefusedRow
from core.history import TelemetryHistory
from core.journal import Entry, Journal, Kind, RejectionsSeen, draft
from core.readings import Readings
from core.rejection import Reason, Rejection
from ingest import metrics
from ingest.outage import Outage
from ingest.worker import rest

CONSUMER = "history"
_log = structlog.get_logger("ingest")
_ENTRIES = 64
_IDLE = 0.05
_TOPIC = "(history)"
_TRIM_EVERY = HOUR // SECOND
_MARK_EVERY = 1.0
_TELLING = 500
_SETTLE_EVERY = 60.0
_SETTLE_PAUSE = 2.0
_NO_END = 2**63 - 1
_UNREADABLE = Readings("", (), (), np.zeros(0, "i4"), np.zeros(0, "i8"), np.zeros((0, 0)), 0)


class HistoryWriter:
    """A consumer of the journal. Its true position is the history's own; the mark trails it.

    It writes up to about `rows` readings at once; after fewer it waits for `gather` seconds, so
    that a slow trickle does not become a write for each reading.

    `journal_keep`, `history_keep` and `keep_steps` bound the age of what stays. A clock that is
    wrong must not delete anything: nothing is trimmed unless `trusted` says so, and ages count from
    the newest reading and from what the journal's newest entry said at the round before, never from
    later.
    """

    def __init__(
        self,
        journal: Journal,
        history: TelemetryHistory,
        clock: Clock,
        *,
        rows: int,
        journal_keep: Span,
        history_keep: Span,
        keep_steps: Mapping[Span, Span] = MappingProxyType({}),
        gather: float = 0.0,
        trusted: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._history = history
        self._clock = clock
        self._rows = rows
        self._gather = gather
        self._small = False
        self._journal_keep = journal_keep
        self._history_keep = history_keep
        self._keep_steps = keep_steps
        self._trusted = trusted
        self._position: int | None = None
        self._unsure = False
        self._unreadable = 0
        self._marked = -1
        self._mark_at = 0.0
        self._trim_at = time.monotonic() + 60
        self._settle_at = time.monotonic() + _SETTLE_EVERY
        self._newest_reading: Instant | None = None
        self._newest_entry: Instant | None = None
        self._entry_before: Instant | None = None
        self.outage = Outage("history")
        self.lag = 0
        self.pace: float | None = None
        self._measured = (0.0, 0.0)

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Drain until told to stop; `Refused` where journal or history are damaged."""
        self._history.beat = beat
        while not stop.is_set():
            beat()
            try:
                idle = not self.step()
                self._settle(idle=idle)
                self._tidy()
            except Refused:
                raise
            except Exception as error:  # whatever a store raises: the journal keeps the readings
                self._unsure = True  # it may have stored them all the same: ask it again
                rest(stop, beat, self.outage.failed(error))
                continue
            if idle or self._small:
                stop.wait(_IDLE if idle else self._gather)

    def step(self) -> bool:
        """Write the next entries, if there are any; tells whether there were."""
        if self._position is None or self._unsure:
            self._position, self._unsure = self._history.position(), False
        entries, batches = self._claimed(self._position)
        if not entries:
            self.outage.worked()
            self.lag = 0
            self._mark(self._position, force=True)
            return False
        last = entries[-1].id
        self._small = sum(map(len, batches)) < self._rows
        began = time.monotonic()
        try:
            # Also without readings: the position has to follow, so that the journal can be trimmed.
            self._history.write(batches, last)
        except PartlyRefused as error:
            self._refused(error, batches)
        self.outage.worked()
        self._measure(sum(entry.messages for entry in entries), time.monotonic() - began)
        self._note_times(entries, batches)
        self._position = last
        self.lag = self._journal.last_id() - last
        metrics.HISTORY_LAG.set(self.lag)
        self._mark(last, force=False)
        return True

    @property
    def position(self) -> int | None:
        """Return the journal entry up to which all is stored; None before the first look."""
        return self._position

    def _measure(self, messages: int, seconds: float) -> None:
        """Learn how fast messages are stored, from writes that are large enough to tell."""
        if messages >= _TELLING:
            kept, took = self._measured
            self._measured = (kept / 2 + messages, took / 2 + seconds)
            self.pace = self._measured[0] / max(self._measured[1], 1e-6)

    def _claimed(self, position: int) -> tuple[list[Entry], list[Readings]]:
        """Read the next entries and keep them from making room, so that none is stored and dropped.

        Where some had made room before the claim was there, what is left is read anew.
        """
        entries, batches = self._next(position, _NO_END)
        if entries and self._journal.claim(position, entries[-1].id):
            return self._next(position, entries[-1].id)
        return entries, batches

    def _next(self, position: int, last: int) -> tuple[list[Entry], list[Readings]]:
        """Read entries up to `last` until there are rows enough for one write."""
        entries: list[Entry] = []
        batches: list[Readings] = []
        rows = 0
        while rows < self._rows:
            found = [one for one in self._journal.read(position, _ENTRIES) if one.id <= last]
            entries += found
            for entry in found:
                if entry.kind is Kind.READINGS:
                    batch = self._decoded(entry)
                    batches.append(batch)
                    rows += len(batch)
            if len(found) < _ENTRIES:
                break
            position = found[-1].id
        return entries, batches

    def _decoded(self, entry: Entry) -> Readings:
        """Read an entry's readings; one that cannot be read is told once, and left out."""
        try:
            batch = Readings.decode(entry.body)
            _check_columns(batch)
        except (ValueError, msgspec.MsgspecError) as error:
            if entry.id > self._unreadable:
                _log.warning("journal_entry_unreadable", entry=entry.id, why=str(error))
                why = f"journal entry {entry.id} cannot be read: {error}"
                self._tell(1, (RefusedRow(entry.body, why),))
                self._unreadable = entry.id
            # Without a row, the messages that it held count as refused.
            return replace(_UNREADABLE, source=entry.source, messages=entry.messages)
        return batch

    def _refused(self, error: PartlyRefused, batches: Sequence[Readings]) -> None:
        """Tell of rows that the history will never take."""
        _log.warning("history_refused_rows", refused=error.refused, why=str(error))
        names = {batch.asset_class for batch in batches if len(batch)}
        rows = error.rows or (RefusedRow(b"", f"{error}; classes: {', '.join(sorted(names))}"),)
        self._tell(error.refused, rows)

    def _tell(self, count: int, rows: Sequence[RefusedRow]) -> None:
        """Put into the journal that history will never have something."""
        now, reason = self._clock(), Reason.REFUSED_BY_STORE
        letters = [Rejection(_TOPIC, reason, row.text, now, row.why) for row in rows]
        self._journal.append([draft(now, (RejectionsSeen(_TOPIC, reason, count),))], letters)

    def _mark(self, position: int, *, force: bool) -> None:
        now = time.monotonic()
        if position != self._marked and (force or now >= self._mark_at):
            self._journal.mark(CONSUMER, position)
            self._marked, self._mark_at = position, now + _MARK_EVERY

    def _note_times(self, entries: Sequence[Entry], batches: Sequence[Readings]) -> None:
        self._newest_entry = entries[-1].at
        newest = [int(batch.at.max()) for batch in batches if len(batch)]
        self._newest_reading = max(newest, default=self._newest_reading)

    def _settle(self, *, idle: bool) -> None:
        """Let the history downsample a piece: once a minute, and on while there is more to do."""
        if time.monotonic() < self._settle_at:
            return
        pause = _SETTLE_EVERY
        if self._history.settle():
            pause = 0.0 if idle else _SETTLE_PAUSE
        self._settle_at = time.monotonic() + pause

    def _tidy(self) -> None:
        if time.monotonic() < self._trim_at or not self._trusted():
            return
        self._trim_at = time.monotonic() + _TRIM_EVERY
        now = self._clock()
        dropped = older = 0
        if self._entry_before is not None:
            dropped = self._journal.trim(min(now, self._entry_before) - self._journal_keep)
        if self._newest_reading is not None:
            newest = min(now, self._newest_reading)
            older = self._history.trim(newest - self._history_keep)
            for step, keep in self._keep_steps.items():
                self._history.trim_summary(step, newest - keep)
        self._entry_before = self._newest_entry
        if dropped or older:
            _log.info("old_entries_trimmed", journal=dropped, history=older)


def _check_columns(batch: Readings) -> None:
    """Raise ValueError where the columns of readings do not belong together."""
    rows, width = len(batch.at), len(batch.channels)
    shapes = {batch.values.shape, (rows, width)}
    if batch.quality is not None:
        shapes.add(batch.quality.shape)
    if len(shapes) > 1 or len(batch.asset) != rows:
        msg = "its columns differ in length"
        raise ValueError(msg)
    if rows and not 0 <= batch.asset.min() <= batch.asset.max() < len(batch.assets):
        msg = "it names assets that it does not list"
        raise ValueError(msg)
