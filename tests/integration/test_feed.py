"""A real server over SQLite files, with scoring beside it, and clients that follow and command."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.alert import Alert, AlertQuery
from core.clock import MINUTE, ManualClock
from service.app import create_app
from service.scoring import Scoring
from service.server import bind, serve
from service.settings import FeedSettings
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings
from tests.plants import plant
from tests.story import START, Story

P1 = "site/hall/p1"


def wait(true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


class House:
    """The service on one folder; it can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plant = plant()
        self.clock = ManualClock(START)
        self.port = 0
        self._now = START
        self.start()

    def start(self, *, scored: bool = True) -> None:
        self.journal = SqliteJournal(self.folder / "journal.db", JournalSettings())
        self.casefile = SqliteCaseFile(self.folder / "cases.db")
        self.history = SqliteHistory(self.folder / "history.db")
        self.story = Story(self.plant, self.journal, self._now)
        self.stop_all = threading.Event()
        settings = FeedSettings.model_validate({"port": self.port})
        scoring = Scoring(self.plant, self.journal, self.casefile)
        app = create_app(
            self.plant,
            self.casefile,
            self.journal,
            self.history,
            settings,
            self.clock,
            None,
            scoring,
        )
        listener = bind(settings)
        self.port = listener.getsockname()[1]
        self._threads = [
            threading.Thread(target=serve, args=(app, settings, self.stop_all, listener))
        ]
        if scored:
            self._threads.append(threading.Thread(target=scoring.run, args=(self.stop_all,)))
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> float:
        begun = time.monotonic()
        self.stop_all.set()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        took = time.monotonic() - begun
        self._now = self.story.now
        for store in (self.journal, self.casefile, self.history):
            store.close()
        return took

    def happens(self, times: int = 1) -> None:
        """Let a pump shake and calm down by turns: one event each."""
        for _ in range(times):
            before = self.casefile.last_event()
            self.story.passes(MINUTE).says(vibration=2.0 if before % 2 else 5.0)
            wait(lambda seen=before: self.casefile.last_event() > seen, "an event")  # type: ignore[misc]

    def case(self) -> Alert:
        return self.casefile.alerts(AlertQuery(asset=P1)).alerts[0]


class Follower:
    """Follows the event stream in a thread, as a browser does, until it ends."""

    def __init__(self, url: str, after: int | None = None, header: int | None = None) -> None:
        self.events: list[tuple[int, dict[str, Any]]] = []
        self.beats: list[dict[str, Any]] = []
        self.kinds: list[str] = []
        self.ended = threading.Event()
        self.opened = threading.Event()
        query = "" if after is None else f"?after={after}"
        headers = {} if header is None else {"last-event-id": str(header)}
        self._thread = threading.Thread(
            target=self._follow, args=(f"{url}/api/v1/events{query}", headers)
        )
        self._thread.start()
        assert self.opened.wait(10)

    @property
    def ids(self) -> list[int]:
        return [number for number, _ in self.events]

    def join(self) -> None:
        self._thread.join(10)
        assert self.ended.is_set()

    def _follow(self, url: str, headers: dict[str, str]) -> None:
        with (
            httpx.Client(timeout=20) as client,
            client.stream("GET", url, headers=headers) as reply,
        ):
            assert reply.headers["content-type"].startswith("text/event-stream")
            told: dict[str, str] = {}
            for line in reply.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    told[name] = value
                else:
                    self._take(told)
                    told = {}
        self.ended.set()

    def _take(self, told: dict[str, str]) -> None:
        self.kinds.append(told["event"])
        if told["event"] == "alert":
            self.events.append((int(told["id"]), json.loads(told["data"])))
        elif told["event"] == "heartbeat":
            assert "id" not in told
            self.beats.append(json.loads(told["data"]))
            self.opened.set()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    if not made.stop_all.is_set():
        made.stop()


