"""An outage is told once when it starts and once when it ends."""

from __future__ import annotations

from structlog.testing import capture_logs

from core.errors import Unavailable
from ingest.outage import LONGEST_WAIT, Outage


def test_it_is_logged_once_at_each_end() -> None:
    now = 0.0
    outage = Outage("history", lambda: now)
    with capture_logs() as logs:
        outage.worked()
        for now in (1.0, 2.0, 3.0):  # noqa: B007
            outage.failed(Unavailable("the disk is full"))
            assert outage.lasts and outage.words == "the disk is full"
        now = 10.0
        outage.worked()
        outage.worked()
    assert [entry["event"] for entry in logs] == [
        "history_became_unavailable",
        "history_came_back",
    ]
    assert logs[1]["after_seconds"] == 9.0
    assert not outage.lasts and outage.words == ""


def test_waits_grow_to_a_cap_and_begin_again_after_a_success() -> None:
    outage = Outage("journal")
    waits = [outage.failed(Unavailable("gone")) for _ in range(10)]
    assert waits == sorted(waits) and waits[0] < waits[-1] == LONGEST_WAIT
    outage.worked()
    assert outage.failed(Unavailable("gone")) == waits[0]


def test_a_wait_that_the_other_side_names_is_kept() -> None:
    assert Outage("history").failed(Unavailable("busy", retry_after=42)) == 42


def test_an_error_without_words_is_told_by_its_name() -> None:
    outage = Outage("history")
    with capture_logs() as logs:
        outage.failed(KeyError())
    assert outage.words == "KeyError"
    assert logs[0]["exc_info"] is True
