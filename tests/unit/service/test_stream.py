from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest

from core.clock import MINUTE
from core.errors import Unavailable
from service import stream
from service.stream import BATCH, KEPT, EventStream, Follower, Hub, Recent, where_after
from tests.feeds import P1, Room
from tests.plants import plant
from tests.story import START


def recent(*ids: int, after: int = 0) -> Recent:
    return Recent(after, ids, tuple(str(number).encode() for number in ids))


def happen(room: Room, times: int = 1) -> None:
    """Let a case open, return, come back, … one event each."""
    for _ in range(times):
        shaking = room.casefile.last_event() % 2 == 0
        room.story.passes(MINUTE).says(vibration=5.0 if shaking else 2.0)
        room.score()


@asynccontextmanager
async def looking(room: Room) -> AsyncIterator[Hub]:
    hub = room.feed.hub
    hub.start()
    try:
        yield hub
    finally:
        hub.close()
        hub.join()


def lived(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(20):
            await story()

    anyio.run(bounded)


def ids_of(chunk: bytes) -> list[int]:
    return [int(line[4:]) for line in chunk.decode().splitlines() if line.startswith("id: ")]


def data_of(chunk: bytes) -> list[dict[str, Any]]:
    lines = chunk.decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def test_who_is_up_to_date_is_given_what_follows() -> None:
    assert recent(1, 2, 3).since(1) == Recent(1, (2, 3), (b"2", b"3"))
    assert recent(1, 2, 3).since(3) == Recent(3)
    assert recent(1, 2, 3).since(9) == Recent(9)


def test_who_is_too_far_behind_for_memory_is_told_so() -> None:
    assert recent(5, 6, after=4).since(3) is None


def test_memory_forgets_the_oldest_and_knows_how_far_it_reaches() -> None:
    grown = recent(1, 2).and_then(recent(*range(3, KEPT + 4), after=2))
    assert len(grown.ids) == len(grown.chunks) == KEPT
    assert (grown.after, grown.ids[0], grown.last) == (3, 4, KEPT + 3)
    assert grown.since(2) is None


def test_events_come_in_order_each_once_with_its_case() -> None:
    room = Room()

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, 0)
            assert b"event: heartbeat" in await follower.first()
            seen: list[int] = []
            for _ in range(5):
                happen(room)
                chunk = await follower.next()
                seen += ids_of(chunk)
                assert data_of(chunk)[-1]["alert"]["asset"] == "site/hall/p1"
            assert seen == [1, 2, 3, 4, 5]

    lived(story)


def test_an_event_arrives_well_within_a_second() -> None:
    room = Room()

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, None)
            await follower.first()
            begun = time.monotonic()
            happen(room)
            await follower.next()
            assert time.monotonic() - begun < 0.7

    lived(story)


def test_without_an_id_the_stream_begins_now() -> None:
    room = Room()
    happen(room, 3)

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, None)
            assert ids_of(await follower.first()) == []
            happen(room)
            assert ids_of(await follower.next()) == [4]

    lived(story)


def test_who_comes_back_from_before_a_restart_reads_on_from_the_case_file() -> None:
    room = Room()
    happen(room, BATCH + 7)

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, 2)
            await follower.first()
            seen: list[int] = []
            while len(seen) < BATCH + 5:
                seen += ids_of(await follower.next())
            assert seen == list(range(3, BATCH + 8))
            happen(room)
            assert ids_of(await follower.next()) == [BATCH + 8]

    lived(story)


def test_an_id_of_another_case_file_is_said_and_followed_from_now() -> None:
    room = Room()
    happen(room, 2)

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, 900)
            opening = await follower.first()
            assert b"event: reset\ndata: 2\nid: 2\n\n" in opening
            happen(room)
            assert ids_of(await follower.next()) == [3]

    lived(story)


def test_many_clients_share_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    reads: list[int] = []
    events = room.casefile.events
    monkeypatch.setattr(
        room.casefile, "events", lambda after, limit: reads.append(after) or events(after, limit)
    )

    async def story() -> None:
        async with looking(room) as hub:
            followers = [Follower(hub, None) for _ in range(20)]
            for follower in followers:
                await follower.first()
            happen(room)
            chunks = [await follower.next() for follower in followers]
            assert {tuple(ids_of(chunk)) for chunk in chunks} == {(1,)}

    lived(story)
    assert reads == [0]


