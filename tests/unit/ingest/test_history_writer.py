"""The history writer: every reading of the journal gets into the history, in its own time."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from core.clock import DAY, HOUR, MINUTE, SECOND, ManualClock
from core.errors import PartlyRefused, Refused, Unavailable
from core.journal import Draft, Kind, RejectionsSeen, Tick, decode, draft
from core.ledger import REFUSED, Fate, look
from core.readings import Reading, Readings
from core.rejection import Reason
from ingest import history_writer
from ingest.history_writer import CONSUMER, HistoryWriter
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.messages import NOW, PUMP
from tests.stubborn import StubbornHistory
from tests.waiting import until


class Works:
    """A journal, a history and the writer between them."""

    def __init__(self, *, rows: int = 100, trusted: bool = True, gather: float = 0.0) -> None:
        self.journal, self.history = MemoryJournal(), StubbornHistory()
        self.clock = ManualClock(NOW)
        self.said = 0
        self.rows, self.trusted, self.gather = rows, trusted, gather
        self.writer = self.restarted()

    def restarted(self) -> HistoryWriter:
        self.writer = HistoryWriter(
            self.journal,
            self.history,
            self.clock,
            rows=self.rows,
            gather=self.gather,
            journal_keep=2 * DAY,
            history_keep=30 * DAY,
            keep_steps={MINUTE: 60 * DAY, HOUR: 90 * DAY},
            trusted=lambda: self.trusted,
        )
        return self.writer

    def says(self, count: int, each: int = 1, at: int = NOW) -> None:
        """Append so many entries of so many readings."""
        for _ in range(count):
            readings = []
            for _ in range(each):
                self.said += 1
                readings.append(Reading("karachi/hall/p1", at + self.said, {"vibration": 1.0}))
            block = Readings.of("pump", PUMP.channel_names, readings, NOW)
            self.journal.append([draft(self.clock(), block)])

    def drain(self) -> None:
        while self.writer.step():
            pass


def test_all_that_the_journal_holds_gets_in_and_the_position_follows() -> None:
    works = Works()
    works.says(3, each=5)
    works.drain()
    assert works.history.count() == 15
    assert works.history.position() == works.journal.last_id() == 3
    assert works.journal.marks() == {CONSUMER: 3}
    assert works.writer.lag == 0


def test_entries_without_readings_move_the_position_too() -> None:
    works = Works()
    works.journal.append([draft(NOW, Tick(connected=True))])
    works.drain()
    assert works.history.position() == 1 and works.history.count() == 0


def test_a_write_takes_as_many_rows_as_configured_and_the_lag_tells_the_rest() -> None:
    works = Works(rows=64)
    works.says(200)
    works.writer.step()
    assert works.history.writes == [64]
    assert works.writer.lag == 136
    works.drain()
    assert works.history.count() == 200


def test_a_history_that_is_away_gets_everything_when_it_is_back() -> None:
    works = Works()
    works.says(2)
    works.history.trouble = Unavailable("the database is away")
    for _ in range(2):
        with pytest.raises(Unavailable):
            works.writer.step()
    assert works.history.position() == 0 and works.journal.marks() == {}
    works.history.trouble = None
    works.drain()
    assert works.history.count() == 2


def test_a_restart_goes_on_where_the_history_stands() -> None:
    works = Works()
    works.says(2)
    works.drain()
    works.restarted()
    works.says(1)
    works.drain()
    assert works.history.writes == [2, 1]


def test_a_write_that_failed_after_it_was_done_is_repeated_without_harm() -> None:
    works = Works()
    works.says(2)
    works.history.after = Unavailable("the answer was lost")
    with pytest.raises(Unavailable):
        works.writer.step()
    works.history.after = None
    works.drain()
    assert works.history.count() == 2 and works.history.writes == [2, 2]


def test_rows_that_are_refused_for_ever_are_told_and_the_rest_goes_on() -> None:
    works = Works()
    works.says(2)
    works.history.after = PartlyRefused(1, 1, "too many channels")
    works.writer.step()
    works.history.after = None
    assert works.history.position() == 2
    works.drain()
    (letter,) = works.journal.rejected()
    assert letter.reason is Reason.REFUSED_BY_STORE
    assert "1 of 2 refused: too many channels; classes: pump" in letter.detail
    (told,) = [decode(e) for e in works.journal.read(0) if e.kind is Kind.REJECTIONS]
    assert told[0].count == 1  # type: ignore[index]


def broken() -> dict[str, bytes]:
    """Entries of readings whose bytes cannot be read as such."""
    good = Readings.of("pump", ("v",), [Reading("a", NOW, {"v": 1.0})], NOW)
    return {
        "noise": b"\xc1broken",
        "nothing": b"",
        "the end is missing": good.encode()[:-3],
        "no text": good.encode().replace(b"pump", b"p\xffmp"),
        "columns of other lengths": replace(good, at=np.arange(2)).encode(),
        "too few values": replace(good, values=np.ones((0, 1))).encode(),
        "marks of other lengths": replace(good, quality=np.ones((2, 1), np.uint8)).encode(),
        "an asset that is not listed": replace(good, asset=np.array([7], np.int32)).encode(),
    }


@pytest.mark.parametrize("what", broken())
def test_an_entry_that_cannot_be_read_is_told_once_and_the_rest_goes_on(what: str) -> None:
    works = Works()
    body = broken()[what]
    works.journal.append([Draft(NOW, Kind.READINGS, body)])
    works.says(1)
    works.history.trouble = Unavailable("the database is away")
    for _ in range(3):
        with pytest.raises(Unavailable):
            works.writer.step()
    works.history.trouble = None
    works.drain()
    assert works.history.count() == 1
    assert works.history.position() == works.journal.last_id()
    (letter,) = works.journal.rejected()
    assert letter.reason is Reason.REFUSED_BY_STORE and letter.payload == body
    assert letter.detail.startswith("journal entry 1 cannot be read: ")
    (told,) = [decode(e) for e in works.journal.read(0) if e.kind is Kind.REJECTIONS]
    assert told == (RejectionsSeen("(history)", Reason.REFUSED_BY_STORE, 1),)


def run(works: Works) -> tuple[threading.Event, threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=works.writer.run, args=(stop, lambda: None))
    thread.start()
    return stop, thread


def test_a_damaged_history_ends_the_thread() -> None:
    works = Works()
    works.history.trouble = Refused("history.db is damaged")
    works.says(1)
    with pytest.raises(Refused):
        works.writer.run(threading.Event(), lambda: None)


def test_the_thread_drains_through_an_outage_and_says_it_once() -> None:
    works = Works()
    works.history.trouble = Unavailable("away", retry_after=0.001)
    works.says(3)
    with capture_logs() as logs:
        stop, thread = run(works)
        until(lambda: works.writer.outage.lasts)
        works.history.trouble = None
        until(lambda: works.history.count() == 3)
        until(lambda: not works.writer.outage.lasts)
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    names = [entry["event"] for entry in logs]
    assert names == ["history_became_unavailable", "history_came_back"]


def tidied(works: Works) -> tuple[int, int]:
    """Drain, tidy up, and count the readings and the entries that are left."""
    works.drain()
    works.writer._trim_at = 0.0
    works.writer._tidy()
    return works.history.count(), len(works.journal.read(0))


def test_what_is_old_is_trimmed_once_newer_has_come_and_our_clock_is_believed() -> None:
    works = Works(trusted=False)
    works.says(5)
    works.clock.advance(31 * DAY)
    works.says(1, at=works.clock())
    assert tidied(works) == (6, 6)
    works.trusted = True
    assert tidied(works) == (1, 6)  # what the journal said the round before is not known yet
    assert tidied(works) == (1, 1)
    works.clock.advance(HOUR)
    assert tidied(works) == (1, 1)


def test_a_clock_that_leaps_ahead_deletes_nothing_even_where_it_is_believed() -> None:
    works = Works()
    works.says(100)
    assert tidied(works) == (100, 100)
    works.clock.advance(3 * 365 * DAY)
    assert tidied(works) == (100, 100)
    works.says(1)  # written by the wrong clock, of the right time
    assert tidied(works) == (101, 101)


def test_a_history_that_gets_nothing_new_loses_nothing() -> None:
    works = Works()
    works.says(5)
    works.drain()
    works.restarted()
    works.clock.advance(300 * DAY)
    works.journal.append([draft(works.clock(), Tick(connected=True))])
    assert tidied(works)[0] == 5


def test_a_mark_trails_the_position_while_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_writer, "_MARK_EVERY", 1000.0)
    works = Works(rows=1)
    works.says(200)
    works.writer.step()
    first = works.journal.marks()[CONSUMER]
    works.writer.step()
    assert works.journal.marks()[CONSUMER] == first < works.history.position()
    works.drain()
    assert works.journal.marks()[CONSUMER] == works.history.position()


def test_the_clock_of_a_refusal_is_ours() -> None:
    works = Works()
    works.clock.advance(5 * SECOND)
    works.says(1)
    works.history.after = PartlyRefused(0, 1, "no")
    works.writer.step()
    assert works.journal.rejected()[0].at == NOW + 5 * SECOND


def test_minutes_and_hours_stay_longer_than_what_they_were_made_of() -> None:
    works = Works()
    for age in (100, 80, 50, 0):
        works.says(1, at=NOW - age * DAY)
    assert tidied(works)[0] == 1
    found = works.history.summary
    asset, channels = "karachi/hall/p1", ("vibration",)
    assert len(found(asset, channels, 0, 2 * NOW, MINUTE)) == 2
    assert len(found(asset, channels, 0, 2 * NOW, HOUR)) == 3


def test_downsampling_goes_on_while_there_is_more_and_rests_a_minute_then() -> None:
    works, left = Works(), [True, True, False]
    asked: list[int] = []

    def settle() -> bool:
        asked.append(len(left))
        return left.pop(0)

    works.history.settle = settle  # type: ignore[method-assign]
    works.writer._settle(idle=True)
    assert asked == []
    works.writer._settle_at = 0.0
    for _ in range(5):
        works.writer._settle(idle=True)
    assert asked == [3, 2, 1]


def test_what_an_unreadable_entry_held_counts_as_refused() -> None:
    works = Works()
    entry = Draft(NOW, Kind.READINGS, b"\xc1", "telemetry", 7)
    works.journal.append([entry], (), {("telemetry", Fate.RECEIVED, ""): 7})
    works.journal.pair(works.history.account())
    works.drain()
    (line,) = look(works.history, works.journal)
    assert (line.stored, line.dropped, line.missing) == (0, {REFUSED: 7}, 0)


def test_a_write_that_failed_after_it_was_stored_counts_once() -> None:
    works = Works()
    works.journal.pair(works.history.account())
    block = Readings.of("pump", ("vibration",), [Reading("p", NOW, {"vibration": 1.0})], NOW)
    said = replace(block, source="telemetry", messages=3)
    works.journal.append([draft(NOW, said)], (), {("telemetry", Fate.RECEIVED, ""): 3})
    works.history.after = Unavailable("the answer was lost")
    stop, beats = threading.Event(), 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            works.history.after = None
            works.journal.append([draft(NOW, said)], (), {("telemetry", Fate.RECEIVED, ""): 3})
        if beats == 4:
            stop.set()

    works.writer.run(stop, beat)
    (line,) = look(works.history, works.journal)
    assert (line.received, line.stored, line.waiting, line.missing) == (6, 6, 0, 0)


def test_what_made_room_while_it_was_being_read_is_not_stored_as_well() -> None:
    works = Works()
    settings = JournalSettings.model_construct(max_size=3000, when_full="drop_unstored")
    works.journal = MemoryJournal(settings)
    works.restarted()
    works.journal.pair(works.history.account())
    block = Readings.of("pump", ("vibration",), [Reading("p", NOW, {"vibration": 1.0})], NOW)

    def says() -> None:
        said = replace(block, source="telemetry", messages=1)
        last = works.journal.append([draft(NOW, said)], (), {("telemetry", Fate.RECEIVED, ""): 1})
        works.journal.mark("scoring", last)

    for _ in range(10):
        says()
    claim = works.journal.claim

    def late(after: int, last: int) -> bool:
        for _ in range(30):
            says()
        return claim(after, last)

    works.journal.claim = late  # type: ignore[method-assign]
    works.writer.step()
    works.journal.claim = claim  # type: ignore[method-assign]
    works.drain()
    (line,) = look(works.history, works.journal)
    assert line.dropped and line.missing == 0


def test_after_a_few_readings_it_waits_for_others_to_store_with() -> None:
    works = Works(gather=60.0)
    works.says(1)
    stop, thread = run(works)
    until(lambda: works.history.writes, what="the first write")
    works.says(2)
    stop.set()
    thread.join()
    assert works.history.writes == [1]
    works.drain()
    assert works.history.writes == [1, 2]


def test_a_history_that_is_busy_for_long_can_say_that_it_gets_somewhere() -> None:
    works, beats = Works(), []
    works.history.after = Refused("end here")
    works.says(1)
    with pytest.raises(Refused):
        works.writer.run(threading.Event(), lambda: beats.append(1))
    before = len(beats)
    works.history.beat()
    assert len(beats) == before + 1
