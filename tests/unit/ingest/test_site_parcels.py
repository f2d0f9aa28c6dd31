"""What sites forward, at the centre: each of it once, and nothing that is not of its plant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from core import site
from core.clock import DAY, MINUTE
from core.journal import SiteSaid, SiteTopic
from core.ledger import Fate
from core.readings import Readings
from core.rejection import Reason
from core.site import Cases, State, Topic
from ingest.settings import SitesSettings
from ingest.site_parcels import Forwarded, SiteDesk
from tests.forwarding import JOURNAL, NOW, block, centre_plant, packed, packet

LAHORE = "site lahore"


class Desk:
    """A desk whose journal keeps what it is given."""

    def __init__(self) -> None:
        self.reached: dict[str, int] = {}
        settings = SitesSettings(accept=("lahore", "suzhou"))
        self.desk = SiteDesk(centre_plant(), settings, self._asked)

    def _asked(self) -> Mapping[str, int]:
        return self.reached

    def take(self, *bodies: bytes, what: Topic = Topic.READINGS, kept: bool = True) -> Forwarded:
        found = self.desk.take([packet(what, body) for body in bodies], NOW)
        if kept:
            self.reached |= found.reached
            self.desk.kept(found)
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def counts(found: Forwarded) -> dict[str, int]:
    """Write the account of Lahore by fate."""
    assert {source for source, _, _ in found.account} <= {LAHORE}
    return {fate.value: count for (_, fate, _), count in found.account.items()}


def balanced(found: Forwarded) -> bool:
    """Tell whether all that was received went somewhere."""
    received = found.account[LAHORE, Fate.RECEIVED, ""]
    gone = sum(found.account[LAHORE, fate, ""] for fate in (Fate.DUPLICATE, Fate.TOLD))
    gone += sum(each.messages for each in found.readings)
    return received == gone + sum(each.messages for each in found.rejections)


def test_it_asks_for_what_accepted_senders_say(desk: Desk) -> None:
    topics = desk.desk.topic_filters
    assert len(topics) == 6 and "millwright/sites/suzhou/state" in topics
    assert not any("commands" in topic for topic in topics)


def test_readings_come_in_under_the_name_of_their_site(desk: Desk) -> None:
    found = desk.take(packed(1, 4, block("p1", "p2")))
    (taken,) = found.readings
    assert list(taken) == list(block("p1", "p2"))
    assert (taken.source, taken.messages, taken.arrived) == (LAHORE, 2, NOW)
    assert found.reached == {f"lahore {JOURNAL}": 4}
    assert counts(found) == {"received": 2} and balanced(found)


def test_what_comes_again_counts_once_in_one_batch_and_later(desk: Desk) -> None:
    body = packed(1, 4, block("p1"))
    found = desk.take(body, body)
    again = desk.take(body)
    assert len(found.readings) == 1 and again.readings == []
    assert counts(found) == {"received": 2, "duplicate": 1} and balanced(found)
    assert counts(again) == {"received": 1, "duplicate": 1} and again.reached == {}


def test_what_was_not_kept_is_taken_when_it_comes_again(desk: Desk) -> None:
    body = packed(1, 4, block("p1"))
    assert len(desk.take(body, kept=False).readings) == 1
    assert len(desk.take(body).readings) == 1


def test_a_jump_ahead_is_counted_as_lost_upstream(desk: Desk) -> None:
    assert Fate.LOST not in counts(desk.take(packed(90, 94, block("p1"))))  # the first we hear
    found = desk.take(packed(98, 99, block("p1")))
    assert counts(found) == {"received": 1, "lost upstream": 3}


def test_a_journal_that_begins_anew_is_not_taken_for_old(desk: Desk) -> None:
    desk.take(packed(1, 400, block("p1")))
    found = desk.take(packed(1, 3, block("p2"), journal="another"))
    assert len(found.readings) == 1 and Fate.LOST not in counts(found)
    assert desk.desk.twins == set()


def test_two_boxes_of_one_name_are_noticed(desk: Desk) -> None:
    one, other = "one", "other"
    desk.take(packed(1, 3, block("p1"), journal=one), packed(1, 2, block("p2"), journal=other))
    assert desk.desk.twins == set()
    found = desk.take(packed(4, 5, block("p1"), journal=one))
    assert len(found.readings) == 1  # and nothing of either is lost
    assert desk.desk.twins == {"lahore"}


def test_a_batch_that_is_tried_again_makes_no_twins(desk: Desk) -> None:
    bodies = [packed(1, 3, block("p1"), journal=name) for name in ("one", "other")]
    desk.take(*bodies, kept=False)
    desk.take(*bodies)
    assert desk.desk.twins == set()


def test_strangers_are_refused_and_never_become_names(desk: Desk) -> None:
    found = desk.take(packed(1, 2, block("p1", "p9", "p8")))
    (taken,) = found.readings
    (refused,) = found.rejections
    assert taken.assets == ("site/hall/p1",) and taken.messages == 1
    assert (refused.reason, refused.messages, refused.source) == (Reason.UNKNOWN_ASSET, 2, LAHORE)
    assert '2 assets of class "pump"' in refused.detail and "p9" in refused.detail
    assert balanced(found)


def test_an_asset_of_another_class_is_a_stranger(desk: Desk) -> None:
    found = desk.take(packed(1, 2, block("p1", asset_class="fan")))
    assert found.readings == [] and found.rejections[0].reason is Reason.UNKNOWN_ASSET
    assert balanced(found)


def test_channels_that_the_class_lacks_are_left_out(desk: Desk) -> None:
    said = block("p1", "p2")
    marks = np.zeros((2, 3), np.uint8)
    marks[1, 2] = 2
    odd = replace(said, channels=("speed", "noise", "temperature"), quality=marks)
    (taken,) = desk.take(packed(1, 2, odd)).readings
    assert taken.channels == ("speed", "temperature")
    assert taken.quality is not None and taken.quality.tolist() == [[0, 0], [0, 2]]


def test_readings_without_any_channel_of_the_class_are_refused(desk: Desk) -> None:
    found = desk.take(packed(1, 2, replace(block("p1"), channels=("a", "b", "c"))))
    assert found.readings == [] and found.rejections[0].reason is Reason.UNKNOWN_CHANNEL
    assert balanced(found)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (block("p1", at=NOW + DAY + MINUTE), Reason.TOO_EARLY),
        (block("p1", at=1_000_000), Reason.BAD_TIME),
        (block("p1", at=-(2**62)), Reason.BAD_TIME),
        (block("p1", vibration=float("inf")), Reason.NOT_FINITE),
    ],
)
def test_what_no_store_should_hold_is_refused(desk: Desk, said: Readings, reason: Reason) -> None:
    good = block("p2")
    found = desk.take(packed(1, 2, said, good))
    (taken,) = found.readings
    assert [each.asset for each in taken] == ["site/hall/p2"]
    assert [each.reason for each in found.rejections] == [reason]
    assert balanced(found)


def test_a_site_whose_clock_is_somewhat_ahead_is_taken(desk: Desk) -> None:
    assert desk.take(packed(1, 2, block("p1", at=NOW + 3 * 60 * MINUTE))).rejections == []


def test_while_our_own_clock_is_in_doubt_nothing_is_refused_for_its_time(desk: Desk) -> None:
    body = packed(1, 2, block("p1", at=NOW + 40 * DAY))
    found = desk.desk.take([packet(Topic.READINGS, body)], NOW, trusted=False)
    assert found.rejections == [] and len(found.readings) == 1


def test_a_parcel_without_readings_moves_on(desk: Desk) -> None:
    found = desk.take(packed(1, 2))
    assert found.readings == [] and found.reached == {f"lahore {JOURNAL}": 2}
    empty = block("p1").take(np.zeros(1, np.bool_))
    found = desk.take(packed(3, 4, empty))
    assert counts(found) == {"received": 1, "told": 1}


def test_messages_of_a_row_of_two_classes_are_counted_once(desk: Desk) -> None:
    first, second = block("p1"), replace(block("p2"), messages=0)
    found = desk.take(packed(1, 2, first, second), packed(3, 3, second))
    assert counts(found)["received"] == 1 and balanced(found)
    assert sum(len(each) for each in found.readings) == 3
    stranger = replace(block("p9"), messages=0)
    found = desk.take(packed(4, 4, stranger))
    assert [each.messages for each in found.rejections] == [0] and balanced(found)


def test_cases_come_once_and_what_is_missing_is_counted(desk: Desk) -> None:
    body = site.pack(Cases(JOURNAL, 1, 2, ((b"step", b"case"),)))
    found = desk.take(body, body, what=Topic.CASES)
    assert found.said == [SiteSaid("lahore", SiteTopic.CASES, body)]
    assert counts(found) == {"received": 2, "told": 1, "duplicate": 1}
    assert found.reached == {f"lahore {JOURNAL} cases": 2}
    later = desk.take(site.pack(Cases(JOURNAL, 5, 5, ())), what=Topic.CASES)
    assert counts(later) == {"received": 1, "told": 1, "lost upstream": 2}


def test_state_is_told_each_time_but_for_what_a_broker_remembers(desk: Desk) -> None:
    body = site.pack(State(NOW, 0))
    found = desk.take(body, body, what=Topic.STATE)
    assert len(found.said) == 2 and counts(found) == {"received": 2, "told": 2}
    kept = desk.desk.take([packet(Topic.STATE, body, retained=True)], NOW)
    assert kept == Forwarded()


@pytest.mark.parametrize("what", [Topic.READINGS, Topic.CASES, Topic.STATE])
def test_what_cannot_be_read_is_a_rejection_and_stops_nothing(desk: Desk, what: Topic) -> None:
    good = packet(Topic.READINGS, packed(1, 2, block("p1")))
    bad = packet(what, b"rubbish", "suzhou", retained=what is not Topic.STATE)
    found = desk.desk.take([bad, good], NOW)
    (refused,) = found.rejections
    assert (refused.reason, refused.payload, refused.messages) == (Reason.MALFORMED, b"rubbish", 1)
    assert refused.source == "site suzhou" and refused.retained is (what is not Topic.STATE)
    assert len(found.readings) == 1
    assert found.refused == {(f"millwright/sites/suzhou/{what}", Reason.MALFORMED): 1}


def test_a_fault_of_ours_in_one_message_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(site, "check_numbers", fail)
    good = packet(Topic.READINGS, packed(1, 2, block("p1")))
    cases = packet(Topic.CASES, site.pack(Cases(JOURNAL, 1, 1, ())))
    with capture_logs() as logs:
        found = desk.desk.take([cases, good], NOW)
    assert [each["event"] for each in logs] == ["site_message_failed"]
    assert found.rejections[0].detail == "taking it failed: ZeroDivisionError"
    assert len(found.readings) == 1 and f"lahore {JOURNAL} cases" not in found.reached


def test_what_an_earlier_subscription_still_brings_is_passed_over(desk: Desk) -> None:
    found = desk.desk.take([packet(Topic.STATE, b"", "gwadar")], NOW)
    assert found == Forwarded()
