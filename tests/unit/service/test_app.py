from __future__ import annotations

import anyio
import pytest

from core.errors import Refused
from service.auth import COOKIE
from service.gate import HEADERS
from tests.feeds import Room, ask

TOKEN = "a-token-that-is-long"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FEED_TOKEN", TOKEN)
    return "env:FEED_TOKEN"


def test_a_feed_open_to_other_machines_is_not_built_without_a_token() -> None:
    with pytest.raises(Refused, match="set feed.token to env:NAME"):
        Room(host="0.0.0.0")


def test_a_feed_for_this_machine_answers_under_no_foreign_name() -> None:
    room = Room(names=["pdm.plant.lan"])
    for host, status in [
        ("127.0.0.1:8765", 200),
        ("localhost", 200),
        ("[::1]:8765", 200),
        ("PDM.plant.lan", 200),
        ("evil.example", 421),
        ("", 421),
    ]:
        assert room.get("/api/v1/alerts", headers={"host": host}).status_code == status, host


def test_a_feed_with_a_token_answers_under_any_name_to_who_has_it(token: str) -> None:
    room = Room(host="0.0.0.0", token=token)
    known = {"host": "10.1.2.3", "authorization": f"Bearer {TOKEN}"}
    assert room.get("/api/v1/alerts", headers=known).status_code == 200
    assert room.get("/api/v1/alerts", headers={"host": "10.1.2.3"}).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/alerts", "/api/v1/events", "/metrics", "/api/v1/openapi.json", "/nope"]
)
def test_nothing_is_told_without_the_token_where_one_is_asked_for(token: str, path: str) -> None:
    room = Room(token=token)
    assert room.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/login", "/static/page.css"])
def test_probes_and_the_login_form_are_open(token: str, path: str) -> None:
    assert Room(token=token).get(path).status_code == 200


def test_a_cookie_from_the_login_form_lets_in(token: str) -> None:
    room = Room(token=token)
    content = f"token={TOKEN}"
    reply = room.send(
        "/login",
        content=content,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert reply.status_code == 303
    cookie = f"{COOKIE}={reply.cookies[COOKIE]}"
    assert room.get("/api/v1/alerts", headers={"cookie": cookie}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/alerts", "/nope", "/api/v1/alerts/x"])
def test_every_answer_carries_the_protective_headers(path: str) -> None:
    reply = Room().get(path)
    assert HEADERS.items() <= dict(reply.headers).items()


def test_what_is_not_there_is_said_with_its_name() -> None:
    reply = Room().get("/api/v2/alerts")
    assert (reply.status_code, reply.json()) == (
        404,
        {"error": "there is nothing at /api/v2/alerts"},
    )
    assert Room().get("/docs").status_code == 404


def test_a_wrong_method_is_refused_with_those_allowed() -> None:
    reply = Room().send("/api/v1/alerts", {})
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
    assert reply.json() == {"error": "Method Not Allowed"}


def test_an_unforeseen_error_is_told_without_its_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    monkeypatch.setattr(room.casefile, "statuses", lambda: 1 / 0)
    reply = room.get("/api/v1/assets")
    assert reply.status_code == 500
    assert reply.json() == {"error": "something went wrong here; the service's log says more"}


def test_the_description_of_the_api_names_its_ways_but_not_the_page() -> None:
    paths = Room().get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/alerts/{alert_id}/acknowledge" in paths
    assert "/readyz" in paths
    assert "/" not in paths


def test_a_change_sent_by_a_foreign_page_is_refused() -> None:
    room = Room()
    case = room.trouble()
    path, body = f"/api/v1/alerts/{case.id}/acknowledge", {"by": "Mallory"}
    foreign = room.send(path, body, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    plain = room.send(path, content=b"{}", headers={"content-type": "text/plain"})
    assert plain.status_code == 415


def test_the_parts_start_and_end_with_the_application() -> None:
    room = Room()
    hub = room.feed.hub

    async def live() -> None:
        async with room.app.router.lifespan_context(room.app):
            await anyio.sleep(0.1)
            assert hub.age() < 1
            assert (await ask(room.app, "GET", "/livez")).status_code == 200
            assert (await ask(room.app, "GET", "/readyz")).status_code == 200
        assert (await ask(room.app, "GET", "/readyz")).json()["why"] == ["the service is stopping"]

    anyio.run(live)
    assert hub.closed
    assert hub.age() == 0.0
