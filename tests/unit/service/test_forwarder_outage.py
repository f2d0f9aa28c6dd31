"""While the centre is away: told once at its start and its end, and what will be missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.errors import Unavailable
from core.journal import Link as JournalLink
from core.journal import LinkChanged
from service import forwarder
from tests.forwarding import NOW
from tests.site_box import AWAY, Site, run
from tests.waiting import until


def test_an_outage_is_told_once_at_its_start_and_once_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_TELL_AFTER", 0.0)
    monkeypatch.setattr(forwarder, "_FIRST_WAIT", 0.005)
    monkeypatch.setattr(forwarder, "_LONGEST_WAIT", 0.005)
    lahore = Site(tmp_path, every="100ms")
    stop, thread = run(lahore)
    until(lahore.told)  # that it is there, whatever was told before a restart
    with capture_logs() as logs:
        lahore.says("p1", "p2")
        lahore.link.trouble = AWAY
        until(lambda: len(lahore.told()) == 2)
        tries = lahore.link.tries
        until(lambda: lahore.link.tries > tries + 3)
        lahore.link.trouble = None
        until(lambda: len(lahore.told()) == 3)
        stop.set()
        thread.join(10)
    away, back = lahore.told()[1:]
    assert away.link is JournalLink.CENTRE_AWAY and away.detail.startswith("no link; ")
    assert back == LinkChanged(JournalLink.CENTRE_BACK)
    assert [each["event"] for each in logs] == ["centre_unavailable", "centre_came_back"]
    assert lahore.link.closed and lahore.forwarder.waiting <= 1


def test_what_makes_room_meanwhile_is_told_once_more_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_TELL_AFTER", 0.0)
    monkeypatch.setattr(forwarder, "_FIRST_WAIT", 0.005)
    monkeypatch.setattr(forwarder, "_LONGEST_WAIT", 0.005)
    lahore = Site(tmp_path, every="100ms")
    lahore.says("p1")
    stop, thread = run(lahore)
    until(lambda: len(lahore.told()) == 1)
    lahore.link.trouble = AWAY
    lahore.says("p1", "p2")
    until(lambda: len(lahore.told()) == 2)
    position = lahore.positions.now.entry
    for consumer in ("history", "scoring", "forward"):
        lahore.journal.mark(consumer, position + 2)
    lahore.journal.trim(NOW + 1)
    missing = "2 had to make room and will be missing there"
    until(lambda: lahore.told()[-1].detail.endswith(missing))
    tries = lahore.link.tries
    until(lambda: lahore.link.tries > tries + 3)
    lahore.link.trouble = None
    lahore.says("p3")
    until(lambda: lahore.told()[-1].detail == "2 journal entries are missing there")
    stop.set()
    thread.join(10)
    details = [each.detail for each in lahore.told()]
    assert sum(detail.endswith(missing) for detail in details) == 1


def test_an_outage_that_the_journal_does_not_take_is_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_TELL_AFTER", 0.0)
    monkeypatch.setattr(forwarder, "_FIRST_WAIT", 0.005)
    lahore = Site(tmp_path, every="100ms")
    stop, thread = run(lahore)
    until(lambda: len(lahore.told()) == 1)
    lahore.journal.trouble = Unavailable("full")
    lahore.link.trouble = Unavailable("no link", retry_after=0.005)
    tries = lahore.link.looks
    until(lambda: lahore.link.looks > tries + 3)
    assert len(lahore.told()) == 1
    lahore.journal.trouble = None
    until(lambda: len(lahore.told()) == 2)
    stop.set()
    thread.join(10)
