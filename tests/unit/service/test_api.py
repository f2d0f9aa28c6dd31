from __future__ import annotations

import pytest

from core.casefile import Advance, Outcome
from core.clock import HOUR
from core.errors import Unavailable
from core.journal import Command, decode
from storage.journal_memory import MemoryJournal
from tests.feeds import P1, Room

ALERTS = "/api/v1/alerts"
AYESHA = {"by": "Ayesha", "note": "I look"}


@pytest.fixture
def room() -> Room:
    return Room()


def test_cases_are_listed_most_urgent_first_with_where_to_follow_from(room: Room) -> None:
    room.trouble("site/hall/p2")
    room.trouble("site/hall/p1", vibration=9.0)
    told = room.get(ALERTS).json()
    assert [(one["asset"], one["severity"]) for one in told["alerts"]] == [
        ("site/hall/p1", "critical"),
        ("site/hall/p2", "warning"),
    ]
    assert told["cursor"] is None
    assert told["last_event"] == room.casefile.last_event()
    assert told["alerts"][0]["label"] == "Pump 1"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", {"p1", "p2"}),
        ("state=acknowledged", {"p1"}),
        ("state=acknowledged&state=unacknowledged", {"p1", "p2"}),
        ("state=normal", set()),
        ("asset=site/hall/p2", {"p2"}),
        ("site=site", {"p1", "p2"}),
        ("site=elsewhere", set()),
        ("group=machine", {"p1", "p2"}),
        ("group=data", set()),
        ("severity=critical", {"p2"}),
        ("limit=1", {"p2"}),
    ],
)
def test_cases_can_be_filtered(room: Room, query: str, found: set[str]) -> None:
    first = room.trouble("site/hall/p1")
    room.trouble("site/hall/p2", vibration=9.0)
    room.post(f"{ALERTS}/{first.id}/acknowledge", AYESHA)
    told = room.get(f"{ALERTS}?{query}").json()["alerts"]
    assert {one["asset"].rsplit("/")[-1] for one in told} == found


def test_pages_follow_each_other_by_cursor_and_miss_nothing(room: Room) -> None:
    for number in (1, 2, 3):
        room.trouble(f"site/hall/p{number}")
    first = room.get(f"{ALERTS}?limit=2").json()
    second = room.get(f"{ALERTS}?limit=2&cursor={first['cursor']}").json()
    ids = [one["id"] for one in first["alerts"] + second["alerts"]]
    assert ids == [alert.id for alert in room.cases()]
    assert second["cursor"] is None


@pytest.mark.parametrize(
    ("query", "status", "culprit"),
    [
        ("cursor=nonsense", 400, "unknown cursor 'nonsense'"),
        ("state=strange", 422, "state.0: Input should be 'open', 'unacknowledged'"),
        ("severity=bad", 422, "severity: Input should be 'info'"),
        ("limit=0", 422, "limit: Input should be greater than or equal to 1 (got '0')"),
        ("limit=" + "9" * 5000, 422, "limit: "),
    ],
)
def test_a_senseless_question_is_refused_and_the_culprit_named(
    room: Room, query: str, status: int, culprit: str
) -> None:
    reply = room.get(f"{ALERTS}?{query}")
    assert reply.status_code == status
    assert culprit in reply.json()["error"]
    assert len(reply.json()["error"]) < 300


def test_one_case_is_told_in_words_with_its_evidence_and_history(room: Room) -> None:
    case = room.trouble()
    told = room.get(f"{ALERTS}/{case.id}").json()
    assert told["description"]["title"] == "Pump 1: vibration above its line"
    assert told["description"]["channels"][0].startswith("Vibration velocity is 5 mm/s")
    assert told["evidence"]["channels"][0]["high"] == 4.0
    assert [step["change"] for step in told["history"]] == ["opened"]
    assert told["plot"] == f"{ALERTS}/{case.id}/plot.svg"


@pytest.mark.parametrize("tail", ["", "/plot.svg"])
def test_an_unknown_case_is_not_found(room: Room, tail: str) -> None:
    reply = room.get(f"{ALERTS}/%3Cb%3E{tail}")
    assert (reply.status_code, reply.json()) == (404, {"error": "there is no case '<b>'"})


def test_an_acknowledgement_is_done_kept_with_its_name_and_answered_with_the_case(
    room: Room,
) -> None:
    case = room.trouble()
    reply = room.post(f"{ALERTS}/{case.id}/acknowledge", {"by": " عائشہ ", "version": 1})
    told = reply.json()
    assert reply.status_code == 200
    assert told["accepted"] is True
    assert told["words"].startswith("acknowledged; the case stays open")
    assert (told["alert"]["state"], told["alert"]["acknowledged_by"]) == ("acknowledged", "عائشہ")


