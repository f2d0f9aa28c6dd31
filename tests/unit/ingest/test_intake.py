"""The intake: a batch is durable as a whole or not at all, and only then may it be acknowledged."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from core.clock import ManualClock
from core.errors import Refused, Unavailable
from core.journal import Kind, Link, LinkChanged, RejectionsSeen, decode
from core.ledger import Kept, balance
from core.readings import Readings
from core.rejection import Reason
from ingest.intake import Intake
from ingest.packets import Packet
from storage.dead_letters import BURST
from tests.messages import NOW, body, decoder, packet
from tests.stubborn import StubbornJournal


class Works:
    """An intake over a journal that can be made to fail."""

    def __init__(self, *, trusted: bool = True) -> None:
        self.journal = StubbornJournal()
        self.decoder = decoder()
        self.intake = Intake(self.decoder, self.journal, ManualClock(NOW), lambda: trusted)
        self.waits: list[float] = []

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.journal.read(0)]

    def mended_after(self, attempts: int) -> object:
        def patience(seconds: float) -> bool:
            self.waits.append(seconds)
            if len(self.waits) >= attempts:
                self.journal.trouble = None
            return True

        return patience


def never(_: float) -> bool:
    return False


def test_a_batch_is_one_entry_however_many_messages_it_has() -> None:
    works = Works()
    batch = works.intake.judge([packet(body(NOW + n)) for n in range(100)])
    assert works.intake.append(batch, never)
    (entry,) = works.journal.read(0)
    found = decode(entry)
    assert isinstance(found, Readings) and len(found) == 100
    assert works.intake.counts.accepted == 100


def test_what_is_refused_is_kept_and_told_in_the_same_transaction() -> None:
    works = Works()
    batch = works.intake.judge([packet(), packet(b"?"), packet(b"!")])
    assert works.intake.append(batch, never)
    assert works.kinds() == [Kind.READINGS, Kind.REJECTIONS]
    (told,) = decode(works.journal.read(0)[1])  # type: ignore[misc]
    assert told == RejectionsSeen("karachi/hall/p1", Reason.MALFORMED, 2)
    assert [letter.payload for letter in works.journal.rejected()] == [b"!", b"?"]
    assert works.intake.counts.rejected == {"malformed": 2}


def test_a_full_disk_is_waited_for_and_said_once_and_then_all_is_there() -> None:
    works = Works()
    works.journal.trouble = Unavailable("the disk is full")
    batch = works.intake.judge([packet()])
    with capture_logs() as logs:
        assert works.intake.append(batch, works.mended_after(4))  # type: ignore[arg-type]
    assert works.kinds() == [Kind.READINGS]
    assert works.waits == sorted(works.waits) and len(works.waits) == 4
    assert [entry["event"] for entry in logs] == ["journal_became_unavailable", "journal_came_back"]


def test_where_patience_ends_nothing_was_kept_and_nothing_counts() -> None:
    works = Works()
    works.journal.trouble = Unavailable("the disk is full")
    assert not works.intake.append(works.intake.judge([packet()]), never)
    assert works.kinds() == [] and works.intake.counts.accepted == 0
    assert works.intake.outage.lasts


def test_a_bug_in_the_store_is_waited_for_like_an_outage() -> None:
    works = Works()
    works.journal.trouble = KeyError("bug")
    assert works.intake.append(works.intake.judge([packet()]), works.mended_after(1))  # type: ignore[arg-type]
    assert works.kinds() == [Kind.READINGS]


def test_changes_of_the_link_go_in_with_the_next_batch_before_it() -> None:
    works = Works()
    works.intake.tell(LinkChanged(Link.CONNECTED, "here"))
    assert works.kinds() == []
    works.intake.append(works.intake.judge([packet()]), never)
    assert works.kinds() == [Kind.LINK, Kind.READINGS]
    works.intake.flush()
    assert len(works.kinds()) == 2


def test_changes_of_the_link_wait_for_a_journal_that_takes_them() -> None:
    works = Works()
    works.journal.trouble = Unavailable("the disk is full")
    works.intake.tell(LinkChanged(Link.DISCONNECTED, "gone"))
    works.intake.flush()
    works.journal.trouble = None
    works.intake.flush()
    works.intake.flush()
    assert works.kinds() == [Kind.LINK]


def test_a_damaged_journal_is_not_tried_again() -> None:
    works = Works()
    works.journal.trouble = Refused("journal.db is damaged")
    with pytest.raises(Refused):
        works.intake.append(works.intake.judge([packet()]), lambda _: True)


def test_an_empty_batch_needs_no_entry() -> None:
    works = Works()
    assert works.intake.append(works.intake.judge([]), never)
    assert works.kinds() == []


def test_a_message_on_which_the_decoder_itself_fails_is_set_aside_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = Works()
    real = works.decoder.decode

    def failing(packets: list[Packet], *rest: object, **options: object) -> object:
        if any(each[1] == b"trigger" for each in packets):
            raise ZeroDivisionError
        return real(packets, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(works.decoder, "decode", failing)
    batch = works.intake.judge([packet(), packet(b"trigger"), packet(b"?"), packet(body(NOW + 1))])
    assert works.intake.append(batch, never)
    assert batch.accepted == 2
    assert sorted(rejection.detail for rejection in batch.rejections)[1:] == [
        "the decoder failed on it: ZeroDivisionError"
    ]
    assert sum(entry.count for entry in batch.seen) == 2


def test_messages_are_counted_as_they_come_and_go() -> None:
    works = Works()
    works.intake.received(3)
    works.intake.acknowledged(2)
    assert (works.intake.counts.received, works.intake.counts.acknowledged) == (3, 2)


def test_a_clock_that_is_not_trusted_refuses_nothing() -> None:
    works = Works(trusted=False)
    assert works.intake.judge([packet(body("1970-01-01T00:00:12Z"))]).accepted == 1


def test_of_a_flood_of_unknown_assets_a_part_is_looked_at_and_all_are_counted() -> None:
    works = Works()
    asked = 3 * BURST
    for start in range(0, asked, 1000):
        flood = [packet(asset=f"karachi/hall/x{n}") for n in range(start, start + 999)]
        batch = works.intake.judge([*flood, packet()])
        assert works.intake.append(batch, never, 1000)
    (line,) = balance(Kept(""), works.journal.booked(0))
    assert (line.received, line.waiting, line.missing) == (asked, asked // 1000, 0)
    assert line.rejected == {"unknown asset": asked - asked // 1000}
    letters = len(works.journal.rejected(asked))
    assert BURST * 0.9 < letters <= BURST + asked // 1000
    assert works.journal.rejected_counts() == line.rejected
    assert works.journal.dropped() == asked - asked // 1000 - letters
    assert works.intake.counts.rejected == line.rejected
    told = [decode(entry) for entry in works.journal.read(0, 999) if entry.kind is Kind.REJECTIONS]
    assert sum(one.count for seen in told for one in seen) == asked - asked // 1000  # type: ignore[union-attr]
