"""What every journal does for the ledger, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.errors import Unavailable
from core.journal import Draft, Kind
from core.ledger import Fate, Kept, balance
from core.rejection import Reason, Rejection
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal

Journal = SqliteJournal | MemoryJournal
Make = Callable[..., Journal]


def readings(at: int) -> Draft:
    return Draft(at, Kind.READINGS, b"x" * 300)


def refused(reason: Reason = Reason.MALFORMED) -> Rejection:
    return Rejection("t", reason, b"x", at=7, detail="why")


KEPT = Kept("h1")


def said(at: int, messages: int, source: str = "telemetry") -> Draft:
    return replace(readings(at), source=source, messages=messages)


def received(count: int, source: str = "telemetry") -> dict[tuple[str, Fate, str], int]:
    return {(source, Fate.RECEIVED, ""): count}


def test_counts_go_in_with_entries_and_rejections_and_add_up(journal: Journal) -> None:
    bad = replace(refused(), source="telemetry", messages=1)
    journal.append([said(1, 3)], [bad], received(4))
    journal.append([said(2, 2, "lines")], (), received(2, "lines"))
    journal.append([], (), received(1))
    booked = journal.booked(0)
    assert booked.counts["telemetry", Fate.RECEIVED, ""] == 5
    assert booked.counts["telemetry", Fate.REJECTED, "malformed"] == 1
    assert booked.counts["lines", Fate.RECEIVED, ""] == 2
    assert booked.waiting == {"telemetry": 3, "lines": 2}
    assert journal.booked(1).waiting == {"lines": 2}
    assert journal.booked(2).waiting == {}


def test_of_a_message_that_was_taken_in_part_the_rejection_stands_beside_the_sum(
    journal: Journal,
) -> None:
    part = replace(refused(), source="telemetry", messages=0)
    journal.append([said(1, 1)], [part], received(1))
    (line,) = balance(KEPT, journal.booked(0))
    assert (line.received, line.waiting, line.in_part, line.missing) == (1, 1, 1, 0)


def test_a_rejection_that_is_no_messages_is_not_counted(journal: Journal) -> None:
    journal.append([], [refused()])
    assert journal.booked(0).counts == {}


def test_entries_and_letters_keep_their_source_and_messages(journal: Journal) -> None:
    journal.append([said(1, 3)], [replace(refused(), source="lines", messages=1)])
    (entry,), (letter,) = journal.read(0), journal.rejected()
    assert (entry.source, entry.messages) == ("telemetry", 3)
    assert (letter.source, letter.messages) == ("lines", 1)


def test_a_full_journal_counts_nothing(make: Make) -> None:
    journal = make(max_size=1)
    with pytest.raises(Unavailable):
        journal.append([said(1, 3)], (), received(3))
    assert journal.booked(0).counts == {}


def test_trimming_takes_nothing_from_the_ledger(journal: Journal) -> None:
    journal.append([said(1, 3), said(2, 4)], (), received(7))
    journal.mark("history", 1)
    journal.trim(older_than=100)
    assert journal.booked(1).waiting == {"telemetry": 4}
    assert journal.booked(1).counts == received(7)


def test_what_makes_room_unstored_is_counted_as_dropped_by_source(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=5 * (size + 100), when_full="drop_unstored")
    for number in range(1, 21):
        source = "lines" if number % 2 else "telemetry"
        journal.append([said(number, 2, source)], (), received(2, source))
        journal.mark("scoring", number)
    lines = balance(KEPT, journal.booked(0))
    assert [line.missing for line in lines] == [0, 0]
    (gap,) = journal.gaps()
    assert sum(sum(line.dropped.values()) for line in lines) == 2 * gap.entries


def test_what_history_has_claimed_does_not_make_room(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=5 * (size + 100), when_full="drop_unstored")
    journal.append([said(1, 1)])
    journal.append([said(2, 1)])
    assert not journal.claim(0, 2)
    for number in range(3, 11):
        journal.append([said(number, 1)])
        journal.mark("scoring", number)
    kept = [entry.id for entry in journal.read(0)]
    assert kept[:2] == [1, 2] and kept[-1] == 10
    (gap,) = journal.gaps()
    assert gap.first == 3 and gap.last == kept[2] - 1
    assert journal.claim(2, 10) and journal.claim(gap.last - 1, 10)
    assert not journal.claim(gap.last, 10)


def test_a_claim_does_not_go_back(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=3 * (size + 100), when_full="drop_unstored")
    for number in (1, 2, 3):
        journal.append([said(number, 1)])
    journal.claim(0, 3)
    journal.claim(0, 1)
    journal.mark("scoring", 3)
    with pytest.raises(Unavailable):
        journal.append([said(4, 1)])


def test_with_another_history_the_sum_begins_anew_and_is_even(journal: Journal) -> None:
    journal.append([said(1, 3), said(2, 4)], (), received(7))
    before = Kept("h1", 1, {"telemetry": 3})
    journal.pair(before)
    assert journal.booked(1).history == "h1"
    assert [line.settled for line in balance(before, journal.booked(1))] == [{}]
    after = Kept("h2")
    journal.pair(after)
    (line,) = balance(after, journal.booked(0))
    assert line.missing == 0 and sum(line.settled.values()) == 0
    elsewhere = Kept("h3", 2, {"telemetry": 100})
    journal.pair(elsewhere)
    (line,) = balance(elsewhere, journal.booked(2))
    assert line.missing == 0 and line.settled == {"a new history": -93}


def test_with_the_same_history_what_is_missing_stays_missing(journal: Journal) -> None:
    journal.append([said(1, 3)], (), received(3))
    journal.pair(KEPT)
    less = Kept("h1", 1, {"telemetry": 2})
    journal.pair(less)
    (line,) = balance(less, journal.booked(1))
    assert line.missing == 1
    journal.settle(less, "looked at")
    (line,) = balance(less, journal.booked(1))
    assert line.missing == 0 and line.settled == {"looked at": 1}


def test_what_another_history_has_not_stored_is_not_trimmed(journal: Journal) -> None:
    journal.pair(Kept("h1"))
    journal.append([said(1, 3)], (), received(3))
    journal.mark("history", 1)
    journal.pair(Kept("h2"))
    assert journal.trim(older_than=100) == 0
    assert journal.booked(0).waiting == {"telemetry": 3}
