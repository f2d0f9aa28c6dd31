"""What every journal does, whatever it is kept in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.clock import SECOND
from core.errors import Unavailable
from core.journal import Draft, Gap, Kind, Tick, decode, draft
from core.ledger import Fate
from core.readings import Readings
from core.rejection import Reason, Rejection
from storage.dead_letters import A_SECOND, BURST
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

Journal = SqliteJournal | MemoryJournal
Make = Callable[..., Journal]


def entries(*at: int) -> list[Draft]:
    return [draft(moment, Tick(connected=True, source=str(moment))) for moment in at]


def readings(at: int, count: int = 10) -> Draft:
    batch = Readings(
        "pump",
        ("s/a/p1",),
        ("v",),
        np.zeros(count, np.int32),
        np.arange(count, dtype=np.int64),
        np.ones((count, 1)),
        at,
    )
    return draft(at, batch)


def refused(
    topic: str = "t", payload: bytes = b"x", reason: Reason = Reason.MALFORMED
) -> Rejection:
    return Rejection(topic, reason, payload, at=7, detail="why")


def test_an_empty_journal_says_so(journal: Journal) -> None:
    assert journal.read(0) == []
    assert journal.last_id() == 0
    assert journal.marks() == {}
    assert journal.append([]) == 0
    usage = journal.usage()
    assert (usage.bytes, usage.first_id, usage.last_id, usage.oldest) == (0, 0, 0, None)


def test_entries_come_back_in_order_with_growing_ids(journal: Journal) -> None:
    assert journal.append(entries(10, 20)) == 2
    assert journal.append(entries(30)) == 3
    found = journal.read(0)
    assert [(entry.id, entry.at, entry.kind) for entry in found] == [
        (1, 10, Kind.TICK),
        (2, 20, Kind.TICK),
        (3, 30, Kind.TICK),
    ]
    assert decode(found[2]) == Tick(connected=True, source="30")
    assert type(found[0].kind) is Kind


def test_reading_goes_on_after_a_position_and_keeps_to_its_limit(journal: Journal) -> None:
    journal.append(entries(*range(1, 6)))
    assert [entry.id for entry in journal.read(2)] == [3, 4, 5]
    assert [entry.id for entry in journal.read(2, limit=2)] == [3, 4]
    assert journal.read(5) == []


def test_marks_are_kept_per_consumer_and_may_go_back(journal: Journal) -> None:
    journal.mark("history", 5)
    journal.mark("scoring", 7)
    journal.mark("history", 4)
    assert journal.marks() == {"history": 4, "scoring": 7}


def test_trimming_drops_only_what_is_old_and_passed_by_every_consumer(journal: Journal) -> None:
    journal.append(entries(*range(1, 11)))
    journal.mark("history", 8)
    journal.mark("scoring", 4)
    assert journal.trim(older_than=7) == 4
    assert [entry.id for entry in journal.read(0)] == [5, 6, 7, 8, 9, 10]
    journal.mark("scoring", 10)
    assert journal.trim(older_than=7) == 2
    assert journal.trim(older_than=7) == 0
    assert journal.usage().oldest == 7


def test_nothing_is_trimmed_before_history_has_left_a_mark(journal: Journal) -> None:
    journal.append(entries(1, 2, 3))
    journal.mark("scoring", 3)
    assert journal.trim(older_than=100) == 0


def test_a_clock_that_jumped_ahead_does_not_keep_later_entries_from_being_trimmed(
    journal: Journal,
) -> None:
    journal.append(entries(1, 10**15, 2, 3))
    journal.mark("history", 4)
    assert journal.trim(older_than=100) == 3
    assert [entry.id for entry in journal.read(0)] == [2]


def test_many_old_entries_are_trimmed_in_one_call(journal: Journal) -> None:
    journal.append(entries(*range(500)))
    journal.mark("history", 500)
    assert journal.trim(older_than=400) == 400
    assert len(journal.read(0, limit=1000)) == 100


def test_ids_are_not_used_again_after_everything_was_trimmed(journal: Journal) -> None:
    journal.append(entries(1, 2, 3))
    journal.mark("history", 3)
    journal.trim(older_than=100)
    assert journal.last_id() == 3
    assert journal.append(entries(4)) == 4


def test_a_new_journal_begins_after_what_its_consumers_have_seen(journal: Journal) -> None:
    journal.skip_to(1000)
    assert journal.last_id() == 1000
    assert journal.append(entries(1)) == 1001
    journal.skip_to(5)
    assert journal.append(entries(2)) == 1002
    assert [entry.id for entry in journal.read(1000)] == [1001, 1002]


def test_usage_counts_what_is_held_and_falls_when_trimmed(journal: Journal) -> None:
    journal.append([readings(1), readings(2)])
    full = journal.usage()
    assert full.bytes >= 2 * len(readings(1).body)
    assert full.limit == JournalSettings().max_size
    journal.mark("history", 1)
    journal.trim(older_than=100)
    assert journal.usage().bytes == full.bytes // 2
    journal.mark("history", 2)
    journal.trim(older_than=100)
    assert journal.usage().bytes == 0


def test_a_full_journal_refuses_readings_and_leaves_nothing_behind(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=3 * size)
    journal.append([readings(1)])
    with pytest.raises(Unavailable, match="journal is full"):
        journal.append([readings(2), readings(3)], [refused()])
    assert journal.last_id() == 1
    assert journal.rejected() == []
    assert journal.rejected_counts() == {}
    journal.append([readings(2)])
    assert journal.last_id() == 2


def test_a_journal_full_of_readings_still_takes_what_people_say(make: Make) -> None:
    journal = make(max_size=100_000)
    with pytest.raises(Unavailable):
        while True:
            journal.append([readings(1)])
    for number in range(10):
        journal.append(entries(number))
    assert journal.usage().share > 1
    with pytest.raises(Unavailable):
        while True:
            journal.append(entries(3))


def test_what_everybody_has_passed_makes_room_before_the_journal_is_full(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=10 * (size + 100))
    for number in range(1, 101):
        journal.append([readings(number)])
        journal.mark("history", number)
        journal.mark("scoring", number)
    assert journal.last_id() == 100
    assert journal.usage().bytes <= journal.usage().limit
    assert journal.gaps() == []


def test_what_scoring_never_saw_does_not_make_room(make: Make) -> None:
    journal = make(max_size=2000, when_full="drop_unstored")
    with pytest.raises(Unavailable):
        while True:
            journal.mark("history", journal.append([readings(1)]))
    assert journal.read(0)[0].id == 1


def test_with_drop_unstored_alerts_go_on_and_the_gap_is_told(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=5 * (size + 100), when_full="drop_unstored")
    journal.append([readings(1)])
    journal.mark("history", 1)
    for number in range(2, 21):
        journal.append([readings(number)])
        journal.mark("scoring", number)
    kept = journal.read(0)
    first = kept[0].id
    assert [entry.id for entry in kept] == list(range(first, 21))
    assert journal.gaps() == [Gap(2, first - 1, first - 2, 10 * (first - 2), 2, first - 1)]
    assert journal.usage().bytes <= journal.usage().limit


def test_an_entry_that_cannot_be_read_makes_room_like_any_other(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=3 * (size + 100), when_full="drop_unstored")
    journal.append([Draft(1, Kind.READINGS, b"\xc1" * size)])
    for number in range(2, 8):
        journal.mark("scoring", journal.append([readings(number)]))
    (gap,) = journal.gaps()
    assert gap.first == 1 and gap.readings == 10 * (gap.entries - 1)


def test_gaps_apart_from_each_other_are_told_apart(make: Make) -> None:
    size = len(readings(1).body)
    journal = make(max_size=3 * (size + 100), when_full="drop_unstored")
    for number in range(1, 6):
        journal.mark("scoring", journal.append([readings(number)]))
    assert len(journal.gaps()) == 1
    journal.mark("history", 5)
    for number in range(6, 9):
        journal.mark("scoring", journal.append([readings(number)]))
    journal.mark("history", 6)
    for number in range(9, 14):
        journal.mark("scoring", journal.append([readings(number)]))
    before, after = journal.gaps()
    assert before.last < 6 <= after.first


def test_rejections_are_kept_newest_first_and_counted(journal: Journal) -> None:
    journal.append([], [refused("a", b"1"), refused("b", b"2", Reason.NOT_UTF8)])
    journal.append(entries(1), [refused("a", b"3")])
    assert [letter.payload for letter in journal.rejected()] == [b"3", b"2", b"1"]
    assert [letter.payload for letter in journal.rejected(limit=1)] == [b"3"]
    assert [letter.payload for letter in journal.rejected(reason=Reason.NOT_UTF8)] == [b"2"]
    assert journal.rejected_counts() == {Reason.MALFORMED: 2, Reason.NOT_UTF8: 1}
    newest = journal.rejected()[0]
    assert (newest.topic, newest.reason, newest.at, newest.detail, newest.whole) == (
        "a",
        Reason.MALFORMED,
        7,
        "why",
        True,
    )
    assert journal.letter(newest.id) == newest
    assert journal.letter(999) is None


def test_of_a_large_payload_the_beginning_and_the_size_are_kept(journal: Journal) -> None:
    journal.append([], [refused(payload=bytes(range(256)) * 1000)])
    letter = journal.rejected()[0]
    assert letter.size == 256_000
    assert letter.payload == (bytes(range(256)) * 1000)[:16_000]
    assert not letter.whole


def test_hostile_text_in_a_topic_does_not_stop_the_append(journal: Journal) -> None:
    journal.append(entries(1), [refused(topic="a\ud800b\0c"), refused(topic="x" * 70_000)])
    assert journal.last_id() == 1
    assert len(journal.rejected()) == 2


def test_a_kept_rejection_says_whether_it_was_retained(journal: Journal) -> None:
    journal.append([], [refused(), replace(refused(), retained=True)])
    newer, older = journal.rejected()
    assert newer.retained and not older.retained
    assert journal.letter(newer.id) == newer


def test_a_noisy_source_displaces_only_its_own_rejections(make: Make) -> None:
    journal = make(rejected_max_size=1_000_000, rejected_per_source=5_000)
    journal.append([], [refused("quiet", b"q")])
    for number in range(20):
        journal.append([], [refused("noisy", bytes([number]) * 1000)])
    letters = journal.rejected()
    noisy = [letter.payload[0] for letter in letters if letter.topic == "noisy"]
    assert noisy == [19, 18, 17, 16]
    assert letters[-1].topic == "quiet"
    assert journal.dropped() == 16
    assert journal.rejected_counts() == {Reason.MALFORMED: 21}


def test_many_sources_together_stay_within_the_bound(make: Make) -> None:
    journal = make(rejected_max_size=10_000, rejected_per_source=5_000)
    for number in range(100):
        journal.append([], [refused(f"topic{number}", b"x" * 1000)])
    letters = journal.rejected()
    assert sum(len(letter.payload) for letter in letters) <= 10_000
    assert letters[0].topic == "topic99"
    assert journal.dropped() == 100 - len(letters)


def test_discarded_letters_are_gone_and_make_room(make: Make) -> None:
    journal = make(rejected_per_source=2_500)
    journal.append([], [refused(payload=b"1" * 1000), refused(payload=b"2" * 1000)])
    first, second = (letter.id for letter in journal.rejected())
    assert journal.discard([first, second, 999]) == 2
    journal.append([], [refused(payload=b"3" * 1000), refused(payload=b"4" * 1000)])
    assert len(journal.rejected()) == 2
    assert journal.dropped() == 0
    assert journal.rejected()[0].id > max(first, second)


def test_threads_append_and_read_at_once_without_loss(journal: Journal) -> None:
    def work() -> None:
        for moment in range(50):
            journal.append(entries(moment))
            journal.read(0, limit=5)
            journal.mark(threading.current_thread().name, moment)

    threads = [threading.Thread(target=work, name=f"t{n}") for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.id for entry in journal.read(0, limit=1000)] == list(range(1, 201))
    assert len(journal.marks()) == 4


def test_closing_twice_is_harmless(journal: Journal) -> None:
    journal.close()
    journal.close()


def test_what_every_consumer_has_passed_is_no_longer_needed(journal: Journal) -> None:
    journal.append([readings(1), readings(2)])
    assert journal.usage().needed == journal.usage().bytes
    journal.mark("history", 2)
    assert journal.usage().passed == 0
    journal.mark("scoring", 1)
    assert journal.usage().passed == 1
    assert journal.usage().needed == journal.usage().bytes // 2


def test_how_far_a_sender_has_come_is_kept_with_what_came(journal: Journal) -> None:
    assert journal.reached() == {}
    journal.append(entries(1), reached={"lahore": 7, "suzhou": 2})
    journal.append([], reached={"lahore": 9})
    assert journal.reached() == {"lahore": 9, "suzhou": 2}


def test_of_a_flood_an_even_part_is_kept_and_all_of_it_is_counted(journal: Journal) -> None:
    for second in range(4):
        at = 7 + second * SECOND
        flood = [replace(refused(f"{second}/{n}"), at=at) for n in range(BURST // 2)]
        journal.append([], flood)
    kept = journal.rejected(10 * BURST)
    assert journal.rejected_counts() == {Reason.MALFORMED: 2 * BURST}
    assert BURST < len(kept) <= BURST + 3 * A_SECOND
    assert journal.dropped() == 2 * BURST - len(kept)
    last = [int(letter.topic[2:]) for letter in kept if letter.topic.startswith("3/")]
    assert min(last) < BURST // 20 and max(last) > BURST // 2 - BURST // 20


def test_what_takes_a_letters_place_does_so_once_and_wholly(journal: Journal) -> None:
    journal.append([], [Rejection("t", Reason.MALFORMED, b"?", 1, source="s", messages=1)])
    (letter,) = journal.rejected()
    entry, account = draft(1, Tick(connected=True)), {("s", Fate.REJECTED, "malformed"): -1}
    before = journal.last_id()
    assert journal.take_back([letter.id], [entry], account)
    assert not journal.take_back([letter.id], [entry], account)
    assert journal.last_id() == before + 1
    assert journal.rejected() == []
    assert journal.booked(0).counts.get(("s", Fate.REJECTED, "malformed"), 0) == 0
