"""Whatever happens between broker and history, every message is accounted for; a loss is found."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.clock import DAY, ManualClock
from core.errors import Unavailable
from core.history import TelemetryHistory
from core.journal import Draft, Kind, Tick, draft
from core.ledger import Fate, balance, look
from core.readings import Readings
from core.rejection import Reason, Rejection
from ingest.history_writer import HistoryWriter
from storage.history_memory import MemoryHistory
from storage.history_sqlite import SqliteHistory
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

SOURCES = ("telemetry", "lines")
SETTINGS = JournalSettings.model_construct(max_size=9_000, when_full="drop_unstored")
sources = st.sampled_from(SOURCES)


def block(at: int, source: str, messages: int) -> Draft:
    rows = max(1, messages)
    columns = np.zeros(rows, np.int32), at + np.arange(rows, dtype=np.int64), np.ones((rows, 1))
    return draft(at, Readings("pump", ("p",), ("v",), *columns, at, None, False, source, messages))


class Flaky:
    """A history that fails before or after it has stored, as it is told to."""

    def __init__(self, store: TelemetryHistory) -> None:
        self.store = store
        self.fails = ""

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def write(self, batches: list[Readings], position: int) -> None:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise Unavailable("away")
        self.store.write(batches, position)
        if fails == "after":
            raise Unavailable("the answer was lost")


class LedgerMachine(RuleBasedStateMachine):
    """Everything that moves messages, in any order, on files and in memory."""

    @initialize(durable=st.booleans())
    def make(self, durable: bool) -> None:
        self.folder = tempfile.TemporaryDirectory() if durable else None
        self.files = 0
        self.at = 0
        self.came: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.journal = self.new_journal()
        self.history = self.new_history()
        self.starts()

    def new_journal(self) -> SqliteJournal | MemoryJournal:
        if self.folder is None:
            return MemoryJournal(SETTINGS)
        return SqliteJournal(Path(self.folder.name) / "journal.db", SETTINGS)

    def new_history(self) -> Flaky:
        if self.folder is None:
            return Flaky(MemoryHistory())
        return Flaky(SqliteHistory(Path(self.folder.name) / f"history{self.files}.db"))

    def starts(self) -> None:
        """Start ingest: the ledger goes on with its history, and the writer knows nothing."""
        self.journal.pair(self.history.store.account())
        self.writer = HistoryWriter(
            self.journal,
            self.history,  # type: ignore[arg-type]
            ManualClock(self.at),
            rows=8,
            journal_keep=DAY,
            history_keep=DAY,
            trusted=lambda: False,
        )

    @rule(source=sources, good=st.integers(0, 6), bad=st.integers(0, 2), again=st.integers(0, 2))
    def comes(self, source: str, good: int, bad: int, again: int) -> None:
        """A batch is taken in whole, or the journal is full and nothing of it is."""
        self.at += 10
        why = Reason.MALFORMED
        refused = [Rejection("t", why, b"?", self.at, source=source, messages=1)] * bad
        counts = {
            (source, Fate.RECEIVED, ""): good + bad + again,
            (source, Fate.DUPLICATE, ""): again,
            (source, Fate.LOST, ""): 1,
        }
        try:
            self.journal.append([block(self.at, source, good)], refused, counts)
        except Unavailable:
            return
        self.came[source] += good + bad + again

    @rule(source=sources, count=st.integers(1, 5))
    def tells(self, source: str, count: int) -> None:
        counts = {(source, Fate.RECEIVED, ""): count, (source, Fate.TOLD, ""): count}
        try:
            self.journal.append([draft(self.at, Tick(connected=True))], (), counts)
        except Unavailable:
            return
        self.came[source] += count

    @rule(fails=st.sampled_from(["", "", "", "before", "after"]))
    def stores(self, fails: str) -> None:
        """The writer takes a step, as its thread does."""
        self.history.fails = fails
        try:
            self.writer.step()
        except Unavailable:
            self.writer._unsure = True
        self.history.fails = ""

    @rule(source=sources, messages=st.integers(1, 4))
    def breaks(self, source: str, messages: int) -> None:
        """An entry that cannot be read is appended."""
        entry = Draft(self.at, Kind.READINGS, b"\xc1", source, messages)
        try:
            self.journal.append([entry], (), {(source, Fate.RECEIVED, ""): messages})
        except Unavailable:
            return
        self.came[source] += messages

    @rule(data=st.data())
    def scores(self, data: st.DataObject) -> None:
        last = self.journal.last_id()
        self.journal.mark("scoring", data.draw(st.integers(max(0, last - 3), last)))

    @rule(older_than=st.integers(0, 400))
    def trims(self, older_than: int) -> None:
        self.journal.trim(older_than)

    @rule()
    def is_killed(self) -> None:
        """The process ends at any moment and begins again on the same files."""
        if self.folder is not None:
            self.journal.close()
            self.history.store.close()
            self.journal, self.history = self.new_journal(), self.new_history()
        self.starts()

    @rule()
    def gets_another_history(self) -> None:
        self.history.store.close()
        self.files += 1
        self.history = self.new_history()
        self.starts()
        self.lost.clear()

    @precondition(lambda self: sum(self.lost.values()))
    @rule()
    def is_settled(self) -> None:
        self.journal.settle(self.history.store.account(), "looked at")
        self.lost.clear()

    @rule(data=st.data())
    def loses_an_entry(self, data: st.DataObject) -> None:
        """A row of the journal vanishes before it was stored."""
        position = self.history.store.position()
        waiting = [e for e in self.journal.read(position, 1000) if e.messages]
        if not waiting:
            return
        gone = data.draw(st.sampled_from(waiting))
        if isinstance(self.journal, SqliteJournal):
            with self.journal._file.writing() as connection:
                connection.execute("DELETE FROM entries WHERE id = ?", (gone.id,))
                size = len(gone.body) + 64
                connection.execute("UPDATE usage SET bytes = bytes - ?", (size,))
        else:
            self.journal._forget([gone])
        self.lost[gone.source] += gone.messages

    @invariant()
    def adds_up(self) -> None:
        if not hasattr(self, "journal"):
            return
        lines = {line.source: line for line in look(self.history.store, self.journal)}
        for source in SOURCES:
            line = lines.get(source)
            assert (line.received if line else 0) == self.came[source]
            assert (line.missing if line else 0) == self.lost[source], line

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            kept = self.history.store.account()
            assert balance(kept, self.journal.booked(kept.position)) is not None
            self.journal.close()
            self.history.store.close()
            if self.folder is not None:
                self.folder.cleanup()


LedgerMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestLedger = LedgerMachine.TestCase