def test_over_a_restart_a_client_misses_nothing_and_is_given_nothing_twice(house: House) -> None:
    before = Follower(house.url, after=0)
    house.happens(5)
    wait(lambda: len(before.events) == 5, "five events")
    house.stop()
    before.join()
    house.start()
    house.happens(3)
    after = Follower(house.url, after=0, header=before.ids[-1])  # as a browser comes back
    house.happens(4)
    wait(lambda: len(after.events) == 7, "seven events")
    house.stop()
    assert before.ids + after.ids == list(range(1, 13))
    told = [step for _, step in before.events + after.events]
    assert [step["version"] for step in told] == list(range(1, 13))


def test_events_that_happen_while_the_server_is_away_are_told_when_it_is_back(
    house: House,
) -> None:
    house.happens(2)
    house.stop()
    house.start()
    late = Follower(house.url, after=0)
    wait(lambda: late.ids == [1, 2], "both events")
    assert late.events[1][1]["alert"]["state"] == "returned"
    house.stop()


def test_two_clients_are_told_the_same_and_one_sees_what_the_other_does(house: House) -> None:
    one, two = Follower(house.url), Follower(house.url)
    house.happens()
    path = f"{house.url}/api/v1/alerts/{house.case().id}/acknowledge"
    reply = httpx.post(path, json={"by": "Ayesha", "note": "I look", "version": 1})
    assert (reply.status_code, reply.json()["alert"]["state"]) == (200, "acknowledged")
    for client in (one, two):
        wait(lambda seen=client: seen.ids == [1, 2], "both events", 2)  # type: ignore[misc]
        assert (client.events[1][1]["by"], client.events[1][1]["why"]) == ("Ayesha", "I look")
    assert one.events == two.events
    house.stop()


def test_an_event_is_told_within_a_fraction_of_a_second(house: House) -> None:
    client = Follower(house.url)
    took = []
    for number in range(1, 21):
        begun = time.monotonic()
        house.happens()
        wait(lambda count=number: len(client.events) == count, "the event")  # type: ignore[misc]
        took.append(time.monotonic() - begun)
    house.stop()
    assert sorted(took)[-2] < 1.0


def test_the_stop_waits_for_no_open_stream(house: House) -> None:
    clients = [Follower(house.url) for _ in range(5)]
    assert house.stop() < 3
    for client in clients:
        client.join()


def test_a_stream_begins_with_a_heartbeat_of_the_age_of_data(house: House) -> None:
    house.happens()
    house.clock.now = house.story.now + 2 * MINUTE
    wait(lambda: house.casefile.statuses()[0].at is not None, "the status")
    client = Follower(house.url)
    assert client.beats[0]["age_seconds"][P1] == 120.0
    house.stop()


def test_a_list_and_the_stream_from_where_it_ends_leave_no_gap(house: House) -> None:
    house.happens(3)
    listed = httpx.get(f"{house.url}/api/v1/alerts").json()
    house.happens(2)
    client = Follower(house.url, after=listed["last_event"])
    wait(lambda: client.ids == [4, 5], "the two after the list")
    house.stop()


def test_a_command_while_nobody_scores_is_taken_down_and_done_later(house: House) -> None:
    house.happens()
    case = house.case()
    house.stop()
    house.start(scored=False)
    path = f"{house.url}/api/v1/alerts/{case.id}/acknowledge"
    body = {"by": "Ayesha", "id": "while-away"}
    reply = httpx.post(path, json=body, timeout=20)
    assert (reply.status_code, reply.json()["accepted"]) == (202, None)
    house.stop()
    house.start()
    again = httpx.post(path, json=body, timeout=20)
    assert (again.status_code, again.json()["alert"]["acknowledged_by"]) == (200, "Ayesha")
    house.stop()


def test_the_plot_of_a_case_is_drawn(house: House) -> None:
    house.happens()
    case = house.case()
    house.clock.now = house.story.now
    reply = httpx.get(f"{house.url}/api/v1/alerts/{case.id}/plot.svg?width=400", timeout=60)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "Vibration velocity in mm/s" in reply.text
    assert house.stop() < 3