def test_a_note_is_added_to_the_history(room: Room) -> None:
    case = room.trouble()
    assert room.post(f"{ALERTS}/{case.id}/note", {"by": "Bilal", "note": "hot"}).is_success
    assert room.casefile.transitions(case.id)[-1].why == "hot"


def test_ending_an_active_case_is_refused_with_the_reason(room: Room) -> None:
    case = room.trouble()
    reply = room.post(f"{ALERTS}/{case.id}/end", AYESHA)
    assert reply.status_code == 409
    assert "the condition is still there" in reply.json()["error"]


def test_a_case_that_moved_on_is_not_acted_on_by_who_saw_an_older_one(room: Room) -> None:
    case = room.trouble()
    reply = room.post(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"version": 7})
    assert reply.status_code == 409
    assert "has changed since you looked" in reply.json()["error"]


def test_a_command_on_an_unknown_case_never_reaches_the_journal(room: Room) -> None:
    before = room.journal.last_id()
    assert room.send(f"{ALERTS}/nothing/acknowledge", AYESHA).status_code == 404
    assert room.journal.last_id() == before


def test_a_command_that_is_not_decided_in_time_is_said_to_be_taken_down() -> None:
    room = Room(decide_within="50ms")
    case = room.trouble()
    reply = room.send(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"id": "k-1"})
    assert (reply.status_code, reply.json()["accepted"]) == (202, None)
    assert reply.json()["id"] == "k-1"
    again = room.post(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"id": "k-1"})
    assert again.status_code == 200
    third = room.send(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"id": "k-1"})
    assert third.json() == again.json()
    changes = [step.change for step in room.casefile.transitions(case.id)]
    assert changes.count("acknowledged") == 1


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({}, "by: Field required"),
        ({"by": "  "}, "by: say who you are"),
        ({"by": "x" * 81}, "by: String should have at most 80 characters"),
        ({"by": "a\x00b"}, "by: control characters such as '\\x00' are not taken"),
        ({"by": "A", "note": "x" * 1001}, "note: String should have at most 1000"),
        ({"by": "A", "version": 0}, "version: Input should be greater than or equal to 1"),
        ({"by": "A", "id": "a b"}, "id: String should match pattern"),
        ({"by": "A", "sudo": True}, "sudo: Extra inputs are not permitted"),
        ([], "the body: "),
    ],
)
def test_a_malformed_command_is_refused_field_by_field(
    room: Room, body: object, culprit: str
) -> None:
    case = room.trouble()
    before = room.journal.last_id()
    reply = room.send(f"{ALERTS}/{case.id}/acknowledge", body)
    assert reply.status_code == 422
    assert culprit in reply.json()["error"]
    assert room.journal.last_id() == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 422),
        (b'{"by": "\\ud800"}', 422),
        (b'{"by": NaN}', 422),
        (b"[" * 30_000, 400),
        (b"\xff\xfe", 422),
        (b'{"by": "A", "version": ' + b"1" * 5000 + b"}", 400),
        (b'{"by": "' + b"A" * 70_000 + b'"}', 413),
    ],
)
def test_no_body_however_hostile_breaks_anything(room: Room, content: bytes, status: int) -> None:
    case = room.trouble()
    headers = {"content-type": "application/json"}
    reply = room.send(f"{ALERTS}/{case.id}/acknowledge", content=content, headers=headers)
    assert reply.status_code == status
    assert reply.json()["error"]


def test_recorded_work_ends_the_case_and_is_listed(room: Room) -> None:
    case = room.trouble()
    done = {"asset": P1, "work": "replaced", "failure_mode": "bearing", "note": "new"}
    reply = room.post("/api/v1/work", done | {"by": "Bilal"})
    assert (reply.status_code, reply.json()["words"]) == (200, "recorded")
    assert room.casefile.alert(case.id).state == "normal"  # type: ignore[union-attr]
    (listed,) = room.get(f"/api/v1/work?asset={P1}").json()["work"]
    assert (listed["by"], listed["failure_mode"], listed["work"]) == (
        "Bilal",
        "bearing",
        "replaced",
    )
    assert room.get("/api/v1/work?asset=site/hall/p2").json() == {"work": []}


@pytest.mark.parametrize("said", [{}, {"routine": "true"}, {"failed": "true"}])
def test_work_says_whether_it_was_planned_or_the_machine_had_failed(
    room: Room, said: dict[str, str]
) -> None:
    room.trouble()
    room.post("/api/v1/work", {"asset": P1, "work": "replaced", "by": "B"} | said)
    (listed,) = room.get("/api/v1/work").json()["work"]
    assert {name for name in ("routine", "failed") if listed[name]} == set(said)


