"""The journal against a plain list: nothing is lost, nothing is doubled, nothing is used again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.errors import Unavailable
from core.journal import Draft, Entry, Kind
from core.rejection import Reason, Rejection
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

moments = st.integers(0, 50)
drafts = st.lists(
    st.builds(Draft, moments, st.just(Kind.TICK), st.binary(max_size=300)), max_size=4
)
rejections = st.lists(
    st.builds(
        Rejection,
        st.sampled_from(["a", "b"]),
        st.sampled_from([Reason.MALFORMED, Reason.NO_VALUES]),
        st.binary(max_size=100),
        moments,
    ),
    max_size=3,
)
SETTINGS = JournalSettings(max_size=10_000, rejected_max_size=1_500, rejected_per_source=900)


class JournalMachine(RuleBasedStateMachine):
    """Does the same to a journal and to its plain twin."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.last = 0
        self.marks: dict[str, int] = {}
        self.rejected = 0

    @initialize(durable=st.booleans())
    def make(self, durable: bool) -> None:
        self.folder = tempfile.TemporaryDirectory() if durable else None
        self.journal = self.open()

    def open(self) -> SqliteJournal | MemoryJournal:
        if self.folder is None:
            return MemoryJournal(SETTINGS)
        return SqliteJournal(Path(self.folder.name) / "journal.db", SETTINGS)

    @rule(new=drafts, bad=rejections)
    def append(self, new: list[Draft], bad: list[Rejection]) -> None:
        try:
            last = self.journal.append(new, bad)
        except Unavailable:
            kept = sum(len(entry.body) + 64 for entry in self.entries)
            more = sum(len(one.body) + 64 for one in new)
            assert kept + more > SETTINGS.max_size
            return
        for one in new:
            self.last += 1
            self.entries.append(Entry(self.last, one.at, one.kind, one.body))
        self.rejected += len(bad)
        assert last == self.last

    @precondition(lambda self: self.last)
    @rule(consumer=st.sampled_from(["history", "scoring", "other"]), data=st.data())
    def mark(self, consumer: str, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, self.last))
        self.journal.mark(consumer, position)
        self.marks[consumer] = position

    @rule(older_than=moments)
    def trim(self, older_than: int) -> None:
        last = min(self.marks.values()) if "history" in self.marks else 0
        kept = [e for e in self.entries if e.at >= older_than or e.id > last]
        assert self.journal.trim(older_than) == len(self.entries) - len(kept)
        self.entries = kept

    @rule()
    def reopen(self) -> None:
        if self.folder is not None:
            self.journal.close()
            self.journal = self.open()

    @rule(after=st.integers(-1, 60), limit=st.integers(1, 20))
    def read(self, after: int, limit: int) -> None:
        self.follow_room()
        expected = [entry for entry in self.entries if entry.id > after][:limit]
        assert self.journal.read(after, limit) == expected

    @invariant()
    def holds_what_the_list_holds(self) -> None:
        if not hasattr(self, "journal"):
            return
        self.follow_room()
        assert self.journal.read(0, 10_000) == self.entries
        assert self.journal.last_id() == self.last
        assert self.journal.marks() == self.marks
        usage = self.journal.usage()
        assert usage.bytes == sum(len(entry.body) + 64 for entry in self.entries)
        assert usage.first_id == (self.entries[0].id if self.entries else 0)
        assert sum(self.journal.rejected_counts().values()) == self.rejected
        kept = self.journal.rejected(1000)
        assert len(kept) + self.journal.dropped() == self.rejected
        assert sum(len(letter.payload) for letter in kept) <= SETTINGS.rejected_max_size

    def follow_room(self) -> None:
        """Let the twin drop what the journal may have dropped to make room: passed by all."""
        needed = {"history", "scoring"}
        passed = min(self.marks.values()) if needed <= set(self.marks) else 0
        held = self.journal.read(0, 1)
        first = held[0].id if held else self.last + 1
        assert all(entry.id <= passed for entry in self.entries if entry.id < first)
        self.entries = [entry for entry in self.entries if entry.id >= first]

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            if self.folder is not None:
                self.folder.cleanup()


JournalMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestJournal = JournalMachine.TestCase
