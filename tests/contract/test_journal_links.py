"""How every journal treats consumers that wait for a link, or are no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.journal import Draft, Tick, draft
from core.readings import Readings
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal

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


def test_a_consumer_that_is_no_more_is_not_waited_for(journal: Journal) -> None:
    journal.append(entries(1, 2, 3))
    for consumer, position in (("history", 3), ("scoring", 3), ("forward", 1)):
        journal.mark(consumer, position)
    assert journal.trim(older_than=100) == 1
    journal.forget("forward")
    journal.forget("forward")
    assert journal.marks() == {"history": 3, "scoring": 3}
    assert journal.trim(older_than=100) == 2


@pytest.mark.parametrize("consumer", ["forward", "commands"])
def test_a_link_that_is_away_never_fills_the_journal(make: Make, consumer: str) -> None:
    size = len(readings(1).body)
    journal = make(max_size=10 * (size + 100))
    journal.mark(consumer, 1)
    for number in range(1, 41):
        journal.append([readings(number)])
        journal.mark("history", number)
        journal.mark("scoring", number)
    assert journal.trim(older_than=100) <= 1  # age waits for it
    first = journal.read(0)[0].id
    assert first > 2 and journal.last_id() == 40
    assert journal.gaps() == [] and journal.usage().share < 0.2
