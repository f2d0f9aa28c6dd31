from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from core.errors import Unavailable
from core.journal import Tick, Usage
from service.metrics import COMMANDS, open_alerts
from service.probes import MOST_BEHIND
from tests.feeds import P1, Room


@dataclass
class IngestStands:
    connected: bool = True
    heartbeats: Mapping[str, float] = field(default_factory=lambda: {"subscriber": 0.5})


def raising(*_: object) -> object:
    raise Unavailable("the file is gone")


def test_a_service_whose_threads_get_somewhere_is_alive() -> None:
    room = Room(status=IngestStands)
    room.score()
    told = room.get("/livez").json()
    assert told["alive"]
    assert set(told["heartbeats"]) == {"events", "subscriber", "scoring"}


def test_a_thread_that_hangs_is_named() -> None:
    room = Room(status=lambda: IngestStands(heartbeats={"subscriber": 61.0, "history": 2.0}))
    room.scoring.heartbeat = time.monotonic() - 100
    reply = room.get("/livez")
    assert reply.status_code == 503
    assert reply.json()["error"] == "hanging for more than 60 s: scoring, subscriber"


def test_a_service_that_does_its_work_is_ready() -> None:
    assert Room(status=IngestStands).get("/readyz").json() == {"ready": True}


def test_without_its_broker_it_is_not_ready_and_says_so() -> None:
    reply = Room(status=lambda: IngestStands(connected=False)).get("/readyz")
    assert (reply.status_code, reply.json()["why"]) == (503, ["the broker is not connected"])


def test_a_backlog_is_told_in_entries() -> None:
    room = Room()
    for _ in range(MOST_BEHIND + 1):
        room.story.tell(Tick(connected=True))
    (why,) = room.get("/readyz").json()["why"]
    assert why == f"scoring is {MOST_BEHIND + 1} journal entries behind, more than {MOST_BEHIND}"
    room.score()
    assert room.get("/readyz").status_code == 200


def test_a_full_journal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    monkeypatch.setattr(room.journal, "usage", lambda: Usage(10, 10, 1, 9, None))
    assert "the journal is full" in room.get("/readyz").json()["error"]


def test_files_that_cannot_be_read_are_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    monkeypatch.setattr(room.casefile, "last_event", raising)
    monkeypatch.setattr(room.journal, "last_id", raising)
    assert room.get("/readyz").json()["why"] == [
        "cases cannot be read: the file is gone",
        "the journal cannot be read: the file is gone",
    ]


def test_the_metrics_count_cases_ages_commands_and_streams() -> None:
    room = Room()
    case = room.trouble()
    before = COMMANDS.labels("acknowledge", "accepted")._value.get()
    room.post(f"/api/v1/alerts/{case.id}/acknowledge", {"by": "Ayesha"})
    text = room.get("/metrics").text
    assert 'millwright_alerts{severity="warning",state="acknowledged"} 1.0' in text
    assert f'millwright_data_age_seconds{{asset="{P1}"}} 0.0' in text
    told = f'millwright_commands_total{{outcome="accepted",verb="acknowledge"}} {before + 1}'
    assert told in text
    assert "millwright_event_streams 0.0" in text
    assert "millwright_journal_used_ratio" in text
    assert "millwright_scoring_lag_entries 0.0" in text


def test_open_cases_are_walked_over_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.metrics.PAGE", 1)
    room = Room()
    for number in (1, 2, 3):
        room.trouble(f"site/hall/p{number}")
    assert [alert.id for alert in open_alerts(room.casefile)] == [one.id for one in room.cases()]
