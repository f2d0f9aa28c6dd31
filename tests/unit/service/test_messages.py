"""The ledger and the proposed assets, on the page, in the API and in the metrics."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.journal import draft
from core.ledger import Fate
from core.proposal import Observed, Proposal
from core.readings import Reading, Readings
from core.rejection import Reason, Rejection
from service.page_messages import MOST_PROPOSED, observed
from storage.proposals_memory import MemoryProposals
from tests.feeds import Room
from tests.pages import HOSTILE, Elements
from tests.story import START

BLOCK = Readings.of("pump", ("v",), [Reading("site/hall/p1", START, {"v": 1.0})], START)


def received(count: int) -> dict[tuple[str, Fate, str], int]:
    return {("telemetry", Fate.RECEIVED, ""): count}


@pytest.fixture
def room() -> Room:
    """Four messages in: three wait, one is refused; and a list of proposed assets."""
    room = Room()
    room.journal.pair(room.history.account())
    entry = draft(START, replace(BLOCK, source="telemetry", messages=3))
    bad = Rejection("t", Reason.NOT_UTF8, b"?", START, source="telemetry", messages=1)
    room.journal.append([entry], [bad], received(4))
    object.__setattr__(room.feed, "proposals", MemoryProposals())
    return room


def proposed(room: Room, *assets: str, **channels: Observed) -> None:
    assert room.feed.proposals is not None
    room.feed.proposals.note([Proposal(a, "telemetry", START, START, 1, channels) for a in assets])


def test_the_api_accounts_for_every_message(room: Room) -> None:
    told = room.get("/api/v1/ledger").json()
    assert told["balanced"]
    (line,) = told["sources"]
    assert (line["source"], line["received"], line["waiting"]) == ("telemetry", 4, 3)
    assert line["rejected"] == {"not utf-8": 1}
    room.journal.append([], (), received(1))
    told = room.get("/api/v1/ledger").json()
    assert not told["balanced"] and told["sources"][0]["missing"] == 1


def test_the_page_says_in_words_whether_every_message_is_accounted_for(room: Room) -> None:
    page = Elements(room.get("/messages").text)
    assert "Every message that came in is accounted for." in page.text
    assert "1 refused: not utf-8" in page.text
    room.journal.append([], (), received(2))
    assert "2 messages are not accounted for." in Elements(room.get("/messages").text).text


def test_the_metrics_have_every_part_of_the_ledger(room: Room) -> None:
    text = room.get("/metrics").text
    assert (
        'millwright_ledger_messages{fate="rejected",reason="not utf-8",source="telemetry"} 1.0'
        in text
    )
    assert 'millwright_ledger_missing_messages{source="telemetry"} 0.0' in text


def test_where_the_ledger_cannot_be_read_the_page_says_so_and_metrics_leave_it_out() -> None:
    room = Room()
    assert "belongs to another history" in room.get("/messages").text
    assert room.get("/api/v1/ledger").status_code == 503
    assert "millwright_ledger" not in room.get("/metrics").text


def test_proposed_assets_are_listed_with_what_was_seen(room: Room) -> None:
    proposed(room, "site/hall/new", vibration=Observed("mm/s", 9, 1.0, 4.5, 2.0))
    page = Elements(room.get("/messages").text)
    assert "site/hall/new" in page.text and "vibration: 1 to 4.5 mm/s" in page.text
    (one,) = room.get("/api/v1/proposed").json()["proposed"]
    assert one["asset"] == "site/hall/new"
    assert one["channels"]["vibration"]["high"] == 4.5


def test_names_that_somebody_invented_stay_text(room: Room) -> None:
    proposed(room, HOSTILE, **{HOSTILE: Observed(words=(HOSTILE,))})
    page = Elements(room.get("/messages").text)
    assert not page.of("img")


def test_a_flood_of_proposed_assets_is_cut_and_said_to_be(room: Room) -> None:
    proposed(room, *(f"site/hall/{n}" for n in range(MOST_PROPOSED + 7)))
    page = Elements(room.get("/messages").text)
    assert "7 more are not shown here" in page.text


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Observed(), "v: nothing yet"),
        (Observed("bar", 1, 2.0, 2.0, 2.0), "v: 2 bar"),
        (Observed(words=("on", "off")), "v: says on, off"),
    ],
)
def test_what_was_seen_is_said_in_few_words(seen: Observed, words: str) -> None:
    assert observed("v", seen) == words
