"""The forwarder: what waits goes on in its order, and what was confirmed is never sent anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core import parcel, site
from core.alert import AlertState, Change
from core.casefile import Advance
from core.clock import ManualClock
from core.errors import Refused, Unavailable
from core.journal import Command, Draft, Kind, Lesson, decode, draft
from core.ledger import Line
from core.parcel import Parcel
from core.readings import Readings
from service import forwarder
from service.forwarder import CommandDesk
from tests.forwarding import NOW, block
from tests.site_box import AWAY, Site
from tests.site_cases import case, commit, moved, opened, status


@pytest.fixture
def lahore(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_readings_go_on_and_all_else_is_passed_over(lahore: Site) -> None:
    lahore.ticks(2)
    lahore.says("p1", "p2")
    lahore.journal.append([draft(NOW, Lesson(block("p3"))), Draft(NOW, Kind.READINGS, b"\xc1")])
    assert lahore.step() is False
    assert lahore.spans() == [(1, 6)]
    (sent,) = lahore.parcels()
    assert [each.asset for part in sent.readings for each in part] == [
        "site/hall/p1",
        "site/hall/p2",
    ]
    assert lahore.forwarder.waiting == 0
    lahore.ticks()
    lahore.step()
    assert len(lahore.parcels()) == 1 and lahore.forwarder.waiting == 0


def test_a_restart_goes_on_where_it_was_and_leaves_no_gap_for_what_held_nothing(
    lahore: Site,
) -> None:
    lahore.says("p1")
    lahore.step()
    lahore.ticks(5)
    lahore.step()
    lahore.forwarder = lahore.made()
    lahore.says("p2")
    lahore.step()
    lahore.forwarder = lahore.made()
    lahore.says("p3")
    lahore.step()
    assert lahore.spans() == [(1, 1), (2, 7), (8, 8)]


def test_what_is_trimmed_lies_never_ahead_of_what_is_on_the_disk(lahore: Site) -> None:
    for consumer in ("history", "scoring"):
        lahore.journal.mark(consumer, 6)
    lahore.says("p1")
    lahore.step()
    lahore.ticks(5)
    lahore.forwarder = lahore.made()
    lahore.step()
    lahore.journal.trim(NOW + 1)
    lahore.forwarder = lahore.made()
    lahore.says("p2")
    lahore.step()
    assert lahore.spans() == [(1, 1), (2, 7)]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_not_confirmed_is_sent_again_with_the_same_numbers(
    lahore: Site, *, arrives: bool
) -> None:
    lahore.ticks()
    lahore.says("p1")
    if arrives:
        lahore.link.after = AWAY
    else:
        lahore.link.trouble = AWAY
    with pytest.raises(Unavailable):
        lahore.step()
    lahore.says("p2")
    lahore.link.after = lahore.link.trouble = None
    lahore.forwarder = lahore.made()
    assert lahore.step() is True
    assert lahore.step() is False
    assert lahore.spans() == [(1, 2)] * (1 + arrives) + [(3, 3)]


def test_a_link_too_thin_for_a_parcel_gets_smaller_ones(
    lahore: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_CELLS", 24)
    lahore.forwarder = lahore.made()
    lahore.says(*["p1"] * 16)  # of three values each
    lahore.link.trouble = AWAY
    for _ in range(2):
        with pytest.raises(Unavailable):
            lahore.step()
    lahore.link.trouble = None
    while lahore.step():
        pass
    assert lahore.spans() == [(1, 2), (3, 4), (5, 8), (9, 16)]


def test_a_parcel_holds_no_more_than_so_many_entries(tmp_path: Path) -> None:
    lahore = Site(tmp_path, most=3)
    lahore.says(*["p1"] * 7)
    assert [lahore.step() for _ in range(3)] == [True, True, False]
    assert lahore.spans() == [(1, 3), (4, 6), (7, 7)]


def test_entries_so_large_that_few_are_read_at_once_do_not_wait(
    lahore: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lahore.says(*["p1"] * 5)
    read = lahore.journal.read
    monkeypatch.setattr(lahore.journal, "read", lambda after, _=0: read(after, 2))
    assert [lahore.step() for _ in range(3)] == [True, True, False]


def test_what_had_to_make_room_is_a_gap_that_the_centre_can_count(tmp_path: Path) -> None:
    lahore = Site(tmp_path, max_size="10MB")
    size = len(block("p1").encode())
    lahore.says("p1")
    lahore.step()
    lahore.ticks(2)
    lahore.step()
    many = 10_000_000 // (size + 64) + 1000
    for first in range(0, many, 500):
        lahore.says(*["p2"] * 500)
        for consumer in ("history", "scoring"):
            lahore.journal.mark(consumer, first + 400)
    oldest = lahore.journal.read(0, 1)[0].id
    assert oldest > 4
    with capture_logs() as logs:
        lahore.step()
    assert [each["event"] for each in logs] == ["centre_misses"]
    assert lahore.spans()[0] == (1, 1)
    first, last = lahore.spans()[1]
    assert first - 1 - 1 == oldest - 4  # the two ticks were not missed
    assert last == lahore.positions.now.entry


def test_a_gap_between_entries_ends_a_parcel(lahore: Site) -> None:
    lahore.says("p1")
    lahore.journal.skip_to(10)
    lahore.says("p2")
    assert [lahore.step(), lahore.step()] == [True, False]
    assert lahore.spans() == [(1, 1), (11, 11)]


def test_what_was_being_sent_may_make_room_too(lahore: Site) -> None:
    lahore.says("p1")
    lahore.step()
    lahore.says("p1", "p2")
    lahore.link.trouble = AWAY
    with pytest.raises(Unavailable):
        lahore.step()
    for consumer in ("history", "scoring", "forward"):
        lahore.journal.mark(consumer, 3)
    lahore.journal.trim(NOW + 1)
    lahore.says("p3")
    lahore.link.trouble = None
    lahore.step()
    assert lahore.spans() == [(1, 1), (4, 4)]


def test_an_entry_that_nobody_would_unpack_is_missed_and_not_tried_for_ever(
    lahore: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lahore.says("p1")
    lahore.step()
    lahore.says("p2")
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(parcel, "pack", _refuse)
        lahore.step()
    assert "entry_too_large" in [each["event"] for each in logs]
    lahore.says("p3")
    lahore.step()
    assert lahore.spans() == [(1, 1), (3, 3)]


def _refuse(_: Parcel) -> bytes:
    msg = "too many"
    raise Refused(msg)


def test_steps_of_cases_go_on_each_with_its_case(lahore: Site) -> None:
    one = case()
    commit(lahore.casefile, 1, opened(one), one)
    lahore.step()
    step, after = moved(one, AlertState.ACKNOWLEDGED, Change.ACKNOWLEDGED)
    commit(lahore.casefile, 2, step, after)
    lahore.link.after = AWAY
    with pytest.raises(Unavailable):
        lahore.step()
    other = case("c2")
    commit(lahore.casefile, 3, opened(other), other)
    lahore.link.after = None
    lahore.forwarder = lahore.made()
    while lahore.step():
        pass
    spans = [(each.first, each.last) for each in lahore.cases()]
    assert spans == [(1, 1), (2, 2), (2, 2), (3, 3)]


def test_state_says_how_assets_stand_and_what_the_ledger_says(lahore: Site) -> None:
    one, foreign = case(), replace(case("far"), origin="elsewhere")
    lahore.casefile.commit(
        Advance(1, alerts=(one, foreign), transitions=(opened(one),), statuses=(status(),))
    )
    lahore.lines = (Line("telemetry", 5, 4, {"malformed": 1}, 0, {}, 0, 0, {}, 0, 0),)
    lahore.step()
    (state,) = lahore.states()
    assert (state.at, state.waiting, len(state.statuses)) == (NOW, 0, 1)
    assert state.ledger[0]["rejected"] == {"malformed": 1}
    assert state.open == ("c1",)
    lahore.step()
    assert len(lahore.states()) == 1 and lahore.link.looks == 1


def test_state_keeps_quiet_of_cases_while_steps_are_still_to_come(
    lahore: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_EVENTS", 1)
    monkeypatch.setattr(forwarder, "_PAGE", 1)
    for number, name in enumerate(("c1", "c2"), 1):
        one = case(name)
        commit(lahore.casefile, number, opened(one), one)
    lahore.step()
    lahore.forwarder = lahore.made()
    lahore.step()
    assert [each.open for each in lahore.states()] == [None, ("c1", "c2")]


def test_the_mark_is_what_trimming_waits_for_and_a_full_disk_does_no_harm(
    lahore: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lahore.link.trouble = AWAY
    lahore.says("p1", "p2")
    with pytest.raises(Unavailable):
        lahore.step()
    assert lahore.journal.marks() == {"forward": 0}  # trimming waits from the beginning
    lahore.link.trouble = None
    lahore.step()
    lahore.forwarder = lahore.made()
    lahore.step()
    assert lahore.journal.marks() == {"forward": 2}

    def fail(*_: object) -> None:
        raise Unavailable("disk full")

    monkeypatch.setattr(lahore.journal, "mark", fail)
    lahore.forwarder = lahore.made()
    lahore.step()


def test_a_command_of_the_centre_goes_into_the_journal_as_it_is(lahore: Site) -> None:
    desk = CommandDesk(lahore.journal, ManualClock(NOW))
    command = Command("id", "acknowledge", "c1", "amina")
    desk.take(site.pack(command))
    assert [decode(entry) for entry in lahore.journal.read(0)] == [command]
    with capture_logs() as logs:
        desk.take(b"rubbish")
    assert [each["event"] for each in logs] == ["command_unreadable"]
    assert lahore.journal.last_id() == 1
    lahore.journal.trouble = Unavailable("disk full")
    with pytest.raises(Unavailable):
        desk.take(site.pack(command))


def test_readings_of_one_kind_are_packed_together(lahore: Site) -> None:
    lahore.says("p1", "p2", "p1")
    lahore.step()
    (sent,) = lahore.parcels()
    (together,) = sent.readings
    assert isinstance(together, Readings)
    assert (len(together), together.messages) == (3, 3)
