"""Gaps in senders' numbers are messages that were lost before they came to us."""

from __future__ import annotations

import json

from core.ledger import Fate
from ingest.decode import Decoder
from ingest.sequences import FURTHEST, MOST_SENDERS, Sequences
from ingest.settings import IngestSettings
from tests.messages import AGAIN, FRESH, NOW, RETAINED, plant

SOURCE = {
    "name": "opc",
    "topic": "opc/{site}/{area}/{asset}",
    "decoder": {"kind": "opcua"},
    "time": "arrival",
}


def lost(numbers: list[int], again: tuple[int, ...] = ()) -> int:
    known = Sequences()
    return sum(
        known.take("writer", number, again=place in again) for place, number in enumerate(numbers)
    )


def test_each_number_left_out_is_a_lost_message() -> None:
    assert lost([5, 6, 7]) == 0
    assert lost([5, 7, 10]) == 3


def test_a_number_said_again_is_no_loss() -> None:
    assert lost([5, 6, 6, 7]) == 0
    assert lost([5, 6, 7, 6, 7, 8], again=(3, 4)) == 0


def test_a_sender_that_counts_anew_has_lost_nothing() -> None:
    assert lost([65_534, 65_535, 0, 1]) == 0
    assert lost([700, 0, 1, 3]) == 1
    assert lost([0, FURTHEST + 2]) == 0


def test_what_is_remembered_is_bounded() -> None:
    known = Sequences()
    for sender in range(3 * MOST_SENDERS):
        known.take(sender, 1)
    assert len(known._last) <= MOST_SENDERS


def told(*messages: tuple[int, int, str]) -> int:
    """Decode messages of a number, a header and an asset; returns how many were lost upstream."""
    settings = IngestSettings.model_validate({"sources": [SOURCE]})
    decoder, count = Decoder(plant(), settings), 0
    for number, head, asset in messages:
        body = {"DataSetWriterId": 1, "SequenceNumber": number, "Payload": {"vibration": 2.5}}
        packet = (f"opc/karachi/hall/{asset}".encode(), json.dumps(body).encode(), head, 1)
        account = decoder.decode([packet], NOW).account
        count += account.get(("opc", Fate.LOST, ""), 0)
    return count


def test_the_ledger_is_told_what_an_opc_ua_writer_left_out() -> None:
    assert told((1, FRESH, "p1"), (2, FRESH, "p1"), (5, FRESH, "p1")) == 2
    assert told((1, FRESH, "p1"), (1, AGAIN, "p1"), (2, FRESH, "p1")) == 0


def test_each_topic_has_its_own_writers_and_an_unknown_asset_counts_too() -> None:
    assert told((1, FRESH, "p1"), (9, FRESH, "p2"), (2, FRESH, "p1"), (10, FRESH, "p2")) == 0
    assert told((1, FRESH, "nobody"), (3, FRESH, "nobody")) == 1


def test_a_retained_message_says_nothing_about_what_was_lost() -> None:
    assert told((1, FRESH, "p1"), (1, RETAINED, "p1"), (40, RETAINED, "p1"), (2, FRESH, "p1")) == 0
