"""The journal in memory, for tests, trials and replays: the same rules, nothing lasts."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.clock import Instant
from core.journal import Draft, Entry, Gap, Usage
from core.ledger import GIVEN_UP, NOTHING, Account, Booked, Fate, Kept, differences
from core.rejection import DeadLetter, Reason, Rejection
from storage import dead_letters
from storage.journal_room import (
    OVERHEAD,
    SCORING,
    bound,
    cost,
    disposable,
    floor,
    full,
    readings_in,
)
from storage.ledger_table import HISTORY, NEW_HISTORY, of_rejections
from storage.pace import Pace
from storage.settings import JournalSettings


class MemoryJournal:
    """Implements `core.journal.Journal`, `DeadLetters` and `Ledger` for one process."""

    def __init__(self, settings: JournalSettings | None = None) -> None:
        self._settings = settings or JournalSettings()
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._last_id = 0
        self._bytes = 0
        self._marks: dict[str, int] = {}
        self._reached: dict[str, int] = {}
        self._gaps: list[Gap] = []
        self._letters: dict[int, DeadLetter] = {}
        self._last_letter = 0
        self._sources: Counter[str] = Counter()
        self._counts: Counter[Reason] = Counter()
        self._dropped = 0
        self._pace = Pace(dead_letters.BURST, dead_letters.A_SECOND)
        self._account: Counter[tuple[str, Fate, str]] = Counter()
        self._paired = ""
        self._claim = 0

    def take_back(
        self, letter_ids: Sequence[int], drafts: Sequence[Draft], account: Account
    ) -> bool:
        """Put entries in place of rejections; false, and nothing done, where one is gone."""
        with self._lock:
            if not self._letters.keys() >= set(letter_ids):
                return False
            self._add(drafts)
            for letter_id in letter_ids:
                self._take_out(letter_id)
            self._account.update(account)
            return True

    def append(
        self,
        drafts: Sequence[Draft],
        rejections: Sequence[Rejection] = (),
        account: Account = NOTHING,
        reached: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """Add entries, dead letters and counts together; `Unavailable` leaves nothing behind."""
        with self._lock:
            self._add(drafts)
            counts = dead_letters.told(rejections)
            self._counts.update(counts)
            keep = dead_letters.chosen(rejections, self._pace)
            self._dropped += counts.total() - len(keep)
            for rejection in keep:
                self._keep(rejection)
            self._account.update(of_rejections(rejections, account))
            self._reached |= reached
            return self._last_id

    def reached(self) -> dict[str, int]:
        """Return how far each sender has come that numbers what it sends."""
        with self._lock:
            return dict(self._reached)

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        """Return the entries that follow."""
        with self._lock:
            begin = bisect_right(self._entries, after, key=lambda entry: entry.id)
            return self._entries[begin : begin + limit]

    def last_id(self) -> int:
        """Return the id of the newest entry ever appended."""
        with self._lock:
            return self._last_id

    def skip_to(self, position: int) -> None:
        """Give no more ids up to `position`: consumers that stand there would never see them."""
        with self._lock:
            self._last_id = max(self._last_id, position)

    def mark(self, consumer: str, position: int) -> None:
        """Note how far a consumer has come."""
        with self._lock:
            self._marks[consumer] = position

    def forget(self, consumer: str) -> None:
        """Wait no longer for a consumer that is no more."""
        with self._lock:
            self._marks.pop(consumer, None)

    def marks(self) -> dict[str, int]:
        """Return the consumers' marks."""
        with self._lock:
            return dict(self._marks)

    def trim(self, older_than: Instant) -> int:
        """Drop old entries that every marked consumer and history have passed."""
        with self._lock:
            last = floor(self._marks)
            old = [e for e in self._entries if e.at < older_than and e.id <= last]
            self._forget(old)
            return len(old)

    def usage(self) -> Usage:
        """Tell how full the journal is; `first_id` is 0 where it is empty."""
        with self._lock:
            first = self._entries[0] if self._entries else None
            first_id, oldest = (0, None) if first is None else (first.id, first.at)
            limit, passed = self._settings.max_size, disposable(self._marks)
            return Usage(self._bytes, limit, first_id, self._last_id, oldest, passed)

    def gaps(self) -> list[Gap]:
        """List what made room before history had stored it."""
        with self._lock:
            return list(self._gaps)

    def booked(self, position: int) -> Booked:
        """Read the ledger's counts and what waits beyond a position."""
        with self._lock:
            return self._booked(position)

    def pair(self, kept: Kept) -> None:
        """Go on with a history; with another one than before the sum begins anew."""
        with self._lock:
            found = self._booked(kept.position)
            if found.history != kept.history:
                self._account.update(differences(kept, found, NEW_HISTORY))
                self._paired, self._claim = kept.history, 0
                if HISTORY in self._marks:
                    self._marks[HISTORY] = min(self._marks[HISTORY], kept.position)
            self._claim = max(self._claim, kept.position)

    def settle(self, kept: Kept, reason: str) -> None:
        """Book what is missing as settled."""
        with self._lock:
            self._account.update(differences(kept, self._booked(kept.position), reason))

    def claim(self, after: int, last: int) -> bool:
        """Let no entry up to `last` make room; tells whether one after `after` had."""
        with self._lock:
            self._claim = max(self._claim, last)
            return any(gap.first <= last and gap.last > after for gap in self._gaps)

    def rejected(self, limit: int = 100, reason: Reason | None = None) -> list[DeadLetter]:
        """List the newest kept rejections, newest first."""
        with self._lock:
            newest = reversed(self._letters.values())
            chosen = [letter for letter in newest if reason in {None, letter.reason}]
            return chosen[:limit]

    def letter(self, letter_id: int) -> DeadLetter | None:
        """Find one kept rejection."""
        with self._lock:
            return self._letters.get(letter_id)

    def discard(self, letter_ids: Sequence[int]) -> int:
        """Remove kept rejections; returns how many were there."""
        with self._lock:
            return sum(self._take_out(letter_id) for letter_id in letter_ids)

    def rejected_counts(self) -> dict[Reason, int]:
        """Count all rejections ever, by reason."""
        with self._lock:
            return dict(self._counts)

    def dropped(self) -> int:
        """Count the kept rejections that made room."""
        with self._lock:
            return self._dropped

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _add(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            self._make_room(drafts)
        for draft in drafts:
            self._last_id += 1
            said = draft.at, draft.kind, draft.body, draft.source, draft.messages
            self._entries.append(Entry(self._last_id, *said))
        self._bytes += cost(drafts)

    def _make_room(self, drafts: Sequence[Draft]) -> None:
        over = self._bytes + cost(drafts) - bound(self._settings, drafts)
        free = self._oldest(0, disposable(self._marks), over)
        unstored: list[Entry] = []
        if _size(free) < over and self._settings.when_full == "drop_unstored":
            first = max(self._claim, disposable(self._marks))
            unstored = self._oldest(first, self._marks.get(SCORING, 0), over - _size(free))
        if _size(free) + _size(unstored) < over:
            raise full(self._bytes, self._settings)
        self._forget(free + unstored)
        if unstored:
            self._note(unstored)

    def _booked(self, position: int) -> Booked:
        waiting: Counter[str] = Counter()
        for entry in self._entries:
            if entry.id > position and entry.messages:
                waiting[entry.source] += entry.messages
        counts = {key: count for key, count in self._account.items() if count}
        return Booked(counts, dict(waiting), self._paired)

    def _oldest(self, after: int, last: int, wanted: int) -> list[Entry]:
        chosen: list[Entry] = []
        for entry in self._entries:
            if wanted <= 0 or entry.id > last:
                break
            if entry.id <= after:
                continue
            chosen.append(entry)
            wanted -= len(entry.body) + OVERHEAD
        return chosen

    def _forget(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        gone = {entry.id for entry in entries}
        self._bytes -= _size(entries)
        self._entries = [entry for entry in self._entries if entry.id not in gone]

    def _note(self, entries: Sequence[Entry]) -> None:
        readings = sum(readings_in(entry.kind, entry.body) for entry in entries)
        for entry in entries:
            self._account[entry.source, Fate.DROPPED, GIVEN_UP] += entry.messages
        first, last, count = entries[0], entries[-1], len(entries)
        gap = Gap(first.id, last.id, count, readings, first.at, last.at)
        before = self._gaps[-1] if self._gaps else None
        if before is not None and before.last == first.id - 1:
            self._gaps.pop()
            count, readings = count + before.entries, readings + before.readings
            gap = Gap(before.first, last.id, count, readings, before.start, last.at)
        self._gaps.append(gap)

    def _keep(self, rejection: Rejection) -> None:
        kept = dead_letters.cut(rejection)
        self._last_letter += 1
        self._letters[self._last_letter] = DeadLetter(
            self._last_letter,
            kept.topic,
            kept.reason,
            kept.payload,
            len(rejection.payload),
            kept.at,
            kept.detail,
            kept.retained,
            kept.source,
            kept.messages,
        )
        self._sources[kept.topic] += dead_letters.cost(kept)
        excess = self._sources[kept.topic] - self._settings.rejected_per_source
        if excess > 0:
            self._drop(
                [letter for letter in self._letters.values() if letter.topic == kept.topic], excess
            )
        excess = self._sources.total() - self._settings.rejected_max_size
        if excess > 0:
            self._drop(list(self._letters.values()), excess)

    def _drop(self, letters: Sequence[DeadLetter], excess: int) -> None:
        for letter in letters:
            if excess <= 0:
                return
            excess -= _letter_size(letter)
            self._take_out(letter.id)
            self._dropped += 1

    def _take_out(self, letter_id: int) -> bool:
        letter = self._letters.pop(letter_id, None)
        if letter is not None:
            self._sources[letter.topic] -= _letter_size(letter)
            if not self._sources[letter.topic]:
                del self._sources[letter.topic]
        return letter is not None


def _size(entries: Sequence[Entry]) -> int:
    return sum(len(entry.body) + OVERHEAD for entry in entries)


def _letter_size(letter: DeadLetter) -> int:
    return len(letter.payload) + len(letter.topic) + len(letter.detail) + dead_letters.OVERHEAD