def test_names_cannot_break_out_of_their_event() -> None:
    hostile = "x\n\nevent: reset\r\nid: 99\ndata: </script>\u2028"
    given = plant()
    given.assets[P1] = replace(given.assets[P1], title=hostile)
    room = Room(given)

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, None)
            await follower.first()
            happen(room)
            chunk = await follower.next()
            assert ids_of(chunk) == [1]
            assert chunk.count(b"\n\n") == 1
            assert data_of(chunk)[0]["alert"]["label"] == hostile

    lived(story)


def test_heartbeats_come_while_nothing_happens_and_have_no_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "BEAT_EVERY", 0.1)
    room = Room()
    room.story.says()
    room.score()
    room.clock.now = START + 3 * MINUTE

    async def story() -> None:
        async with looking(room) as hub:
            hub.clients = 1
            follower = Follower(hub, None)
            await follower.first()
            first, second = await follower.next(), await follower.next()
            assert first is not second
            for beat in (first, second):
                assert ids_of(beat) == []
                assert data_of(beat)[0]["age_seconds"] == {"site/hall/p1": 180.0}

    lived(story)


def test_an_unreadable_case_file_is_waited_for_and_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = Room()
    gone = [True]
    last_event = room.casefile.last_event

    def look() -> int:
        if gone[0]:
            raise Unavailable("the file is gone")
        return last_event()

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, None)
            await follower.first()
            monkeypatch.setattr(room.casefile, "last_event", look)
            await anyio.sleep(0.3)
            gone[0] = False
            happen(room)
            assert ids_of(await follower.next()) == [1]

    lived(story)
    assert capsys.readouterr().out.count("events_interrupted") == 1


def test_an_unforeseen_error_does_not_end_the_look_out(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    last_event = room.casefile.last_event
    failures = [1]

    async def story() -> None:
        async with looking(room) as hub:
            follower = Follower(hub, None)
            await follower.first()
            monkeypatch.setattr(
                room.casefile,
                "last_event",
                lambda: 1 // 0 if failures and failures.pop() else last_event(),
            )
            while failures:
                await anyio.sleep(0.02)
            happen(room)
            assert ids_of(await follower.next()) == [1]

    lived(story)
    assert failures == []


def test_closing_ends_every_stream_at_once_from_any_thread() -> None:
    room = Room()
    ended: list[bytes] = []

    async def wait(hub: Hub) -> None:
        follower = Follower(hub, None)
        await follower.first()
        ended.append(await follower.next())

    async def story() -> None:
        async with looking(room) as hub, anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(wait, hub)
            await anyio.sleep(0.2)
            begun = time.monotonic()
            await anyio.to_thread.run_sync(hub.close)
        assert time.monotonic() - begun < 0.5

    lived(story)
    assert ended == [b"", b"", b""]
    room.feed.hub.close()


async def silent() -> dict[str, object]:
    await anyio.sleep_forever()
    raise AssertionError


def test_a_client_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STALLED", 0.1)
    room = Room()
    taken: list[str] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await anyio.sleep_forever()
        taken.append(message["type"])

    async def story() -> None:
        async with looking(room) as hub:
            await EventStream(hub, None)({"type": "http"}, silent, send)
            assert hub.clients == 0

    lived(story)
    assert taken == ["http.response.start"]


def test_a_client_that_leaves_is_no_longer_counted() -> None:
    room = Room()

    async def story() -> None:
        gone = anyio.Event()

        async def receive() -> dict[str, object]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(_: Any) -> None:
            pass

        async with looking(room) as hub, anyio.create_task_group() as group:
            group.start_soon(EventStream(hub, None), {"type": "http"}, receive, send)
            await anyio.sleep(0.2)
            assert hub.clients == 1
            gone.set()
        assert hub.clients == 0

    lived(story)


def test_a_stream_whose_file_fails_ends_properly_so_that_the_client_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    def gone(*_: object) -> int:
        raise Unavailable("the file is gone")

    async def story() -> None:
        async with looking(room) as hub:
            monkeypatch.setattr(hub, "newest", gone)
            await EventStream(hub, None)({"type": "http"}, silent, send)

    lived(story)
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("header", "after", "place"),
    [(None, None, None), ("", "", None), (None, "7", 7), ("9", "7", 9), ("0", None, 0)],
)
def test_the_header_of_a_browser_that_comes_back_wins_over_its_address(
    header: str | None, after: str | None, place: int | None
) -> None:
    assert where_after(header, after) == place
