"""Refused messages, tried again after what refused them was mended."""

from __future__ import annotations

import json
from dataclasses import replace

from core.clock import DAY, HOUR, MINUTE, ManualClock
from core.journal import Kind, decode
from core.ledger import Fate
from core.plant import Asset, Channel, ClockPolicy, Plant
from core.readings import Readings
from core.rejection import Reason, Rejection
from ingest.intake import Intake
from ingest.packets import Packet
from ingest.retry import Retried, retry
from ingest.settings import IngestSettings
from storage.journal_memory import MemoryJournal
from tests.messages import NOW, PUMP, RETAINED, body, decoder, packet, plant, readings


def refused(*packets: Packet) -> MemoryJournal:
    journal = MemoryJournal()
    intake = Intake(decoder(), journal, ManualClock(NOW), lambda: True)
    intake.append(intake.judge(packets), lambda _: False)
    return journal


def mended() -> Plant:
    """A plant that knows p9, and pumps with a pressure."""
    known = plant()
    pump = replace(PUMP, channels=(*PUMP.channels, Channel("pressure")))
    added = Asset("karachi", "hall", "p9", "pump")
    return replace(
        known, assets={**known.assets, added.id: added}, classes={**known.classes, "pump": pump}
    )


def try_again(journal: MemoryJournal, of: Plant, now: int = NOW) -> Retried:
    return retry(journal.rejected(10_000), of, IngestSettings(), journal, ManualClock(now))


def stored(journal: MemoryJournal) -> list[tuple[str, float]]:
    blocks = [decode(entry) for entry in journal.read(0, 9999) if entry.kind is Kind.READINGS]
    return [
        (reading.asset, reading.at)
        for block in blocks
        if isinstance(block, Readings)
        for reading in block
    ]


def test_what_was_mended_is_taken_and_leaves_the_list() -> None:
    journal = refused(packet(asset="karachi/hall/p9"), packet(b"?"))
    assert try_again(journal, mended()) == Retried(taken=1, refused=1)
    assert stored(journal) == [("karachi/hall/p9", NOW)]
    assert [letter.reason for letter in journal.rejected()] == [Reason.MALFORMED]
    assert try_again(journal, mended()) == Retried(taken=0, refused=1)
    assert journal.rejected_counts() == {Reason.UNKNOWN_ASSET: 1, Reason.MALFORMED: 1}


def test_a_message_of_which_a_part_is_still_bad_stays() -> None:
    journal = refused(packet(body(pressure=1, vibration=999)))
    assert try_again(journal, mended()) == Retried(refused=1)
    assert len(journal.rejected()) == 1 and stored(journal) == []


def test_waiting_makes_no_message_too_old() -> None:
    journal = refused(packet(body(NOW - 399 * DAY), asset="karachi/hall/p9"))
    assert try_again(journal, mended(), NOW + 30 * DAY).taken == 1


def test_a_message_that_was_not_kept_whole_is_not_tried() -> None:
    long = json.loads(body()) | {"note": "x" * 20_000}
    journal = refused(packet(json.dumps(long).encode(), asset="karachi/hall/p9"))
    assert try_again(journal, mended()) == Retried(partial=1)
    assert len(journal.rejected()) == 1


def test_many_go_in_by_portions_oldest_first() -> None:
    packets = [packet(body(NOW - n * MINUTE), asset="karachi/hall/p9") for n in range(1100)]
    journal = refused(*packets)
    assert try_again(journal, mended()) == Retried(taken=1100)
    assert [at for _, at in stored(journal)] == [NOW - n * MINUTE for n in range(1100)]
    assert journal.rejected() == []


def test_a_retained_message_stays_one() -> None:
    old = NOW - 3 * HOUR
    journal = refused(
        packet(body(old), asset="karachi/hall/p9", head=RETAINED),
        packet(body(old + 1_000_000), asset="karachi/hall/p9"),
    )
    assert try_again(journal, mended()).taken == 2
    entries = [decode(entry) for entry in journal.read(0) if entry.kind is Kind.READINGS]
    assert [(each.retained, list(each.at)) for each in entries] == [  # type: ignore[union-attr]
        (True, [old]),
        (False, [old + 1_000_000]),
    ]


def corrected() -> Plant:
    known = mended()
    assets = {name: replace(a, clock=ClockPolicy.CORRECTED) for name, a in known.assets.items()}
    return replace(known, assets=assets)


def test_a_corrected_clock_is_put_right_by_what_ingest_knows_of_it() -> None:
    journal = refused(packet(body(NOW - 3 * HOUR, pressure=1), asset="karachi/hall/p9"))
    letters, offsets = journal.rejected(), {"karachi/hall/p9": 2 * HOUR}
    retry(letters, corrected(), IngestSettings(), journal, ManualClock(NOW), offsets)
    assert stored(journal) == [("karachi/hall/p9", NOW - HOUR)]


def test_a_corrected_clock_that_ingest_never_heard_is_learned_from_its_letters() -> None:
    journal = refused(packet(body(NOW - 3 * HOUR), asset="karachi/hall/p9"))
    assert try_again(journal, corrected()).taken == 1
    assert stored(journal) == [("karachi/hall/p9", NOW)]


def test_what_is_retried_is_what_would_have_been_taken_at_once() -> None:
    first = packet(body(NOW, vibration=2, speed=3), asset="karachi/hall/p9")
    journal = refused(first)
    try_again(journal, mended())
    (expected,) = readings(decoder(mended()).decode([first], NOW))
    (entry,) = (entry for entry in journal.read(0) if entry.kind is Kind.READINGS)
    assert list(decode(entry)) == [expected]  # type: ignore[arg-type]


def test_a_letter_that_stands_for_others_of_a_flood_brings_back_only_itself() -> None:
    journal = refused(packet(asset="karachi/hall/p9"))
    (letter,) = journal.rejected()
    journal.discard([letter.id])
    flood = Rejection(
        letter.topic, letter.reason, letter.payload, NOW, source=letter.source, messages=5000
    )
    journal.append([], [flood], {(letter.source, Fate.RECEIVED, ""): 5000})
    assert try_again(journal, mended()).taken == 1
    counts = journal.booked(0).counts
    assert counts[letter.source, Fate.REJECTED, "unknown asset"] == 5000
    assert sum(journal.booked(0).waiting.values()) == 1


def test_what_two_try_at_once_is_taken_once() -> None:
    journal = refused(
        packet(asset="karachi/hall/p9"), packet(body(NOW + 1), asset="karachi/hall/p9")
    )
    seen = journal.rejected()
    given = (mended(), IngestSettings(), journal, ManualClock(NOW))
    assert retry(seen[:1], *given) == Retried(taken=1)
    assert retry(seen, *given) == Retried(taken=1, refused=1)
    assert retry(seen, *given) == Retried(refused=2)
    booked = journal.booked(0)
    assert booked.counts.get(("telemetry", Fate.REJECTED, "unknown asset"), 0) == 0
    assert booked.waiting == {"telemetry": 2}
