"""What the broker sends again is stored again, and counted as what it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.clock import SECOND, ManualClock
from core.errors import Unavailable
from core.journal import Link, LinkChanged
from core.ledger import Fate, Line, look
from core.plant import ClockPolicy
from ingest.decode import Decoder
from ingest.held import WATCHED, Held
from ingest.intake import Intake
from ingest.packets import Packet
from ingest.settings import IngestSettings
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.messages import AGAIN, FRESH, NOW, body, packet, plant


class Works:
    """An intake over a journal, whose connection can be lost."""

    def __init__(self) -> None:
        self.journal, self.history = MemoryJournal(), MemoryHistory()
        self.journal.pair(self.history.account())
        self.starts()

    def starts(self) -> None:
        """Begin anew, as after a kill: nothing is known but what the journal holds."""
        self.held = Held(self.journal)
        decoder = Decoder(plant(ClockPolicy.DEVICE), IngestSettings(), held=self.held)
        self.intake = Intake(decoder, self.journal, ManualClock(NOW), lambda: True)
        self.intake.tell(LinkChanged(Link.CONNECTED))

    def comes(self, packets: Sequence[Packet]) -> None:
        assert self.intake.append(self.intake.judge(packets), lambda _: False, len(packets))

    def line(self) -> Line:
        (line,) = look(self.history, self.journal)
        assert line.missing == 0
        return line


def said(*at: int, head: int = FRESH, **extra: object) -> list[Packet]:
    return [packet(body(NOW + n * SECOND), head=head) for n in at]


def test_what_is_sent_again_after_a_kill_is_a_duplicate_and_stored_all_the_same() -> None:
    works = Works()
    works.comes(said(1, 2, 3))
    works.starts()
    works.comes(said(2, 3, head=AGAIN))
    line = works.line()
    assert (line.received, line.waiting, line.duplicate) == (5, 3, 2)
    assert sum(entry.kind == 1 for entry in works.journal.read(0)) == 2


def test_what_is_sent_again_and_never_came_is_not_a_duplicate() -> None:
    works = Works()
    works.comes(said(1))
    works.starts()
    works.comes([*said(1, 2, head=AGAIN), *said(3)])
    line = works.line()
    assert (line.received, line.waiting, line.duplicate) == (4, 3, 1)


def test_the_same_time_again_without_the_brokers_mark_is_another_message() -> None:
    works = Works()
    works.comes(said(1))
    works.starts()
    works.comes(said(1))
    assert works.line().duplicate == 0


def test_the_connection_lost_twice_reads_the_journal_anew() -> None:
    works = Works()
    works.comes(said(1))
    works.intake.tell(LinkChanged(Link.CONNECTED))
    works.comes(said(1, head=AGAIN))
    works.comes(said(2))
    works.intake.tell(LinkChanged(Link.CONNECTED))
    works.comes(said(2, head=AGAIN))
    assert works.line().duplicate == 2


def test_a_journal_that_cannot_be_read_leaves_them_counted_as_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = Works()
    works.comes(said(1))
    works.starts()

    def fail(*_: object) -> None:
        raise Unavailable("the disk is away")

    monkeypatch.setattr(works.journal, "read", fail)
    works.comes(said(1, head=AGAIN))
    monkeypatch.undo()
    line = works.line()
    assert (line.received, line.waiting, line.duplicate) == (2, 2, 0)


def test_after_as_many_messages_as_can_be_in_flight_nothing_is_looked_for() -> None:
    held = Held(MemoryJournal())
    assert held.again(said(1, head=AGAIN)) == {0}
    held.again(said(*range(10)) * (WATCHED // 10 + 1))
    assert held.again(said(1, head=AGAIN)) == set()


def numbered(*numbers: int, asset: str = "karachi/hall/p1", head: int = FRESH) -> list[Packet]:
    return [
        packet(body(NOW + n * SECOND)[:-1] + f', "sequence": {n}}}'.encode(), asset, head)
        for n in numbers
    ]


def test_numbers_that_a_sender_left_out_are_lost_upstream() -> None:
    works = Works()
    works.comes(numbered(1, 2, 5))
    works.comes(numbered(6, 9) + numbered(7, asset="karachi/hall/p2"))
    line = works.line()
    assert (line.received, line.waiting, line.lost_upstream) == (6, 6, 4)


def test_a_message_that_is_looked_at_closer_keeps_its_place_in_the_count() -> None:
    works = Works()
    odd = packet(b'{"ts": "2026-11-23T08:00:00Z", "values": {"vibration": 900}, "sequence": 2}')
    works.comes([*numbered(1), odd, *numbered(3)])
    line = works.line()
    assert (line.rejected, line.lost_upstream) == ({"out of physical range": 1}, 0)


def test_what_is_sent_again_is_not_a_sender_that_counts_anew() -> None:
    works = Works()
    works.comes(numbered(1, 2, 3))
    works.comes(numbered(2, head=AGAIN) + numbered(4))
    assert works.line().lost_upstream == 0


@pytest.mark.parametrize("said", ['"x"', "-1", "1.5", "1e3", "null", "[]", "9" * 400, "true"])
def test_a_number_that_is_none_is_passed_over(said: str) -> None:
    works = Works()
    odd = packet(body(NOW)[:-1] + f', "sequence": {said}}}'.encode())
    works.comes([odd])
    works.comes([odd])
    line = works.line()
    assert (line.waiting, line.lost_upstream) == (2, 0)


def test_a_fate_beside_the_sum_is_no_part_of_it() -> None:
    works = Works()
    works.comes(numbered(1, 100))
    assert works.journal.booked(0).counts["telemetry", Fate.LOST, ""] == 98
    assert works.line().accounted == 2