def test_work_may_be_recorded_afterwards_with_its_own_time(room: Room) -> None:
    room.trouble()
    at = "2023-11-14T22:20:00+05:00"
    room.post("/api/v1/work", {"asset": P1, "work": "inspected", "by": "B", "at": at})
    assert room.get("/api/v1/work").json()["work"][0]["at"] == "2023-11-14T17:20:00Z"


@pytest.mark.parametrize(
    ("changes", "status", "culprit"),
    [
        ({"asset": "site/hall/p9"}, 404, "asset: there is no 'site/hall/p9'"),
        ({"work": "kicked"}, 422, "work: Input should be 'inspected', 'repaired' or 'replaced'"),
        ({"failure_mode": "rust"}, 400, "'rust' is not one of this class; known: bearing"),
        ({"routine": "true", "failed": "true"}, 400, "give one of the two"),
        ({"at": "2023-11-14T22:20:00"}, 422, "at: Input should have timezone info"),
        ({"at": "1830-01-01T00:00:00Z"}, 400, "is before 2000"),
        ({"at": "9999-12-31T23:59:59Z"}, 400, "has not come yet"),
        ({"at": "2030-01-01T00:00:00Z"}, 400, "has not come yet"),
    ],
)
def test_work_that_cannot_be_is_refused(
    room: Room, changes: dict[str, str], status: int, culprit: str
) -> None:
    reply = room.send("/api/v1/work", {"asset": P1, "work": "repaired", "by": "B"} | changes)
    assert reply.status_code == status
    assert culprit in reply.json()["error"]
    assert room.journal.last_id() == 0


def test_every_machine_is_listed_also_one_that_never_said_anything(room: Room) -> None:
    room.trouble()
    room.clock.advance(HOUR)
    first, second, _ = room.get("/api/v1/assets").json()["assets"]
    assert (first["id"], first["mode"], first["age_seconds"]) == (P1, "running", 3600.0)
    assert (second["judged"], second["why"]) == (False, "no data")


@pytest.mark.parametrize(
    ("headers", "query", "culprit"),
    [
        ({"last-event-id": "abc"}, "", "Last-Event-ID: 'abc' is not an event's id"),
        ({}, "?after=-1", "after: '-1'"),
        ({}, "?after=" + "9" * 30, "after: "),
        ({}, "?after=²", "after: "),
    ],
)
def test_an_event_id_that_is_none_is_refused(
    room: Room, headers: dict[str, str], query: str, culprit: str
) -> None:
    reply = room.get(f"/api/v1/events{query}", headers=headers)
    assert reply.status_code == 400
    assert culprit in reply.json()["error"]


def test_more_clients_than_allowed_are_asked_to_come_later() -> None:
    room = Room(most_streams=1)
    room.feed.hub.clients = 1
    reply = room.get("/api/v1/events")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "10")
    assert "most_streams" in reply.json()["error"]


def test_a_case_about_data_has_no_plot(room: Room) -> None:
    room.story.says().ticks(100)
    room.score()
    (case,) = room.cases(P1)
    assert case.group == "data"
    reply = room.get(f"{ALERTS}/{case.id}/plot.svg")
    assert reply.status_code == 404
    assert "no measurements" in reply.json()["error"]


class FullJournal(MemoryJournal):
    def append(self, drafts: object, rejections: object = ()) -> int:
        raise Unavailable("the disk is full", 7.4)


def test_a_full_disk_is_said_with_when_to_come_back(room: Room) -> None:
    case = room.trouble()
    object.__setattr__(room.feed.desk, "journal", FullJournal())
    reply = room.send(f"{ALERTS}/{case.id}/acknowledge", AYESHA)
    assert (reply.status_code, reply.json()) == (503, {"error": "the disk is full"})
    assert reply.headers["retry-after"] == "7"


def test_what_is_asked_stands_in_the_journal_as_it_was_said(room: Room) -> None:
    case = room.trouble()
    room.post(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"id": "key", "version": 1})
    (entry,) = room.journal.read(room.journal.last_id() - 1)
    assert decode(entry) == Command("key", "acknowledge", case.id, "Ayesha", "I look", 1)
    assert entry.at == room.clock.now


def test_a_case_that_vanished_meanwhile_is_left_out_of_the_answer(room: Room) -> None:
    case = room.trouble()
    known = Outcome("k", True, "done", alert="gone")
    room.casefile.commit(Advance(room.scoring.position, outcomes=(known,)))
    told = room.send(f"{ALERTS}/{case.id}/acknowledge", AYESHA | {"id": "k"}).json()
    assert told == {"id": "k", "accepted": True, "words": "done"}


def test_times_are_written_in_utc(room: Room) -> None:
    case = room.trouble()
    assert case.opened_at == room.clock.now
    assert room.get(f"{ALERTS}/{case.id}").json()["opened_at"] == "2023-11-14T23:14:20Z"
